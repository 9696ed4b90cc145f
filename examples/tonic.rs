//! tonic on both sides, under the lint: `cargo run --example tonic --features tonic`
#![expect(clippy::print_stdout, reason = "an example for a terminal")]

use std::convert::Infallible;
use std::error::Error;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use http::{Request, Response, header};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::connect::HttpConnector;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::transport::{Endpoint, Server, server::TcpIncoming};
use tower::{Service, ServiceBuilder, ServiceExt};
use tower_conn_lint::{ConnHandle, ConnLint};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let lint = ConnLint::new();
    let tcp = TcpIncoming::bind("127.0.0.1:0".parse()?)?.with_nodelay(Some(true));
    let url = format!("http://{}", tcp.local_addr()?);
    let server = Server::builder()
        .layer(lint.join()) // first, so that it is the outermost
        .layer(lint.inbound())
        .add_service(Which);
    tokio::spawn(server.serve_with_incoming(lint.incoming(tcp)));

    let connector = lint.connector("gateway", HttpConnector::new());
    let join = connector.join();
    let channel = Endpoint::from_shared(url)?.connect_with_connector(connector).await?;
    let gateway = ServiceBuilder::new()
        .layer(lint.response_bodies())
        .layer(lint.outbound("gateway"))
        .layer(join)
        .service(channel);
    for _ in 0..5 {
        let request = Request::post("/example.Which/Tell").body(Body::new(Empty::new()))?;
        let response = gateway.clone().oneshot(request).await?;
        let here = response.extensions().get().map(ConnHandle::request);
        let there = response.headers().get("request").cloned();
        response.into_body().collect().await?;
        println!("request {here:?} on its connection; the server says {there:?}");
    }
    for upstream in &lint.snapshot().upstreams {
        println!("{}: {} dials for {} requests", upstream.name, upstream.dials, upstream.requests);
    }
    Ok(())
}

/// Answers with the number of a request on its connection, and without a message.
#[derive(Clone)]
struct Which;

impl NamedService for Which {
    const NAME: &'static str = "example.Which";
}

impl Service<Request<Body>> for Which {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let number = request.extensions().get::<ConnHandle>().map_or(0, ConnHandle::request);
        let response = Response::builder()
            .header(header::CONTENT_TYPE, "application/grpc")
            .header("grpc-status", 0)
            .header("request", number)
            .body(Body::empty());
        ready(Ok(response.expect("its head is well-formed")))
    }
}
