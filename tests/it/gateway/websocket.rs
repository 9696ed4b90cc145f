//! A WebSocket through the gateway, by real libraries on both sides.

use axum::Router;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::routing::get;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::{Request, StatusCode, header};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::program::Program;
use crate::client::pool;
use crate::server::Server;
use crate::within::within;

#[tokio::test]
async fn a_websocket_goes_through_both_ways() {
    let app =
        Router::new().route("/", get(async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(serve)));
    let upstream = Server::of(app).await;
    let gateway = Program::before(upstream.addr, &[]).await;
    // As Chrome says it, and as Firefox does.
    for connection in ["Upgrade", "keep-alive, Upgrade"] {
        let request = Request::get(gateway.url("/"))
            .header(header::CONNECTION, connection)
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==");
        let request = request.body(Full::<Bytes>::default()).expect("it is well-formed");
        let response = within("a call", pool().request(request)).await.expect("it succeeds");
        assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS, "{connection}");
        assert_eq!(response.headers()[header::CONNECTION], "upgrade", "nothing else");
        let upgraded = within("the upgrade", hyper::upgrade::on(response)).await;
        let stream = TokioIo::new(upgraded.expect("the gateway upgrades"));
        let mut socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
        within("the echoes", async {
            for message in [Message::text("hello"), Message::binary(vec![7; 1 << 20])] {
                socket.send(message.clone()).await.expect("it goes");
                let echoed = socket.next().await.expect("it comes back").expect("it can be read");
                assert!(echoed == message, "{connection}: it comes back as it went");
            }
            socket.close(None).await.expect("the closing frame goes");
            while let Some(Ok(_)) = socket.next().await {}
        })
        .await;
    }
}

#[tokio::test]
async fn an_upstream_that_takes_no_websocket_says_so_itself() {
    let upstream = Server::of(Router::new().route("/", get(async || StatusCode::FORBIDDEN))).await;
    let gateway = Program::before(upstream.addr, &[]).await;
    let request = Request::get(gateway.url("/"))
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, "websocket")
        .body(Full::<Bytes>::default())
        .expect("it is well-formed");
    let response = within("a call", pool().request(request)).await.expect("it succeeds");
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
}

/// Sends back what comes, and closes once the client does.
async fn serve(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            return;
        }
    }
}
