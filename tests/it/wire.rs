//! What the fixes of `recommended-1` make of messages, read by a peer without a library.

use axum::Router;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower::{Layer as _, Service as _, ServiceExt as _};
use tower_conn_lint::lint::{self, Action, Findings, StandAside};
use tower_conn_lint::{ConnHandle, IntentionalClose, Policy, Preset};

use crate::client::{call, get as request, pool};
use crate::found::{Found, lint};
use crate::raw::Peer;
use crate::server::{Server, echo_upgraded};
use crate::upstream::Upstream;
use crate::within::within;

/// `Connection` lines as they are written, and as they have to go out.
const LINES: &[(&[&str], &[&str])] = &[
    (&["close"], &[]),
    (&["CLOSE , close,"], &[]),
    (&["Upgrade, close, TE"], &["Upgrade, TE"]),
    (&["close", "X-Foo"], &["X-Foo"]),
    (&["x-a ,CLOSE", "Te,Close", "uPGRADE"], &["x-a", "Te", "uPGRADE"]),
    (&["te", "close", "x-b"], &["te", "x-b"]),
    (&["disclose, close"], &["disclose"]),
    (&["close, a b"], &["a b"]),
];

#[tokio::test]
async fn exactly_the_option_close_goes_from_a_handlers_response() {
    let (server, found) = recommended(handlers()).await;
    let mut peer = Peer::connect(server.addr).await;
    for (written, expected) in LINES {
        let wanted = written.join("|");
        let response =
            peer.ask(format!("GET /lines HTTP/1.1\r\nhost: x\r\nx-lines: {wanted}\r\n\r\n")).await;
        // hyper writes all lines as one.
        let options = response.lines("connection").join(", ");
        assert_eq!(options, expected.join(", "), "{written:?} without its close");
        assert_eq!(response.lines("x-other"), ["a", "b"], "other fields stay beside {written:?}");
        assert_eq!(response.body, b"lines", "the content stays beside {written:?}");
    }
    assert_eq!(server.connections(), 1, "one connection served all of them");
    let findings = found.of(lint::HANDLER_SENDS_CLOSE);
    assert_eq!(findings.len(), LINES.len(), "each was found: {:?}", found.lints());
    assert!(findings.iter().all(|f| f.action == Action::Rewritten), "{findings:?}");
}

#[tokio::test]
async fn exactly_the_option_close_goes_from_a_clients_request() {
    let (lint, found) = lint(Preset::Recommended1);
    let upstream = Upstream::plain().await;
    let mut client = lint.outbound("gateway").layer(pool());
    for (written, expected) in LINES {
        let mut sent = request(&upstream.url("/"), written);
        sent.headers_mut().append("x-other", HeaderValue::from_static("A"));
        sent.headers_mut().append("x-other", HeaderValue::from_static("b"));
        call(&mut client, sent).await;
        let read = upstream.take().pop().expect("the request was sent");
        assert_eq!(read.lines("connection"), *expected, "{written:?} without its close");
        assert_eq!(read.lines("x-other"), ["A", "b"], "other fields stay beside {written:?}");
    }
    assert!(upstream.connections() <= 2, "{} connections were dialled", upstream.connections());
    assert_eq!(found.of(lint::CLIENT_SENDS_CLOSE).len(), LINES.len(), "each was found");
}

