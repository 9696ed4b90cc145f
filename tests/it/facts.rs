//! What hyper does, and our lints and fixes rest on. Where an upgrade of hyper breaks one of
//! these, the lint that it names has to be looked at.

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, OriginalUri, Request};
use axum::middleware::{from_fn, map_request, map_response};
use axum::response::{AppendHeaders, Response};
use axum::routing::{get, post};
use http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tower::{ServiceBuilder, ServiceExt as _};

use crate::client::{call, call_20_times, get as request, pool};
use crate::raw::Peer;
use crate::server::Server;
use crate::upstream::Upstream;

/// Why `caller-sends-close` has no fix.
#[tokio::test]
async fn a_received_close_is_decided_before_any_layer() {
    let app = plain().layer(map_request(|mut request: Request| async {
        request.headers_mut().remove(header::CONNECTION);
        request
    }));
    let server = Server::of(app).await;
    let mut peer = Peer::connect(server.addr).await;
    let response = peer.ask("GET /plain HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert_eq!(response.lines("connection"), ["close"], "hyper answers the close by itself");
    assert!(peer.is_closed().await, "the connection ends all the same");
}

/// Why no fix ever writes `keep-alive`.
#[tokio::test]
async fn a_keep_alive_that_is_written_keeps_nothing_alive() {
    let app = plain().layer(map_response(|mut response: Response| async {
        let keep_alive = HeaderValue::from_static("keep-alive");
        response.headers_mut().insert(header::CONNECTION, keep_alive);
        response
    }));
    let server = Server::of(app).await;
    for request in [
        "GET /plain HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        "GET /plain HTTP/1.0\r\n\r\n",
    ] {
        let mut peer = Peer::connect(server.addr).await;
        let response = peer.ask(request).await;
        assert!(response.says("keep-alive"), "{request:?}: it says so: {}", response.head);
        assert!(peer.is_closed().await, "{request:?}: and closes");
    }
}

/// Why the fix of `handler-sends-close` works, and needs nothing but the removal.
#[tokio::test]
async fn a_close_in_the_response_is_all_that_ends_the_connection() {
    let app = closing().layer(map_response(|mut response: Response| async {
        response.headers_mut().remove(header::CONNECTION);
        response
    }));
    let bare = Server::of(closing()).await;
    let mut peer = Peer::connect(bare.addr).await;
    assert!(peer.ask("GET /close HTTP/1.1\r\nhost: x\r\n\r\n").await.says("close"));
    assert!(peer.is_closed().await, "with it the connection ends");

    let server = Server::of(app).await;
    let mut peer = Peer::connect(server.addr).await;
    assert!(!peer.ask("GET /close HTTP/1.1\r\nhost: x\r\n\r\n").await.says("close"));
    assert!(peer.is_reusable().await, "without it the connection persists");
}

/// Why `client-sends-close` matters though the server may ignore the option (from hyper 1.11.1).
#[tokio::test]
async fn a_client_that_said_close_does_not_reuse_the_connection() {
    let upstream = Upstream::plain().await;
    call_20_times(&mut pool(), &upstream.url("/"), &["close"]).await;
    assert_eq!(upstream.connections(), 20, "one for each request, though the server keeps them");

    let upstream = Upstream::plain().await;
    call_20_times(&mut pool(), &upstream.url("/"), &[]).await;
    assert!(upstream.connections() <= 5, "{} without the option", upstream.connections());
}

/// Why `upstream-sends-close` has no fix.
#[tokio::test]
async fn a_received_close_of_the_upstream_is_decided_before_any_layer() {
    let server = Server::of(closing()).await;
    let mut client = ServiceBuilder::new()
        .map_response(|mut response: http::Response<hyper::body::Incoming>| {
            response.headers_mut().remove(header::CONNECTION);
            response
        })
        .service(pool());
    call_20_times(&mut client, &server.url("/close"), &[]).await;
    assert!(server.connections() >= 18, "{} connections", server.connections());
}

/// Why `obs-text-in-connection` tells that a `close` may be missed.
#[tokio::test]
async fn one_byte_above_ascii_hides_a_close_from_hyper() {
    let server = Server::of(plain()).await;
    let mut peer = Peer::connect(server.addr).await;
    let response =
        peer.ask(b"GET /plain HTTP/1.1\r\nhost: x\r\nconnection: close, \xa0\r\n\r\n").await;
    assert!(!response.says("close"), "hyper missed it: {}", response.head);
    assert!(peer.is_reusable().await, "the connection persists");
}

/// Why `options-over-several-lines` is seldom on the wire of a hyper server, though handlers write it.
#[tokio::test]
async fn a_hyper_server_writes_all_connection_lines_as_one() {
    let lines = ["x-a", "Te"].map(|line| (header::CONNECTION, HeaderValue::from_static(line)));
    let handler = || async { (AppendHeaders(lines), "lines") };
    let server = Server::of(Router::new().route("/lines", get(handler))).await;
    let mut peer = Peer::connect(server.addr).await;
    let response = peer.ask("GET /lines HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(response.lines("connection"), ["x-a, Te"], "as one: {}", response.head);
}

/// Why `close` wins in `close-keep-alive-conflict`.
#[tokio::test]
async fn close_wins_over_keep_alive_in_any_order() {
    let server = Server::of(plain()).await;
    for lines in [
        "connection: close, keep-alive",
        "connection: keep-alive, close",
        "connection: keep-alive\r\nconnection: close",
        "connection: close\r\nconnection: keep-alive",
    ] {
        for version in ["1.1", "1.0"] {
            let mut peer = Peer::connect(server.addr).await;
            peer.ask(format!("GET /plain HTTP/{version}\r\nhost: x\r\n{lines}\r\n\r\n")).await;
            assert!(peer.is_closed().await, "{lines:?} in HTTP/{version} closes");
        }
    }
}

/// Why lints of malformed heads are not among the catalogue: no layer sees them.
#[tokio::test]
async fn a_head_that_cannot_be_parsed_reaches_no_layer() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let app = plain().layer(from_fn(move |request, next: axum::middleware::Next| {
        counter.fetch_add(1, Ordering::Relaxed);
        next.run(request)
    }));
    let server = Server::of(app).await;
    let mut peer = Peer::connect(server.addr).await;
    let response = peer.ask("GET /plain HTTP/1.1\r\nhost x\r\n\r\n").await;
    assert_eq!(response.status(), 400, "hyper answers by itself");
    assert!(peer.is_closed().await, "and closes");
    assert_eq!(calls.load(Ordering::Relaxed), 0, "no layer was asked");
}

/// Why nothing is lost where `connection-field-in-http2` is only reported, on both sides.
#[tokio::test]
async fn hyper_strips_connection_specific_fields_on_http2() {
    let seen = get(|headers: HeaderMap| async move { format!("{headers:?}") });
    let server = Server::auto(closing().route("/seen", seen)).await;
    let mut builder = Client::builder(TokioExecutor::new());
    let mut client = builder.http2_only(true).build_http::<http_body_util::Full<bytes::Bytes>>();

    let response = call(&mut client, request(&server.url("/close"), &[])).await;
    assert_eq!(response.version(), Version::HTTP_2, "HTTP/2 is spoken");
    assert!(!response.headers().contains_key(header::CONNECTION), "from the response");

    let mut sent = request(&server.url("/seen"), &["close, x-hop"]);
    sent.headers_mut().insert("x-hop", HeaderValue::from_static("1"));
    sent.headers_mut().insert("keep-alive", HeaderValue::from_static("timeout=5"));
    let response = call(&mut client, sent).await;
    assert_eq!(response.status(), StatusCode::OK, "the request is not malformed");
    let seen = String::from_utf8_lossy(response.body());
    for field in ["connection", "keep-alive", "x-hop"] {
        assert!(!seen.contains(field), "{field} is stripped from the request: {seen}");
    }
    assert_eq!(server.connections(), 1, "a close ends no HTTP/2 connection");
}

/// Why an outgoing request of HTTP/1.1 says nothing of the wire before its response.
#[tokio::test]
async fn a_request_keeps_its_version_whatever_the_wire_speaks() {
    let server = Server::auto(plain()).await;
    let mut builder = Client::builder(TokioExecutor::new());
    let mut client = builder.http2_only(true).build_http::<http_body_util::Full<bytes::Bytes>>();
    let sent = request(&server.url("/plain"), &[]);
    assert_eq!(sent.version(), Version::HTTP_11, "as it is built");
    assert_eq!(call(&mut client, sent).await.version(), Version::HTTP_2, "as it was sent");
}

/// Why a fix stands aside for a body whose end nobody saw.
#[tokio::test]
async fn a_large_body_that_is_left_unread_ends_the_connection_without_a_word() {
    let app = plain().route("/unread", post(|| async { "unread" }));
    let server = Server::of(app).await;
    let mut peer = Peer::connect(server.addr).await;
    // The head and a part of the body: the rest is never read.
    peer.send("POST /unread HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\nabc").await;
    let response = peer.message().await.expect("the handler answers");
    assert!(!response.says("close"), "nothing announces the end: {}", response.head);
    assert!(peer.is_closed().await, "the connection ends");
}

// === fixtures ===

/// Why a request without the one is not asked for the other, and one with a single extension for none.
#[tokio::test]
async fn a_router_leaves_the_original_uri_before_it_matches_and_never_alone_where_it_strips() {
    async fn told(request: Request) -> String {
        let extensions = request.extensions();
        let matched = extensions.get::<MatchedPath>().map_or("none", MatchedPath::as_str);
        let original = extensions.get::<OriginalUri>().map_or("none", |original| original.path());
        let is_alone = extensions.len() < 2;
        if is_alone {
            assert_eq!((matched, original), ("none", request.uri().path()));
        }
        format!("{matched} {original}")
    }
    let inner = || Router::new().route("/items/{id}", get(told)).fallback(told);
    let app = Router::new()
        .route("/plain/{id}", get(told))
        .nest("/nested", inner())
        .nest("/twice", Router::new().nest("/nested", inner()))
        .nest_service("/service", inner())
        .merge(Router::new().route("/merged", get(told)))
        .fallback(told);
    for (path, expected) in [
        ("/plain/1", "/plain/{id} /plain/1"),
        ("/nested/items/1", "/nested/items/{id} /nested/items/1"),
        ("/twice/nested/items/1", "/twice/nested/items/{id} /twice/nested/items/1"),
        ("/service/items/1", "/service/items/{id} /service/items/1"),
        ("/merged", "/merged /merged"),
        ("/unknown", "none /unknown"),
    ] {
        assert_eq!(body_of(&app, path).await, expected);
    }
    for path in ["/nested/unknown", "/twice/unknown", "/twice/nested/unknown", "/service/unknown"] {
        let body = body_of(&app, path).await;
        assert!(body.ends_with(path), "{path}: {body}");
    }
}

async fn body_of(app: &Router, path: &str) -> String {
    let response = app.clone().oneshot(request_to(path)).await.expect("no error");
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a text");
    String::from_utf8(body.into()).expect("a text")
}

fn request_to(path: &str) -> Request {
    Request::get(path).body(Body::empty()).expect("the path is well-formed")
}

fn plain() -> Router {
    Router::new().route("/plain", get(|| async { "plain" }))
}

fn closing() -> Router {
    plain().route("/close", get(|| async { ([(header::CONNECTION, "close")], "close") }))
}
