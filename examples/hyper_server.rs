//! A server of hyper-util's under the lint, in its accept loop: a connection of HTTP/2 is ended by
//! its handler, by GOAWAY, and a shutdown ends the rest.
//!
//! ```sh
//! cargo run --example hyper_server --features http2
//! ```
#![expect(clippy::print_stdout, reason = "an example for a terminal")]

use std::convert::Infallible;
use std::error::Error;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::sync::oneshot;
use tower::ServiceBuilder;
use tower_conn_lint::connection::{Ended, TrackedBody};
use tower_conn_lint::report::Reporter;
use tower_conn_lint::{ConnHandle, ConnLint};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let lint = ConnLint::builder().reporter(Ends).build();
    let service = ServiceBuilder::new().layer(lint.inbound()).service_fn(answer);
    let tcp = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", tcp.local_addr()?);
    let (stop, stopped) = oneshot::channel::<()>();
    let server = lint.serve(tcp, service).with_graceful_shutdown(async { _ = stopped.await });
    let server = tokio::spawn(server.into_future());

    let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    for path in ["/", "/", "/last", "/", "/"] {
        let request = Request::get(format!("{url}{path}")).body(Empty::<Bytes>::new())?;
        let response = client.request(request).await?;
        let body = response.into_body().collect().await?.to_bytes();
        println!("{path:5} {}", String::from_utf8_lossy(&body));
    }
    _ = stop.send(());
    server.await?;
    Ok(())
}

/// Says which request it is on its connection, and ends that where it is asked for.
async fn answer(request: Request<TrackedBody<Incoming>>) -> Result<Response<String>, Infallible> {
    let connection = request.extensions().get::<ConnHandle>().cloned().unwrap_or_default();
    let mut text = format!("request {} on connection {}", connection.request(), connection.id());
    if request.uri().path() == "/last" {
        match connection.close_gracefully() {
            Ok(()) => text += ", which ends after it",
            Err(error) => text = error.to_string(),
        }
    }
    Ok(Response::new(text))
}

/// Tells why connections end.
struct Ends;

impl Reporter for Ends {
    fn ended(&self, connection: &Ended) {
        let Ended { id, requests, end, .. } = connection;
        println!("      connection {id} ended after {requests} requests: {}", end.cause.text());
    }
}
