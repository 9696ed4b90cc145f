//! Whatever a fix makes of a response, the connection does what its header says.

use axum::Router;
use axum::extract::{Path, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;
use tower_conn_lint::Preset;

use crate::found::lint;
use crate::raw::Peer;
use crate::server::Server;

/// The start of a request, and what follows its other fields.
const REQUESTS: &[(&str, &str, &str)] = &[
    ("GET", "1.1", "\r\n"),
    ("GET", "1.1", "connection: close\r\n\r\n"),
    ("GET", "1.1", "connection: te\r\nconnection: Keep-Alive, CLOSE\r\nte: trailers\r\n\r\n"),
    ("GET", "1.0", "\r\n"),
    ("GET", "1.0", "connection: keep-alive\r\n\r\n"),
    ("POST", "1.1", "content-length: 3\r\n\r\nabc"),
    ("POST", "1.1", "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
    ("POST", "1.0", "connection: keep-alive\r\ncontent-length: 3\r\n\r\nabc"),
];

const LINES: &[&str] = &[
    "",
    "close",
    "keep-alive",
    "keep-alive, close",
    "close|Keep-Alive",
    "te|CLOSE ,x-a",
    "close;q=1",
    "a b, close",
    "closed",
];

const STATUSES: &[u16] = &[200, 400, 503];

#[tokio::test]
async fn no_fix_makes_a_header_lie_or_costs_a_connection() {
    let bare = Server::of(app()).await;
    let (recommended, strict) = (lint(Preset::Recommended1).0, lint(Preset::Strict1).0);
    let recommended = Server::of(app().layer(recommended.inbound())).await;
    let strict = Server::of(app().layer(strict.inbound())).await;
    let mut kept = 0;
    for request in requests() {
        let bare = ask(&bare, &request).await;
        for server in [&recommended, &strict] {
            let linted = ask(server, &request).await;
            let says = &linted.options;
            assert!(
                linted.is_truthful() || !bare.is_truthful(),
                "{request:?} was answered by a lie: {says:?}",
            );
            assert!(!linted.ended || bare.ended, "{request:?} costs the connection: {says:?}");
            kept += usize::from(bare.ended && !linted.ended);
        }
    }
    assert!(kept > 0, "fixes kept {kept} connections");
}

fn requests() -> Vec<String> {
    let mut requests = Vec::new();
    for (method, version, rest) in REQUESTS {
        for lines in LINES {
            for status in STATUSES {
                for path in ["read", "unread"] {
                    requests.push(format!(
                        "{method} /{path}/{status} HTTP/{version}\r\nhost: x\r\nx-lines: {lines}\r\n{rest}",
                    ));
                }
            }
        }
    }
    requests
}

/// What a response said of its connection, and what became of it.
struct Outcome {
    options: String,
    says_close: bool,
    ended: bool,
}

impl Outcome {
    /// hyper itself is not: a handler's `keep-alive` stands in a response that it closes after.
    fn is_truthful(&self) -> bool {
        self.says_close == self.ended
    }
}

async fn ask(server: &Server, request: &str) -> Outcome {
    let mut peer = Peer::connect(server.addr).await;
    let response = peer.ask(request).await;
    let is_http10 = response.head.starts_with("HTTP/1.0");
    let says_close = response.says("close") || is_http10 && !response.says("keep-alive");
    let ended = match says_close {
        true => peer.is_closed().await,
        false => !peer.is_reusable().await,
    };
    Outcome { options: response.lines("connection").join("|"), says_close, ended }
}

fn app() -> Router {
    Router::new()
        .route("/plain", get(|| async { "plain" }))
        .route(
            "/read/{status}",
            any(|status: Path<u16>, request: Request| async move {
                let (parts, body) = request.into_parts();
                body.collect().await.expect("the body has an end");
                answer(status.0, &parts.headers)
            }),
        )
        .route(
            "/unread/{status}",
            any(|status: Path<u16>, request: Request| async move {
                answer(status.0, request.headers())
            }),
        )
}

fn answer(status: u16, request: &HeaderMap) -> Response {
    let mut headers = HeaderMap::new();
    let lines = request["x-lines"].to_str().expect("the test writes ASCII").split('|');
    for line in lines.filter(|line| !line.is_empty()) {
        let line = HeaderValue::from_str(line).expect("the test writes ASCII");
        headers.append(header::CONNECTION, line);
    }
    let status = StatusCode::from_u16(status).expect("the test names a status");
    (status, headers).into_response()
}
