//! A client of reqwest: its requests and its dials under the lint. First one client that says
//! `close` by a default field, then the same with the policy's fix, then a client for each request.
//!
//! ```sh
//! cargo run --example reqwest_client --features reqwest
//! ```
#![expect(clippy::print_stdout, reason = "an example for a terminal")]

use std::error::Error;

use axum::{Router, routing::post};
use reqwest::header::{CONNECTION, HeaderMap, HeaderValue};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use tokio_rustls::rustls::crypto::ring;
use tower_conn_lint::lint::Findings;
use tower_conn_lint::{ConnHandle, ConnLint, Preset};

const REQUESTS: usize = 10;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // reqwest has none of its own here, and wants one though nothing is under TLS.
    _ = ring::default_provider().install_default();
    let tcp = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/v1/orders", tcp.local_addr()?);
    let app = Router::new().route("/v1/orders", post(|order: String| async { order }));
    tokio::spawn(axum::serve(tcp, app).into_future());

    let closing = HeaderMap::from_iter([(CONNECTION, HeaderValue::from_static("close"))]);
    for (what, policy) in [("observed", Preset::Observe1), ("mended", Preset::Recommended1)] {
        let lint = ConnLint::builder().policy(policy).build();
        let gateway = gateway(&lint, &closing)?;
        println!("\n{REQUESTS} requests that say `close` by default, {what}:");
        for _ in 0..REQUESTS {
            order(&gateway, &url).await?;
        }
        print(&lint);
    }

    let lint = ConnLint::new();
    println!("\na client for each of {REQUESTS} requests:");
    for _ in 0..REQUESTS {
        order(&gateway(&lint, &HeaderMap::new())?, &url).await?;
    }
    print(&lint);
    Ok(())
}

/// A client of the gateway: its dials, its requests and its default fields are known to the lint.
fn gateway(lint: &ConnLint, headers: &HeaderMap) -> reqwest::Result<ClientWithMiddleware> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .default_headers(headers.clone())
        .connector_layer(lint.connector_layer("gateway"))
        .build()?;
    let layer = lint.outbound("gateway").default_headers(headers);
    Ok(ClientBuilder::new(client).with(layer).build())
}

async fn order(gateway: &ClientWithMiddleware, url: &str) -> Result<(), Box<dyn Error>> {
    let response = gateway.post(url).body("two pounds of tea").send().await?;
    let connection = response.extensions().get::<ConnHandle>();
    let request = connection.map_or("unknown".to_owned(), |known| known.request().to_string());
    let findings = response.extensions().get::<Findings>().into_iter().flatten();
    let lints: Vec<_> = findings.map(|finding| finding.lint.name()).collect();
    println!("  request {request} on its connection, found: {lints:?}");
    response.text().await?;
    Ok(())
}

fn print(lint: &ConnLint) {
    for upstream in lint.snapshot().upstreams {
        println!("  dials: {}, requests: {}", upstream.dials, upstream.requests);
    }
}
