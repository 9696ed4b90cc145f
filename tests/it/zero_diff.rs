//! Observing changes nothing: the bytes on the wire are those of a stack without the lint.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Version, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::convert::Infallible;
use tower::{Layer as _, Service, ServiceExt as _};
use tower_conn_lint::{ConnLint, Preset};

use crate::chunks::Chunks;
use crate::found::{lint, lint_by};
use crate::message::Message;
use crate::raw::Peer;
use crate::server::{Server, echo_upgraded};
use crate::upstream::Upstream;
use crate::within::within;

/// What a raw client sends: the parts, each after the head that answers the one before.
struct Script {
    name: &'static str,
    parts: &'static [&'static str],
    /// Whether the exchange ends the connection by itself.
    ends: bool,
}

const SCRIPTS: &[Script] = &[
    persists("keep-alive by default", &["GET /plain HTTP/1.1\r\nhost: x\r\n\r\n"]),
    persists(
        "keep-alive said",
        &["GET /plain HTTP/1.1\r\nhost: x\r\nconnection: keep-alive\r\n\r\n"],
    ),
    ends("close by the request", &["GET /plain HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"]),
    ends(
        "Close over two lines",
        &[
            "GET /plain HTTP/1.1\r\nhost: x\r\nConnection: te\r\nte: trailers\r\nConnection: Close\r\n\r\n",
        ],
    ),
    ends("close by the response", &["GET /close HTTP/1.1\r\nhost: x\r\n\r\n"]),
    ends("close by both", &["GET /close HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"]),
    ends("close by a response to HEAD", &["HEAD /close HTTP/1.1\r\nhost: x\r\n\r\n"]),
    ends("close among other options", &["GET /options HTTP/1.1\r\nhost: x\r\n\r\n"]),
    ends("close and keep-alive", &["GET /conflict HTTP/1.1\r\nhost: x\r\n\r\n"]),
    persists(
        "options that are no tokens",
        &[
            "GET /malformed HTTP/1.1\r\nhost: x\r\nConnection: close;q=1, ,keep alive,,\"close\"\r\n\r\n",
        ],
    ),
    persists(
        "a close behind a no-break space",
        &["GET /plain HTTP/1.1\r\nhost: x\r\nconnection: close\u{a0}\r\n\r\n"],
    ),
    persists(
        "Keep-Alive and Proxy-Connection",
        &[
            "GET /fields HTTP/1.1\r\nhost: x\r\nproxy-connection: keep-alive\r\nkeep-alive: 300\r\n\r\n",
        ],
    ),
    persists("no content", &["GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n"]),
    ends("backpressure", &["GET /busy HTTP/1.1\r\nhost: x\r\n\r\n"]),
    persists("chunks", &["GET /chunks HTTP/1.1\r\nhost: x\r\n\r\n"]),
    persists(
        "trailers",
        &["GET /chunks HTTP/1.1\r\nhost: x\r\nconnection: te\r\nte: trailers\r\n\r\n"],
    ),
    persists(
        "a request in chunks with trailers",
        &[
            "POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-t: 1\r\n\r\n",
        ],
    ),
    persists(
        "a body that is not read",
        &["POST /unread HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc"],
    ),
    persists(
        "an interim response",
        &[
            "POST /echo HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n",
            "abc",
        ],
    ),
    ends("HTTP/1.0", &["GET /plain HTTP/1.0\r\n\r\n"]),
    ends("HTTP/1.0 of unknown length", &["GET /chunks HTTP/1.0\r\n\r\n"]),
    persists(
        "HTTP/1.0 that keeps alive",
        &["GET /plain HTTP/1.0\r\nconnection: keep-alive\r\n\r\n"],
    ),
    ends("HTTP/1.0 that is closed", &["GET /close HTTP/1.0\r\nconnection: keep-alive\r\n\r\n"]),
    ends(
        "an upgrade",
        &[
            "GET /upgrade HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: echo\r\n\r\n",
            "ping",
        ],
    ),
    ends("a head that can't be parsed", &["GET /plain HTTP/1.1\r\nhost x\r\n\r\n"]),
    persists("no route", &["GET /nowhere HTTP/1.1\r\nhost: x\r\nconnection: keep-alive\r\n\r\n"]),
];