#[tokio::test]
async fn a_taken_upgrade_passes_the_server_untouched() {
    for connection in ["Upgrade", "Upgrade, close"] {
        let bare = Server::of(handlers()).await;
        let (linted, found) = recommended(handlers()).await;
        let mut answers = Vec::new();
        for server in [&bare, &linted] {
            let mut peer = Peer::connect(server.addr).await;
            peer.send(format!(
                "GET /upgrade HTTP/1.1\r\nhost: x\r\nx-lines: {connection}\r\n\
                 connection: Upgrade\r\nupgrade: echo\r\n\r\n",
            ))
            .await;
            let switched = peer.message().await.expect("the server answers");
            assert_eq!(switched.status(), 101, "{connection}: the upgrade is taken");
            assert_eq!(switched.lines("connection"), [connection], "{connection}: untouched");
            assert_eq!(switched.lines("upgrade"), ["echo"], "{connection}: untouched");
            peer.send("ping").await;
            answers.push(peer.rest().await);
        }
        assert_eq!(answers[1], b"ping", "{connection}: the upgraded bytes flow");
        assert_eq!(answers[0], answers[1], "{connection}: as without the lint");
        let actions: Vec<_> = found.all().iter().map(|finding| finding.action).collect();
        assert!(actions.iter().all(|action| *action == Action::None), "no act: {actions:?}");
    }
}

#[tokio::test]
async fn a_taken_upgrade_passes_the_client_untouched() {
    let (lint, found) = lint(Preset::Recommended1);
    let upstream = Upstream::answering(|_| {
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n"
    })
    .await;
    let mut client = lint.outbound("gateway").layer(pool());
    let mut offer = request(&upstream.url("/"), &["Upgrade"]);
    offer.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("echo"));

    within("an upgrade", async {
        let switched = client.ready().await.expect("ready").call(offer).await.expect("an answer");
        assert_eq!(switched.status(), StatusCode::SWITCHING_PROTOCOLS, "the upgrade is taken");
        assert_eq!(switched.headers()[header::CONNECTION], "upgrade", "untouched");
        let mut io = TokioIo::new(hyper::upgrade::on(switched).await.expect("it upgrades"));
        io.write_all(b"ping").await.expect("the greeting goes");
        let mut echo = [0; 4];
        io.read_exact(&mut echo).await.expect("the echo comes");
        assert_eq!(&echo, b"ping", "the upgraded bytes flow");
    })
    .await;
    let sent = upstream.take();
    assert!(sent.iter().all(|sent| sent.lines("connection") == ["Upgrade"]), "{sent:?}");
    assert!(found.all().is_empty(), "there is nothing to find: {:?}", found.lints());
}

#[tokio::test]
async fn a_drain_keeps_its_close() {
    let (lint, found) = lint(Preset::Recommended1);
    let draining = ConnHandle::new();
    let told = draining.clone();
    let app = handlers().layer(lint.inbound()).layer(middleware::from_fn(
        move |mut request: axum::extract::Request, next: Next| {
            request.extensions_mut().insert(told.clone());
            next.run(request)
        },
    ));
    let server = Server::of(app).await;
    let mut peer = Peer::connect(server.addr).await;
    assert!(!peer.ask("GET /close HTTP/1.1\r\nhost: x\r\n\r\n").await.says("close"), "before");
    found.clear();

    draining.draining();
    assert!(
        peer.ask("GET /close HTTP/1.1\r\nhost: x\r\n\r\n").await.says("close"),
        "while it drains"
    );
    assert!(peer.is_closed().await, "the connection ends with it");
    assert!(found.all().is_empty(), "a drain is no finding: {:?}", found.lints());
}

