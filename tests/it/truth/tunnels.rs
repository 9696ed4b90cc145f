//! Connections that go on as something else: a WebSocket, by real libraries on both sides.

use axum::Router;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::routing::get;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::{Request, header};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use tower::ServiceExt as _;
use tower_conn_lint::connection::EndCause as C;

use super::Table;
use super::row::{Done, First};
use super::scene::Scene;
use crate::within::within;

/// Both close at the end of a WebSocket; which is first, the kernel tells.
pub(super) fn rows(table: &mut Table) {
    table.act("a WebSocket, closed by the client's frame", async |what| {
        let scene = Scene::new();
        let site = scene.serve(app()).await;
        let caller = scene.caller();
        for _ in 0..100 {
            let request = upgrade(&site.url("/"));
            let response = within("a call", caller.clone().oneshot(request)).await;
            let response = response.expect("the call succeeds");
            let upgraded = within("the upgrade", hyper::upgrade::on(response)).await;
            let stream = TokioIo::new(upgraded.expect("the server upgrades"));
            let mut socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
            within("an echo", echo(&mut socket)).await;
        }
        let done = Done::new(what, 100, First::Race);
        let row = done.server(&[C::Upgrade]).client(&[C::Upgrade]).row(&scene, &site).await;
        drop(caller);
        Some(row)
    });
}

// === fixtures ===

fn app() -> Router {
    Router::new().route("/", get(async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(serve)))
}

/// Sends back what comes, and closes once the client does.
async fn serve(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            return;
        }
    }
}

fn upgrade(url: &str) -> Request<Full<Bytes>> {
    let request = Request::get(url)
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(header::SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==");
    request.body(Full::default()).expect("the request is well-formed")
}

/// A message goes and comes, and the closing frames do.
async fn echo<T>(socket: &mut WebSocketStream<T>)
where
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    socket.send(Message::text("hello")).await.expect("the message goes");
    let echoed = socket.next().await.expect("it comes back").expect("it can be read");
    assert_eq!(echoed, Message::text("hello"));
    socket.close(None).await.expect("the closing frame goes");
    while let Some(Ok(_)) = socket.next().await {}
}