const fn persists(name: &'static str, parts: &'static [&'static str]) -> Script {
    Script { name, parts, ends: false }
}

const fn ends(name: &'static str, parts: &'static [&'static str]) -> Script {
    Script { name, parts, ends: true }
}

#[tokio::test]
async fn a_server_that_is_observed_writes_the_same_bytes() {
    let (observing, found) = lint(Preset::default());
    let (off, silent) = lint_by(ConnLint::builder().policy(Preset::Strict1).environment("off"));
    let bare = Server::of(router()).await;
    let observed = Server::of(router().layer(observing.inbound())).await;
    let switched_off = Server::of(router().layer(off.inbound())).await;
    let wired = Server::wired(&observing, router()).await;
    let wired_off = Server::wired(&off, router()).await;

    for script in SCRIPTS {
        let expected = play(script, &bare).await;
        assert!(!expected.is_empty(), "{}: the bare server answers", script.name);
        assert_eq!(play(script, &observed).await, expected, "{}: observed", script.name);
        assert_eq!(play(script, &switched_off).await, expected, "{}: switched off", script.name);
        assert_eq!(play(script, &wired).await, expected, "{}: wired", script.name);
        assert_eq!(play(script, &wired_off).await, expected, "{}: wired and off", script.name);
    }
    assert_eq!(bare.connections(), wired.connections(), "one connection a script");
    assert_eq!(bare.connections(), observed.connections(), "one connection a script");
    assert!(found.lints().len() > 10, "the lint looked at the corpus: {:?}", found.lints());
    assert!(silent.lints().is_empty(), "switched off, nothing is found");
}

#[tokio::test]
async fn a_client_that_is_observed_writes_and_reads_the_same() {
    let (observing, found) = lint(Preset::default());
    let (off, silent) = lint_by(ConnLint::builder().policy(Preset::Strict1).environment("off"));
    let upstream = Upstream::answering(answer).await;
    let client =
        || Client::builder(TokioExecutor::new()).build_http::<BoxBody<Bytes, Infallible>>();

    let expected = call_all(client(), &upstream).await;
    let dialled = upstream.connections();
    assert_eq!(expected.0.len(), REQUESTS, "every request reached the upstream");

    let observed = call_all(observing.outbound("gateway").layer(client()), &upstream).await;
    assert_eq!(observed, expected, "observed");
    let switched_off = call_all(off.outbound("gateway").layer(client()), &upstream).await;
    assert_eq!(switched_off, expected, "switched off");

    let wired = |lint: &ConnLint| {
        let connector = lint.connector("gateway", HttpConnector::new());
        let pool = Client::builder(TokioExecutor::new());
        let pool = pool.build::<_, BoxBody<Bytes, Infallible>>(connector);
        let header = lint.outbound("gateway").capture_connection();
        lint.response_bodies().layer(header.layer(pool))
    };
    assert_eq!(call_all(wired(&observing), &upstream).await, expected, "wired");
    assert_eq!(call_all(wired(&off), &upstream).await, expected, "wired and off");

    assert_eq!(upstream.connections(), 5 * dialled, "connections are reused as before");
    assert!(found.lints().len() > 8, "the lint looked at the corpus: {:?}", found.lints());
    assert!(silent.lints().is_empty(), "switched off, nothing is found");
}

// === the server's side ===

/// All that the server writes, the date apart.
async fn play(script: &Script, server: &Server) -> String {
    let mut peer = Peer::connect(server.addr).await;
    let mut read = Vec::new();
    for (index, part) in script.parts.iter().enumerate() {
        if index > 0 {
            read.extend(peer.until(b"\r\n\r\n").await);
        }
        // One byte a character, also above 0x7f.
        peer.send(part.chars().map(|c| c as u8).collect::<Vec<u8>>()).await;
    }
    if !script.ends {
        peer.send("GET /plain?last HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    }
    read.extend(peer.rest().await);
    let read: String = read.into_iter().map(char::from).collect();
    if !script.ends {
        assert!(read.matches("HTTP/1.").count() > 1, "{}: it persists: {read}", script.name);
    }
    undated(&read)
}

fn undated(read: &str) -> String {
    let line = |line: &str| match line.starts_with("date: ") {
        true => "date: now\r\n".to_owned(),
        false => line.to_owned(),
    };
    read.split_inclusive("\r\n").map(line).collect()
}

fn router() -> Router {
    let fields = |status: u16, fields: &'static [(&'static str, &'static str)]| {
        get(move || async move {
            let fields = fields.iter().map(|(name, value)| {
                (HeaderName::from_static(name), HeaderValue::from_static(value))
            });
            let mut headers = HeaderMap::new();
            fields.for_each(|(name, value)| _ = headers.append(name, value));
            let status = StatusCode::from_u16(status).expect("a status");
            (status, headers, if status == 204 { "" } else { "hello" })
        })
    };
    Router::new()
        .route("/plain", fields(200, &[]))
        .route("/close", fields(200, &[("connection", "close")]))
        .route("/options", fields(200, &[("connection", "Foo ,CLOSE"), ("connection", "x-y")]))
        .route("/conflict", fields(200, &[("connection", "keep-alive, close")]))
        .route("/malformed", fields(200, &[("connection", "close;q=1,, a b")]))
        .route(
            "/fields",
            fields(
                200,
                &[
                    ("connection", "keep-alive"),
                    ("keep-alive", "timeout=1, max=x"),
                    ("proxy-connection", "close"),
                ],
            ),
        )
        .route("/nothing", fields(204, &[]))
        .route("/busy", fields(503, &[("connection", "close")]))
        .route(
            "/chunks",
            get(|| async {
                ([(header::TRAILER, "x-trailer")], Body::new(Chunks::new(&["ab", "cd"])))
            }),
        )
        .route("/echo", post(|body: Bytes| async { body }))
        .route("/unread", post(|| async { "unread" }))
        .route("/upgrade", get(upgrade))
        .layer(middleware::from_fn(middleware_of_a_user))
}

/// As users have them between the lint and the routes.
async fn middleware_of_a_user(request: axum::extract::Request, next: middleware::Next) -> Response {
    next.run(request).await
}

async fn upgrade(request: axum::extract::Request) -> impl IntoResponse {
    tokio::spawn(echo_upgraded(request));
    let headers = [(header::CONNECTION, "Upgrade"), (header::UPGRADE, "echo")];
    (StatusCode::SWITCHING_PROTOCOLS, headers)
}

// === the client's side ===

/// What the upstream read, and what the caller got.
type Seen = (Vec<String>, Vec<String>);

const REQUESTS: usize = 16;

async fn call_all<S, R>(mut client: S, upstream: &Upstream) -> Seen
where
    S: Service<Request<BoxBody<Bytes, Infallible>>, Response = http::Response<R>>,
    S::Error: std::fmt::Debug,
    R: http_body::Body,
    R::Error: std::fmt::Debug,
{
    let mut got = Vec::new();
    for request in requests(upstream) {
        let response = within("a call", async {
            let response = client.ready().await.expect("ready").call(request).await;
            let (parts, body) = response.expect("the call succeeds").into_parts();
            let body = body.collect().await.expect("the response has an end");
            let trailers = body.trailers().cloned();
            let (status, version, headers) = (parts.status, parts.version, parts.headers);
            format!("{status} {version:?} {headers:?} {:?} {trailers:?}", body.to_bytes())
        })
        .await;
        got.push(response);
    }
    let sent = upstream.take().into_iter();
    (sent.map(|sent| format!("{}{:?}", sent.head, sent.body)).collect(), got)
}

fn requests(upstream: &Upstream) -> Vec<Request<BoxBody<Bytes, Infallible>>> {
    let get = |path: &str, fields: &[(&str, &str)]| {
        let mut request = Request::get(upstream.url(path));
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(Empty::new().boxed()).expect("the request is well-formed")
    };
    let mut head = get("/plain", &[("connection", "close")]);
    *head.method_mut() = http::Method::HEAD;
    let mut http10 = get("/http10", &[]);
    *http10.version_mut() = Version::HTTP_10;
    let mut http10_kept = get("/plain", &[("connection", "keep-alive")]);
    *http10_kept.version_mut() = Version::HTTP_10;
    let post = |body: BoxBody<Bytes, Infallible>| {
        let request = Request::post(upstream.url("/plain")).header("connection", "close, te");
        request
            .header("te", "trailers")
            .header("trailer", "x-trailer")
            .body(body)
            .expect("the request is well-formed")
    };
    let requests = vec![
        get("/plain", &[]),
        get("/plain", &[("connection", "Close")]),
        get("/plain", &[("connection", "x-a ,CLOSE"), ("connection", "te"), ("te", "trailers")]),
        get("/plain", &[("connection", "keep-alive, close"), ("keep-alive", "timeout=x")]),
        get("/plain", &[("connection", "close;q=1,, a b"), ("connection", "closed")]),
        get("/plain", &[("proxy-connection", "close"), ("keep-alive", "300")]),
        get("/close", &[]),
        get("/conflict", &[]),
        get("/early-hints", &[]),
        get("/chunks", &[("connection", "te"), ("te", "trailers")]),
        get("/nothing", &[("expect", "100-continue")]),
        head,
        http10,
        http10_kept,
        post(Full::from("abc").boxed()),
        post(Chunks::new(&["ab", "cd"]).boxed()),
    ];
    assert_eq!(requests.len(), REQUESTS, "the count of requests is up to date");
    requests
}

fn answer(request: &Message) -> &'static [u8] {
    match request.path() {
        "/close" => b"HTTP/1.1 200 OK\r\nConnection: Close\r\ncontent-length: 2\r\n\r\nok",
        "/conflict" => {
            b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok"
        }
        "/early-hints" => {
            b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
        }
        "/chunks" => {
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-t\r\n\r\n2\r\nab\r\n0\r\nx-t: 1\r\n\r\n"
        }
        "/nothing" => b"HTTP/1.1 204 No Content\r\nkeep-alive: timeout=1\r\n\r\n",
        "/http10" => b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
        _ if request.head.starts_with("HEAD") => b"HTTP/1.1 200 OK\r\n\r\n",
        _ => b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
    }
}