#[tokio::test]
async fn an_intentional_close_stays() {
    let (server, found) = recommended(handlers()).await;
    let mut peer = Peer::connect(server.addr).await;
    let response = peer.ask("GET /intended HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(response.lines("connection"), ["close"], "it says close once, by itself");
    assert!(peer.is_closed().await, "the connection ends with it");
    assert!(found.all().is_empty(), "it is no finding: {:?}", found.lints());

    let (lint, found) = lint(Preset::Recommended1);
    let upstream = Upstream::plain().await;
    let mut client = lint.outbound("gateway").layer(pool());
    let mut last = request(&upstream.url("/"), &["close"]);
    last.extensions_mut().insert(IntentionalClose("the last call"));
    call(&mut client, last).await;
    assert_eq!(upstream.take()[0].lines("connection"), ["close"], "the client's stays too");
    assert!(found.all().is_empty(), "it is no finding: {:?}", found.lints());
}

#[tokio::test]
async fn a_one_shot_client_keeps_its_close() {
    let (lint, found) = lint(Preset::Recommended1);
    let upstream = Upstream::plain().await;
    let mut client = lint.outbound("cli").one_shot().layer(pool());
    call(&mut client, request(&upstream.url("/"), &["close"])).await;
    assert_eq!(upstream.take()[0].lines("connection"), ["close"], "a declared close stays");
    assert!(found.all().is_empty(), "it is no finding: {:?}", found.lints());
}

#[tokio::test]
async fn an_http10_client_is_told_nothing_false() {
    let bare = Server::of(handlers()).await;
    let (linted, _) = recommended(handlers()).await;
    for (request, persists) in [
        ("GET /plain HTTP/1.0\r\n\r\n", false),
        ("GET /close HTTP/1.0\r\n\r\n", false),
        ("GET /close HTTP/1.0\r\nconnection: keep-alive\r\n\r\n", false),
        ("GET /plain HTTP/1.0\r\nconnection: keep-alive\r\n\r\n", true),
    ] {
        let mut options = Vec::new();
        for server in [&bare, &linted] {
            let mut peer = Peer::connect(server.addr).await;
            let response = peer.ask(request).await;
            let says_so = response.says("keep-alive") && !response.says("close");
            assert_eq!(says_so, persists, "{request:?} got {}", response.head);
            let kept = match persists {
                true => peer.is_reusable().await,
                false => !peer.is_closed().await,
            };
            assert_eq!(kept, persists, "{request:?}: the connection does what was said");
            options.push(response.lines("connection").join(", "));
        }
        assert_eq!(options[0], options[1], "{request:?}: as without the lint");
    }
}

#[tokio::test]
async fn a_close_stays_where_the_status_calls_for_it() {
    let (server, found) = recommended(handlers()).await;
    for status in [400, 408, 411, 413, 414, 417, 431, 500, 501, 502, 504, 505, 511] {
        let mut peer = Peer::connect(server.addr).await;
        let response = peer.ask(format!("GET /status/{status} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
        assert_eq!(response.status(), status, "the handler's status");
        assert!(response.says("close"), "{status} keeps its close: {}", response.head);
        assert!(peer.is_closed().await, "{status}: the connection ends with it");
    }
    assert!(found.all().is_empty(), "it is no finding: {:?}", found.lints());

    for status in [200, 204, 301, 304, 401, 403, 404, 405, 422] {
        let mut peer = Peer::connect(server.addr).await;
        let response = peer.ask(format!("GET /status/{status} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
        assert!(!response.says("close"), "{status} needs no close: {}", response.head);
        assert!(peer.is_reusable().await, "{status}: the connection persists");
    }
}

#[tokio::test]
async fn backpressure_keeps_its_close_unless_the_policy_names_the_lint() {
    let (server, found) = recommended(handlers()).await;
    for status in [429, 503] {
        let request = format!("GET /status/{status} HTTP/1.1\r\nhost: x\r\n\r\n");
        let mut peer = Peer::connect(server.addr).await;
        assert!(peer.ask(request).await.says("close"), "{status} keeps its close");
        assert_eq!(found.one(lint::CLOSE_AS_BACKPRESSURE).action, Action::None, "{status}");
        found.clear();
    }

    let policy = Policy::builder().fix(lint::CLOSE_AS_BACKPRESSURE).build().unwrap();
    let (lint, found) = lint(policy);
    let server = Server::of(handlers().layer(lint.inbound())).await;
    let mut peer = Peer::connect(server.addr).await;
    let request = "GET /status/503 HTTP/1.1\r\nhost: x\r\n\r\n";
    assert!(!peer.ask(request).await.says("close"), "the policy asks for it by name");
    assert_eq!(found.one(lint::CLOSE_AS_BACKPRESSURE).action, Action::Rewritten);
    found.clear();

    // Load is shed before the body is read: the connection can't persist.
    let request = "POST /status/503 HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc";
    assert!(peer.ask(request).await.says("close"), "the body may be unread");
    let action = found.one(lint::CLOSE_AS_BACKPRESSURE).action;
    assert_eq!(action, Action::StoodAside(StandAside::RequestBodyUnknown));
}

#[tokio::test]
async fn a_close_that_the_request_asked_for_stays_in_the_response() {
    let (server, found) = recommended(handlers()).await;
    for path in ["/close", "/plain"] {
        let mut peer = Peer::connect(server.addr).await;
        let response =
            peer.ask(format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).await;
        assert_eq!(response.lines("connection"), ["close"], "{path} answers the close");
        assert!(peer.is_closed().await, "{path}: the connection ends with it");
        assert_eq!(found.one(lint::CALLER_SENDS_CLOSE).action, Action::None, "{path}");
        found.clear();
    }
}

#[tokio::test]
async fn a_fix_stands_aside_for_a_body_that_may_be_unread() {
    let (server, found) = recommended(handlers()).await;
    for body in ["content-length: 3\r\n\r\nabc", "transfer-encoding: chunked\r\n\r\n0\r\n\r\n"] {
        let mut peer = Peer::connect(server.addr).await;
        let response = peer.ask(format!("POST /unread HTTP/1.1\r\nhost: x\r\n{body}")).await;
        assert!(response.says("close"), "nothing tells that the body was read: {body:?}");
        let action = found.one(lint::HANDLER_SENDS_CLOSE).action;
        assert_eq!(action, Action::StoodAside(StandAside::RequestBodyUnknown), "{body:?}");
        found.clear();
    }
    let mut peer = Peer::connect(server.addr).await;
    let response = peer.ask("POST /unread HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").await;
    assert!(!response.says("close"), "an empty body needs no reading");
    assert!(peer.is_reusable().await, "the connection persists");
}

#[tokio::test]
async fn what_the_handle_tells_of_the_body_decides() {
    let (lint, found) = lint(Preset::Recommended1);
    // Told by the path: this test knows what its handlers do.
    let tell = |mut request: axum::extract::Request, next: Next| {
        let handle = ConnHandle::new();
        handle.request_body_watched();
        if request.uri().path() == "/read" {
            handle.request_body_ended();
        }
        request.extensions_mut().insert(handle);
        next.run(request)
    };
    let app = handlers().layer(lint.inbound()).layer(middleware::from_fn(tell));
    let server = Server::of(app).await;

    let mut peer = Peer::connect(server.addr).await;
    let post = "HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc";
    assert!(!peer.ask(format!("POST /read {post}")).await.says("close"), "the body was read");
    assert!(peer.is_reusable().await, "the connection persists");
    assert_eq!(found.one(lint::HANDLER_SENDS_CLOSE).action, Action::Rewritten);
    found.clear();

    assert!(peer.ask(format!("POST /unread {post}")).await.says("close"), "it was not read");
    assert!(found.all().is_empty(), "then closing is right: {:?}", found.lints());
}

#[tokio::test]
async fn nothing_of_a_connection_reaches_an_http2_peer() {
    let (lint, found) = lint(Preset::Recommended1);
    let server = Server::auto(handlers().layer(lint.inbound())).await;
    let bare = Server::auto(handlers()).await;
    let http2 = || {
        let mut builder = Client::builder(TokioExecutor::new());
        builder.http2_only(true).build_http::<http_body_util::Full<bytes::Bytes>>()
    };
    for path in ["/close", "/plain", "/intended", "/status/503", "/fields"] {
        let linted = call(&mut http2(), request(&server.url(path), &[])).await;
        let plain = call(&mut http2(), request(&bare.url(path), &[])).await;
        assert_eq!(linted.version(), Version::HTTP_2, "{path}: HTTP/2 is spoken");
        assert!(!linted.headers().contains_key(header::CONNECTION), "{path}: {linted:?}");
        let undated = |headers: &HeaderMap| {
            let mut headers = headers.clone();
            headers.remove(header::DATE);
            headers
        };
        assert_eq!(undated(linted.headers()), undated(plain.headers()), "{path}: nothing is added");
        assert_eq!(linted.body(), plain.body(), "{path}: the content is the same");
    }
    assert!(
        found.all().iter().all(|finding| finding.lint == lint::CONNECTION_FIELD_IN_HTTP2),
        "no close is found where it means nothing: {:?}",
        found.lints(),
    );
    assert_eq!(found.all().len(), 3, "/close, /status/503 and /fields: {:?}", found.lints());
}

#[tokio::test]
async fn an_http2_upstream_is_not_said_to_be_closed() {
    let (lint, found) = lint(Preset::Observe1);
    let server = Server::auto(handlers()).await;
    let mut builder = Client::builder(TokioExecutor::new());
    let mut client = lint
        .outbound("gateway")
        .layer(builder.http2_only(true).build_http::<http_body_util::Full<bytes::Bytes>>());
    let response = call(&mut client, request(&server.url("/plain"), &["close"])).await;
    assert_eq!(response.version(), Version::HTTP_2, "HTTP/2 is spoken");
    let finding = found.one(lint::CONNECTION_FIELD_IN_HTTP2);
    assert_eq!(finding.version, Some(Version::HTTP_2), "the response told the version");
    assert_eq!(response.extensions().get::<Findings>().map(|all| all.iter().count()), Some(1));
}

// === fixtures ===

/// A server with the recommended fixes.
async fn recommended(app: Router) -> (Server, Found) {
    let (lint, found) = lint(Preset::Recommended1);
    (Server::of(app.layer(lint.inbound())).await, found)
}

fn handlers() -> Router {
    const CLOSE: [(&str, &str); 1] = [("connection", "close")];

    Router::new()
        .route("/plain", get(|| async { "plain" }))
        .route("/close", get(|| async { (CLOSE, "close") }))
        .route("/lines", get(lines))
        .route("/upgrade", get(upgrade))
        .route("/intended", get(|| async { (IntentionalClose("rebalance"), "intended") }))
        .route("/status/{status}", any(status))
        .route("/unread", post(|| async { (CLOSE, "unread") }))
        .route("/read", post(|_: String| async { (CLOSE, "read") }))
        .route("/fields", get(|| async { ([("keep-alive", "timeout=5")], "fields") }))
}

/// Answers with the `Connection` lines that the request names.
async fn lines(request: HeaderMap) -> impl IntoResponse {
    let mut headers = connection_lines(&request);
    headers.append("x-other", HeaderValue::from_static("a"));
    headers.append("x-other", HeaderValue::from_static("b"));
    (headers, "lines")
}

fn connection_lines(request: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let lines = request["x-lines"].to_str().expect("the test writes ASCII");
    for line in lines.split('|') {
        let line = HeaderValue::from_str(line).expect("the test writes ASCII");
        headers.append(header::CONNECTION, line);
    }
    headers
}

async fn status(method: Method, path: axum::extract::Path<u16>) -> Response {
    let status = StatusCode::from_u16(path.0).expect("the test names a status");
    let text = if method == Method::HEAD { "" } else { "status" };
    (status, [(header::CONNECTION, "close")], text).into_response()
}

async fn upgrade(request: axum::extract::Request) -> impl IntoResponse {
    let mut headers = connection_lines(request.headers());
    headers.insert(header::UPGRADE, HeaderValue::from_static("echo"));
    tokio::spawn(echo_upgraded(request));
    (StatusCode::SWITCHING_PROTOCOLS, headers)
}
