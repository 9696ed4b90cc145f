//! A hyper-util client that says `close` on each request, without the lint's layer and with it.
//!
//! ```sh
//! cargo run --example hyper_client
//! ```
#![expect(clippy::print_stdout, reason = "an example for a terminal")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::serve::ListenerExt;
use axum::{Router, routing::get};
use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tower::{Layer, Service, ServiceExt};
use tower_conn_lint::lint::{Finding, Findings};
use tower_conn_lint::{ConnLint, Preset};

const REQUESTS: u64 = 10;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let (url, connections) = start_gateway().await?;
    let pool = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();

    send_requests(pool.clone(), &url).await?;
    let without = connections.swap(0, Ordering::Relaxed);

    let lint = ConnLint::builder().policy(Preset::Recommended1).build();
    let gateway = lint.outbound("gateway").layer(pool); // next to the client, below retries
    let finding = send_requests(gateway, &url).await?;
    let with = connections.swap(0, Ordering::Relaxed);

    println!("{REQUESTS} requests without the layer: {without} connections");
    println!("{REQUESTS} requests with the layer:    {with} connections");
    if let Some(finding) = finding {
        println!("\non the last request:\n{finding}");
    }
    Ok(())
}

/// Sends the requests one after another, and gives the finding on the last of them.
async fn send_requests<S, B>(
    mut client: S,
    url: &str,
) -> Result<Option<Finding>, Box<dyn Error + Send + Sync>>
where
    S: Service<Request<Empty<Bytes>>, Response = Response<B>>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: http_body::Body<Error: Error + Send + Sync + 'static>,
{
    let mut finding = None;
    for _ in 0..REQUESTS {
        let request = Request::get(url).header(header::CONNECTION, "close").body(Empty::new())?;
        let response = client.ready().await.map_err(Into::into)?.call(request).await;
        let response = response.map_err(Into::into)?;
        let findings = response.extensions().get::<Findings>();
        finding = findings.and_then(|findings| findings.iter().next().cloned());
        response.into_body().collect().await?;
    }
    Ok(finding)
}

/// A server on an ephemeral port of loopback: its URL, and how many connections it accepted.
async fn start_gateway() -> Result<(String, Arc<AtomicU64>), Box<dyn Error + Send + Sync>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/v1/login", listener.local_addr()?);
    let connections = Arc::new(AtomicU64::new(0));
    let counter = connections.clone();
    let listener = listener.tap_io(move |_| _ = counter.fetch_add(1, Ordering::Relaxed));
    let app = Router::new().route("/v1/login", get(|| async { "welcome" }));
    tokio::spawn(axum::serve(listener, app).into_future());
    Ok((url, connections))
}
