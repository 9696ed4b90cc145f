//! A server and a client on a Unix socket, both under the lint.
//!
//! ```sh
//! cargo run --example unix_socket --features axum,hyper-util
//! ```
#![expect(clippy::print_stdout, reason = "an example for a terminal")]

#[cfg(unix)]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    use axum::{Router, routing::get};
    use bytes::Bytes;
    use http::{Request, Uri};
    use http_body_util::{BodyExt, Empty};
    use hyper_util::client::legacy::Client;
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use tokio::net::{UnixListener, UnixStream};
    use tower::{ServiceBuilder, ServiceExt};
    use tower_conn_lint::{ConnHandle, ConnLint};

    let lint = ConnLint::new();
    let path = std::env::temp_dir().join(format!("conn-lint-{}.sock", std::process::id()));

    let which = async |connection: ConnHandle| format!("request {}", connection.request());
    let app = Router::new().route("/", get(which)).layer(lint.inbound());
    let server = lint.serve(UnixListener::bind(&path)?, app);
    let server = tokio::spawn(server.into_future());

    let socket = path.clone();
    let connector = tower::service_fn(move |_: Uri| {
        let socket = socket.clone();
        Box::pin(async { UnixStream::connect(socket).await.map(TokioIo::new) })
    });
    let connector = lint.connector("gateway", connector);
    let pool = Client::builder(TokioExecutor::new()).build::<_, Empty<Bytes>>(connector);
    let gateway = ServiceBuilder::new()
        .layer(lint.response_bodies())
        .layer(lint.outbound("gateway"))
        .service(pool);
    for _ in 0..3 {
        // The host is a name for logs and policies: the connector knows where to go.
        let request = Request::get("http://gateway/").body(Empty::new())?;
        let response = gateway.clone().oneshot(request).await?;
        let body = response.into_body().collect().await?.to_bytes();
        println!("{}", String::from_utf8_lossy(&body));
    }

    let snapshot = lint.snapshot();
    for party in snapshot.callers.iter().chain(&snapshot.upstreams) {
        let (name, requests, dials) = (&party.name, party.requests, party.fresh);
        println!("{name}: {requests} requests, {dials} of them on a connection that was new");
    }
    server.abort();
    std::fs::remove_file(path)?;
    Ok(())
}

#[cfg(not(unix))]
fn main() {
    println!("there are no Unix sockets here");
}
