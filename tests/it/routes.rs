//! The same handler under routes that the policy treats differently.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::routing::{any, get, post};
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_conn_lint::lint::{self, Action, Findings, Level};
use tower_conn_lint::outbound::Error;
use tower_conn_lint::policy::PolicyBuilder;
use tower_conn_lint::{ConnLint, Denied, Policy, Preset, Route};

use crate::client::{call, get as request, pool};
use crate::found::{Found, lint, lint_by};
use crate::raw::Peer;
use crate::server::Server;
use crate::upstream::Upstream;

#[tokio::test]
async fn each_route_is_treated_as_its_level_says() {
    let (server, found, _) = serve(ConnLint::builder().policy(policy())).await;
    for (path, says_close, level, action) in [
        ("/warned", true, Some(Level::Warn), Action::None),
        ("/fixed", false, Some(Level::Fix), Action::Rewritten),
        ("/allowed", true, None, Action::None),
        ("/parent/fixed/child", false, Some(Level::Fix), Action::Rewritten),
        ("/elsewhere", true, Some(Level::Warn), Action::None),
    ] {
        let mut peer = Peer::connect(server.addr).await;
        let response = peer.ask(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
        assert_eq!(response.status(), 200, "{path}: the handler answers");
        assert_eq!(response.says("close"), says_close, "{path} got {}", response.head);
        assert_eq!(!peer.is_reusable().await, says_close, "{path}: as the header says");
        match level {
            None => assert!(found.all().is_empty(), "{path} is silent: {:?}", found.lints()),
            Some(level) => {
                let finding = found.one(lint::HANDLER_SENDS_CLOSE);
                assert_eq!((finding.level, finding.action), (level, action), "{path}");
            }
        }
        found.clear();
    }
}

#[tokio::test]
async fn a_denied_request_gets_problem_details_and_no_handler() {
    let (server, found, calls) = serve(ConnLint::builder().policy(policy())).await;
    let mut peer = Peer::connect(server.addr).await;
    let response = peer
        .ask(
            "POST /denied?secret-query HTTP/1.1\r\nhost: secret-host\r\nconnection: close, secret-option\r\n\
             x-secret: secret-value\r\ncontent-length: 6\r\n\r\nsecret",
        )
        .await;
    assert_eq!(response.status(), 400, "the default status of a denial");
    assert_eq!(response.lines("content-type"), ["application/problem+json"]);
    let body: serde_json::Value = serde_json::from_slice(&response.body).expect("it is JSON");
    assert_eq!(body["lint"], "caller-sends-close");
    assert_eq!(body["status"], 400);
    for member in ["type", "title", "detail"] {
        let text = body[member].as_str().unwrap_or_default();
        assert!(!text.is_empty(), "{member} says something: {body}");
    }
    let whole = format!("{}{body}", response.head);
    assert!(!whole.contains("secret"), "nothing of the request is echoed: {whole}");
    assert_eq!(calls.load(Ordering::Relaxed), 0, "the handler was not called");
    assert_eq!(found.one(lint::CALLER_SENDS_CLOSE).action, Action::Denied);
    found.clear();

    let mut peer = Peer::connect(server.addr).await;
    let response = peer.ask("GET /denied HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(response.status(), 200, "a clean request is served");
    let mut peer = Peer::connect(server.addr).await;
    let response = peer.ask("GET /fixed HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert_eq!(response.status(), 200, "another route denies nothing");
    assert_eq!(found.one(lint::CALLER_SENDS_CLOSE).action, Action::None);
}

#[tokio::test]
async fn the_environment_switches_everything_off() {
    let builder = ConnLint::builder().policy(policy()).environment("off");
    let (server, found, calls) = serve(builder).await;
    for path in ["/warned", "/fixed", "/allowed", "/parent/fixed/child"] {
        let mut peer = Peer::connect(server.addr).await;
        let response = peer.ask(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
        assert!(response.says("close"), "{path} is as the handler wrote it");
    }
    let mut peer = Peer::connect(server.addr).await;
    let response = peer.ask("GET /denied HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert_eq!(response.status(), 200, "nothing is denied");
    assert_eq!(calls.load(Ordering::Relaxed), 5, "the handler was called each time");
    assert!(found.all().is_empty(), "nothing is found: {:?}", found.lints());
}

#[tokio::test]
async fn under_observe_nothing_acts_and_all_is_reported() {
    let builder = ConnLint::builder().policy(policy()).environment("observe");
    let (server, found, _) = serve(builder).await;
    let mut peer = Peer::connect(server.addr).await;
    assert!(peer.ask("GET /fixed HTTP/1.1\r\nhost: x\r\n\r\n").await.says("close"));
    assert_eq!(found.one(lint::HANDLER_SENDS_CLOSE).action, Action::None);
    found.clear();
    let mut peer = Peer::connect(server.addr).await;
    let response = peer.ask("GET /denied HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert_eq!(response.status(), 200, "nothing is denied");
    assert_eq!(found.one(lint::CALLER_SENDS_CLOSE).level, Level::Warn);
}

#[tokio::test]
async fn a_denial_is_told_in_the_responses_extensions() {
    let (lint, found) = lint(policy());
    let handler = service_fn(|_: Request<Body>| async {
        panic!("a denied request reached the handler");
        #[expect(unreachable_code, reason = "the service's type")]
        Ok::<_, std::convert::Infallible>(Response::new(Body::empty()))
    });
    let request = Request::get("/denied").header(header::CONNECTION, "close");
    let request = request.body(Body::empty()).unwrap();
    let response = lint.inbound().layer(handler).oneshot(request).await.unwrap();

    let denied = response.extensions().get::<Denied>().expect("a layer outside can tell");
    assert_eq!(denied.lint(), lint::CALLER_SENDS_CLOSE);
    assert_eq!(denied.status(), StatusCode::BAD_REQUEST);
    let findings = response.extensions().get::<Findings>().expect("with what was found");
    assert_eq!(findings.get(lint::CALLER_SENDS_CLOSE).unwrap().action, Action::Denied);
    assert_eq!(found.lints(), ["caller-sends-close"], "it is reported once");
}

#[tokio::test]
async fn a_denial_has_the_status_that_the_policy_names() {
    let (server, _, _) = serve(
        ConnLint::builder().policy(builder().deny_status(StatusCode::FORBIDDEN).build().unwrap()),
    )
    .await;
    let mut peer = Peer::connect(server.addr).await;
    let response = peer.ask("GET /denied HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert_eq!(response.status(), 403);
    let body: serde_json::Value = serde_json::from_slice(&response.body).expect("it is JSON");
    assert_eq!(body["status"], 403, "the problem details say the same");
}

#[tokio::test]
async fn a_denial_says_close_where_the_content_that_it_leaves_ends_the_connection() {
    let policy = Policy::builder().deny(lint::PROXY_CONNECTION_SENT).build().unwrap();
    let (server, _, _) = serve(ConnLint::builder().policy(policy)).await;
    let head = "POST /denied HTTP/1.1\r\nhost: x\r\nproxy-connection: x\r\n";

    let mut peer = Peer::connect(server.addr).await;
    for _ in 0..3 {
        let response = peer.ask(format!("{head}content-length: 3\r\n\r\nabc")).await;
        assert_eq!(response.status(), 400);
        assert!(!response.says("close"), "a short content is read, and the connection lives on");
    }
    for announced in ["content-length: 65536", "transfer-encoding: chunked"] {
        let mut peer = Peer::connect(server.addr).await;
        let response = peer.ask(format!("{head}{announced}\r\n\r\n")).await;
        assert_eq!(response.status(), 400);
        assert!(response.says("close"), "{announced}: the connection is about to end");
        assert!(peer.message().await.is_none(), "{announced}: and it ends");
    }
}

#[tokio::test]
async fn a_denied_grpc_call_gets_a_status_of_grpc() {
    let (lint, _) = lint(policy());
    let app = app(Arc::default()).layer(lint.inbound());
    let request = Request::post("/denied")
        .header(header::CONNECTION, "close")
        .header(header::CONTENT_TYPE, "application/grpc+proto")
        .body(Body::empty())
        .unwrap();
    let response = app.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "gRPC fails in its own fields");
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/grpc");
    assert_eq!(response.headers()["grpc-status"], "3", "INVALID_ARGUMENT for 400");
    let message = response.headers()["grpc-message"].to_str().unwrap().to_owned();
    assert!(message.contains("caller-sends-close"), "the lint is named: {message}");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(body.is_empty(), "there is no message: {body:?}");
}

#[tokio::test]
async fn every_lint_that_can_be_denied_is_answered_with_json() {
    for denied in lint::all().filter(|lint| lint.can_deny(lint::Message::ReceivedRequest)) {
        let policy = Policy::builder().deny(denied).build().unwrap();
        let (lint, _) = lint(policy);
        let service = lint.inbound().layer(service_fn(|_: Request<()>| async {
            Ok::<_, std::convert::Infallible>(Response::new("served".to_owned()))
        }));
        let mut answered = false;
        for (version, fields) in [
            (http::Version::HTTP_11, &[("connection", "close")][..]),
            (http::Version::HTTP_10, &[]),
            (http::Version::HTTP_2, &[("connection", "close")]),
            (
                http::Version::HTTP_11,
                &[("connection", "close, keep-alive, upgrade"), ("upgrade", "x")],
            ),
            (http::Version::HTTP_11, &[("connection", "closed"), ("connection", "a b")]),
            (http::Version::HTTP_11, &[("keep-alive", "300"), ("proxy-connection", "close")]),
            (
                http::Version::HTTP_11,
                &[("connection", "connection, via, host, a, b, c, d, e, f, g")],
            ),
        ] {
            let mut request = Request::get("/").version(version);
            for (name, value) in fields {
                request = request.header(*name, *value);
            }
            let response = service.clone().oneshot(request.body(()).unwrap()).await.unwrap();
            if response.extensions().get::<Denied>().is_some() {
                let body: serde_json::Value = serde_json::from_str(response.body())
                    .unwrap_or_else(|error| panic!("{denied}: {error}: {}", response.body()));
                assert_eq!(body["lint"], denied.name());
                answered = true;
            }
        }
        assert!(answered || denied == lint::OBS_TEXT_IN_CONNECTION, "{denied} was denied once");
    }
}

#[tokio::test]
async fn a_nested_route_matches_by_the_whole_path() {
    let policy = Policy::builder()
        .route(Route::inbound("/api/v1/users/{id}").fix(lint::HANDLER_SENDS_CLOSE))
        .build()
        .unwrap();
    // The layer inside of the nest sees the stripped path only.
    for inside in [false, true] {
        let (lint, found) = lint(policy.clone());
        let users = Router::new().route("/users/{id}", closing(Arc::default()));
        let app = match inside {
            true => Router::new().nest("/api/v1", users.layer(lint.inbound())),
            false => Router::new().nest("/api/v1", users).layer(lint.inbound()),
        };
        let server = Server::of(app).await;
        let mut peer = Peer::connect(server.addr).await;
        let response = peer.ask("GET /api/v1/users/7?q HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert_eq!(response.status(), 200, "inside: {inside}");
        assert!(!response.says("close"), "the route is found, inside: {inside}");
        assert_eq!(found.one(lint::HANDLER_SENDS_CLOSE).route.as_str(), "/api/v1/users/{id}");
    }
}

#[tokio::test]
async fn without_a_route_of_the_policy_the_routers_own_names_the_finding() {
    let (lint, found) = lint(Preset::Observe1);
    let users = Router::new().route("/users/{id}", closing(Arc::default()));
    let app = Router::new().nest("/api/v1", users).layer(lint.inbound());
    let request = Request::get("/api/v1/users/7").body(Body::empty()).unwrap();
    app.oneshot(request).await.unwrap();
    assert_eq!(found.one(lint::HANDLER_SENDS_CLOSE).route.as_str(), "/api/v1/users/{id}");
}

#[tokio::test]
async fn a_denied_call_is_not_sent() {
    let policy = Policy::builder()
        .route(Route::outbound("POST gateway /v1/{*rest}").deny(lint::CLIENT_SENDS_CLOSE))
        .build()
        .unwrap();
    let (lint, found) = lint(policy);
    let upstream = Upstream::plain().await;
    let mut client = lint.outbound("gateway").layer(pool());

    let mut denied = request(&upstream.url("/v1/login"), &["close"]);
    *denied.method_mut() = http::Method::POST;
    let error = client.ready().await.unwrap();
    let error = tower::Service::call(error, denied).await.expect_err("it is denied");
    let Error::Denied(denied) = &error else { panic!("not denied, but {error}") };
    assert_eq!(denied.lint(), lint::CLIENT_SENDS_CLOSE);
    assert_eq!(upstream.connections(), 0, "nothing was dialled");
    assert_eq!(found.one(lint::CLIENT_SENDS_CLOSE).action, Action::Denied);
    found.clear();

    call(&mut client, request(&upstream.url("/v1/login"), &["close"])).await;
    assert_eq!(upstream.take().len(), 1, "another method is sent");
    assert_eq!(found.one(lint::CLIENT_SENDS_CLOSE).action, Action::None);
}

#[tokio::test]
async fn what_a_handler_did_is_never_thrown_away() {
    let everything = lint::all().map(|lint| format!("{lint}=deny"));
    // Those that fire on this request would deny it before it is carried out.
    let everything = everything.filter(|setting| !setting.starts_with("caller-sends-close"));
    let everything: Vec<String> = everything.collect();
    let builder = ConnLint::builder().policy(Preset::Strict1).environment(everything.join(","));
    let (lint, found) = lint_by(builder);
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let pay = move |body: String| async move {
        counter.fetch_add(1, Ordering::Relaxed);
        let fields = [("connection", "close, keep-alive, a b"), ("keep-alive", "timeout=0")];
        (StatusCode::CREATED, fields, format!("paid {body}"))
    };
    let server = Server::of(Router::new().route("/pay", post(pay)).layer(lint.inbound())).await;
    let mut peer = Peer::connect(server.addr).await;
    let response = peer.ask("POST /pay HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n10").await;
    assert_eq!(response.status(), 201, "the handler's status");
    assert_eq!(response.body, b"paid 10", "the handler's content");
    assert!(response.says("close"), "the handler's fields: {}", response.head);
    assert_eq!(calls.load(Ordering::Relaxed), 1, "the handler was called once");
    assert!(!found.all().is_empty(), "there was something to deny");
    assert!(found.all().iter().all(|finding| finding.action == Action::None), "{:?}", found.all());
}

// === fixtures ===

fn policy() -> Policy {
    builder().build().expect("the policy is well-formed")
}

fn builder() -> PolicyBuilder {
    Policy::builder()
        .route(Route::inbound("/warned").warn(lint::HANDLER_SENDS_CLOSE))
        .route(Route::inbound("GET /fixed").fix(lint::HANDLER_SENDS_CLOSE))
        .route(Route::inbound("/allowed").allow(lint::HANDLER_SENDS_CLOSE))
        .route(Route::inbound("/parent/fixed/{*rest}").fix(lint::HANDLER_SENDS_CLOSE))
        .route(
            Route::inbound("/denied")
                .deny(lint::CALLER_SENDS_CLOSE)
                .allow(lint::HANDLER_SENDS_CLOSE),
        )
}

/// A server with one handler under every route, what is found there, and the handler's calls.
async fn serve(builder: tower_conn_lint::ConnLintBuilder) -> (Server, Found, Arc<AtomicUsize>) {
    let (lint, found) = lint_by(builder);
    let calls = Arc::new(AtomicUsize::new(0));
    (Server::of(app(calls.clone()).layer(lint.inbound())).await, found, calls)
}

fn app(calls: Arc<AtomicUsize>) -> Router {
    let handler = || closing(calls.clone());
    Router::new()
        .route("/plain", get(|| async { "plain" }))
        .route("/warned", handler())
        .route("/fixed", handler())
        .route("/allowed", handler())
        .route("/denied", handler())
        .route("/elsewhere", handler())
        .nest("/parent", Router::new().route("/fixed/{child}", handler()))
}

fn closing(calls: Arc<AtomicUsize>) -> axum::routing::MethodRouter {
    any(move || async move {
        calls.fetch_add(1, Ordering::Relaxed);
        ([(header::CONNECTION, "close")], "closing")
    })
}
