//! An upstream that ends idle connections after a second, and requests that come just then.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tower::{ServiceBuilder, ServiceExt as _};
use tower_conn_lint::ConnLint;
use tower_conn_lint::heal::Cures;

use crate::BoxError;
use crate::measured::Measured;

type Pair = Option<(Measured, Measured)>;

const IDLE: Duration = Duration::from_secs(1);

/// For so long after it decided to end a connection, the upstream's end is still on its way.
const ON_ITS_WAY: Duration = Duration::from_millis(20);

/// Pauses before a request, in all; this many at a time.
const PAUSES: usize = 60;
const LANES: usize = 6;

pub(crate) async fn advertised() -> Result<Pair, BoxError> {
    Ok(Some((run(Cures::new(), true).await?, run(Cures::new().retire(), true).await?)))
}

pub(crate) async fn learned() -> Result<Pair, BoxError> {
    Ok(Some((run(Cures::new(), false).await?, run(Cures::new().retire(), false).await?)))
}

async fn run(cures: Cures, advertises: bool) -> Result<Measured, BoxError> {
    let (address, connections) = upstream(advertises).await?;
    let lint = ConnLint::builder().environment("").without_tracing().without_metrics();
    let lint = lint.heal(cures).build();
    let lane = |lane: usize| {
        // Each has a pool of its own, so that no other lane keeps its connection in use.
        let connector = lint.connector("upstream", HttpConnector::new());
        let pool = Client::builder(TokioExecutor::new()).build::<_, Full<Bytes>>(connector);
        let client = ServiceBuilder::new()
            .layer(lint.response_bodies())
            .layer(lint.outbound("upstream"))
            .service(pool);
        async move {
            let mut measured = Measured::default();
            for pause in 0..=PAUSES / LANES {
                let request = Request::get(format!("http://{address}/"));
                let request = request.body(Full::<Bytes>::default()).expect("it is a request");
                measured.count(client.clone().oneshot(request)).await;
                // From 10 ms before the upstream ends the connection to 30 ms after.
                let step = (pause * LANES + lane) as u64 * 7 % 40;
                sleep(IDLE + Duration::from_millis(step) - Duration::from_millis(10)).await;
            }
            measured
        }
    };
    let mut lanes = tokio::task::JoinSet::new();
    (0..LANES).for_each(|number| _ = lanes.spawn(lane(number)));
    let mut measured = Measured::default();
    while let Some(lane) = lanes.join_next().await {
        let lane = lane?;
        measured.latencies.extend(lane.latencies);
        measured.errors += lane.errors;
    }
    measured.connections = connections.load(Ordering::Relaxed);
    Ok(measured)
}

async fn upstream(advertises: bool) -> Result<(SocketAddr, Arc<AtomicUsize>), BoxError> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let (address, connections) = (listener.local_addr()?, Arc::new(AtomicUsize::new(0)));
    let accepted = connections.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            accepted.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(serve(stream, advertises));
        }
    });
    Ok((address, connections))
}

async fn serve(mut stream: TcpStream, advertises: bool) -> std::io::Result<()> {
    let hint = if advertises { "keep-alive: timeout=1\r\nconnection: keep-alive\r\n" } else { "" };
    let response = format!("HTTP/1.1 200 OK\r\n{hint}content-length: 2\r\n\r\nok");
    let mut head = Vec::new();
    let mut bytes = [0; 1024];
    loop {
        match timeout(IDLE, stream.read(&mut bytes)).await {
            Ok(read) => match read? {
                0 => return Ok(()),
                read => head.extend_from_slice(&bytes[..read]),
            },
            Err(_) => {
                sleep(ON_ITS_WAY).await;
                return Ok(());
            }
        }
        if head.ends_with(b"\r\n\r\n") {
            head.clear();
            stream.write_all(response.as_bytes()).await?;
        }
    }
}
