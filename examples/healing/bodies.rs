//! Bodies that nobody reads to their end.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tower::{Layer as _, Service as _, ServiceExt as _};
use tower_conn_lint::ConnLint;
use tower_conn_lint::heal::{Budget, Cures};

use crate::closers::{finished, pair};
use crate::measured::Measured;
use crate::server::Server;
use crate::{BoxError, REQUESTS};

type Pair = Option<(Measured, Measured)>;

const MIB: usize = 1 << 20;

/// As a caller does who has something else to do before its next request.
const BETWEEN: Duration = Duration::from_millis(5);

const EXPECTING: &str = include_str!("expecting.js");

/// The handler reads nothing of it.
pub(crate) async fn unread() -> Result<Pair, BoxError> {
    let cures = Cures::new().drain_request_body(Budget::default());
    Ok(Some((upload(Cures::new()).await?, upload(cures).await?)))
}

/// The same, sent by reqwest.
pub(crate) async fn unread_by_reqwest() -> Result<Pair, BoxError> {
    let cures = Cures::new().drain_request_body(Budget::default());
    Ok(Some((upload_by_reqwest(Cures::new()).await?, upload_by_reqwest(cures).await?)))
}

/// Too much of it to be read, from a Node that waits for word to send it and keeps the connection:
/// the errors are those of the requests that follow.
pub(crate) async fn beyond() -> Result<Pair, BoxError> {
    let both = [Cures::new(), Cures::new().drain_request_body(Budget::default())];
    pair("node", both, |server| {
        let (url, requests) = (server.url(""), REQUESTS / 2);
        vec!["-e".into(), EXPECTING.into(), "--".into(), url, requests.to_string()]
    })
    .await
}

/// The client drops each response as it comes.
pub(crate) async fn dropped() -> Result<Pair, BoxError> {
    let cures = Cures::new().drain_response_body(Budget::default());
    Ok(Some((drop_responses(Cures::new()).await?, drop_responses(cures).await?)))
}

/// The same with reqwest.
pub(crate) async fn dropped_by_reqwest() -> Result<Pair, BoxError> {
    let cures = Cures::new().drain_response_body(Budget::default());
    Ok(Some((drop_by_reqwest(Cures::new()).await?, drop_by_reqwest(cures).await?)))
}

async fn drop_by_reqwest(cures: Cures) -> Result<Measured, BoxError> {
    let server = Server::start(Cures::new()).await?;
    let lint = ConnLint::builder().environment("").without_tracing().without_metrics();
    let lint = lint.heal(cures).build();
    let layer = lint.connector_layer("gateway");
    let client = reqwest::Client::builder().no_proxy().connector_layer(layer).build()?;
    let client = reqwest_middleware::ClientBuilder::new(client).with(lint.outbound("gateway"));
    let client = client.build();
    let mut measured = Measured::default();
    for _ in 0..REQUESTS {
        let start = Instant::now();
        match client.get(server.url("/large")).send().await {
            Ok(response) => {
                drop(response);
                measured.latencies.push(start.elapsed());
            }
            Err(_) => measured.errors += 1,
        }
        tokio::time::sleep(BETWEEN).await;
    }
    Ok(finished(measured, &server).await)
}

async fn upload(cures: Cures) -> Result<Measured, BoxError> {
    let server = Server::start(cures).await?;
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let body = Bytes::from(vec![b'x'; MIB]);
    let mut measured = Measured::default();
    for _ in 0..REQUESTS {
        let request = Request::post(server.url("/unread")).body(Full::new(body.clone()))?;
        measured.count(client.request(request)).await;
    }
    Ok(finished(measured, &server).await)
}

async fn upload_by_reqwest(cures: Cures) -> Result<Measured, BoxError> {
    let server = Server::start(cures).await?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let body = Bytes::from(vec![b'x'; MIB]);
    let mut measured = Measured::default();
    for _ in 0..REQUESTS {
        let call = client.post(server.url("/unread")).body(body.clone()).send();
        measured.count(async { call.await.map(http::Response::from) }).await;
    }
    Ok(finished(measured, &server).await)
}

async fn drop_responses(cures: Cures) -> Result<Measured, BoxError> {
    let server = Server::start(Cures::new()).await?;
    let lint = ConnLint::builder().environment("").without_tracing().without_metrics();
    let lint = lint.heal(cures).build();
    let connector = lint.connector("gateway", HttpConnector::new());
    let pool = Client::builder(TokioExecutor::new()).build::<_, Full<Bytes>>(connector);
    let mut client = lint.response_bodies().layer(pool);
    let mut measured = Measured::default();
    for _ in 0..REQUESTS {
        let start = Instant::now();
        let request = Request::get(server.url("/large")).body(Full::default())?;
        match client.ready().await?.call(request).await {
            Ok(response) => {
                drop(response);
                measured.latencies.push(start.elapsed());
            }
            Err(_) => measured.errors += 1,
        }
        tokio::time::sleep(BETWEEN).await;
    }
    Ok(finished(measured, &server).await)
}
