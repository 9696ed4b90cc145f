//! The layer for servers among those that users stack around it.

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use axum::body::Body;
use axum::error_handling::HandleErrorLayer;
use axum::extract::State;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::routing::{get, post};
use axum::{BoxError, Router};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::combinators::{BoxBody, UnsyncBoxBody};
use http_body_util::{BodyExt as _, Full};
use tokio_test::{assert_pending, assert_ready_err, assert_ready_ok};
use tower::util::BoxCloneSyncService;
use tower::{Layer as _, ServiceBuilder, ServiceExt as _, service_fn};
use tower_conn_lint::lint::{self, Action, Findings, StandAside};
use tower_conn_lint::{Denied, Policy, Preset};
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use tower_test::mock;

use crate::chunks::Chunks;
use crate::found::lint;
use crate::raw::Peer;
use crate::server::Server;

const CLOSE: [(&str, &str); 1] = [("connection", "close")];

#[tokio::test]
async fn it_stands_anywhere_in_a_router() {
    let (lint, found) = lint(Preset::Recommended1);
    let pass = |request: axum::extract::Request, next: Next| next.run(request);
    let stateful =
        |State(_): State<u8>, request: axum::extract::Request, next: Next| next.run(request);
    let stack = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .layer(from_fn(pass))
        .layer(lint.inbound())
        .layer(from_fn(pass))
        .layer(TraceLayer::new_for_http())
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_secs(9)));
    let nested = Router::new()
        .route("/close", get(|State(state): State<u8>| async move { (CLOSE, state.to_string()) }))
        .route_layer(lint.inbound())
        .route_layer(from_fn_with_state(7, stateful));
    let export = lint.allow(lint::HANDLER_SENDS_CLOSE, "one-shot download");
    let app = Router::new()
        .nest("/nested", nested)
        .route("/close", get(|| async { (CLOSE, "close") }))
        .route("/export", get(|| async { (CLOSE, "export") }).layer(export))
        .nest_service("/service", lint.inbound().layer(get(|| async { (CLOSE, "service") })))
        .fallback(|| async { (StatusCode::NOT_FOUND, CLOSE, "nowhere") })
        .layer(from_fn(pass))
        .layer(stack)
        .layer(lint.inbound())
        .with_state(7);
    let server = Server::of(app).await;

    for (path, body) in [
        ("/close", &b"close"[..]),
        ("/nested/close", b"7"),
        ("/service", b"service"),
        ("/nowhere", b"nowhere"),
    ] {
        let mut peer = Peer::connect(server.addr).await;
        let response = peer.ask(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
        assert!(!response.says("close"), "{path} is fixed: {}", response.head);
        assert_eq!(response.body, body, "{path}: the content is the handler's");
        assert_eq!(found.one(lint::HANDLER_SENDS_CLOSE).action, Action::Rewritten, "{path}: once");
        found.clear();
    }
    let mut peer = Peer::connect(server.addr).await;
    let response = peer.ask("GET /export HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(response.says("close"), "the exception holds under the layers around it");
    assert_eq!(found.accepted(), ["handler-sends-close"], "it is counted as accepted");
    assert!(found.all().is_empty(), "and not reported: {:?}", found.lints());
}

#[tokio::test]
async fn the_callers_address_is_in_its_findings() {
    let (lint, found) = lint(Preset::Observe1);
    let app = Router::new().route("/plain", get(|| async { "plain" })).layer(lint.inbound());
    let server = Server::of(app).await;
    let mut peer = Peer::connect(server.addr).await;
    peer.ask("GET /plain HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    let finding = found.one(lint::CALLER_SENDS_CLOSE);
    assert_eq!(finding.caller.as_deref(), Some("127.0.0.1"), "without the port");
    assert_eq!(finding.route.as_str(), "/plain");
}

#[tokio::test]
async fn a_probe_is_left_alone() {
    let (lint, found) = lint(Preset::Recommended1);
    let app =
        Router::new().route("/healthz", get(|| async { (CLOSE, "ok") })).layer(lint.inbound());
    let server = Server::of(app).await;
    let mut peer = Peer::connect(server.addr).await;
    let response = peer
        .ask(
            "GET /healthz HTTP/1.1\r\nhost: x\r\nuser-agent: kube-probe/1.31\r\nconnection: close\r\n\r\n",
        )
        .await;
    assert!(response.says("close"), "nothing is rewritten");
    assert!(found.all().is_empty(), "nothing is found: {:?}", found.lints());
}

#[tokio::test(start_paused = true)]
async fn a_timeout_further_in_or_out_does_not_hide_a_request() {
    let (lint, found) = lint(Preset::Recommended1);
    let bound = Duration::from_secs(1);
    let never = || Router::new().route("/", get(pending::<&str>));
    let failed = |_: BoxError| async { (StatusCode::GATEWAY_TIMEOUT, CLOSE, "too late") };
    let apps = [
        never()
            .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, bound))
            .layer(lint.inbound()),
        never()
            .layer(lint.inbound())
            .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, bound)),
        never().layer(
            ServiceBuilder::new()
                .layer(HandleErrorLayer::new(failed))
                .layer(lint.inbound())
                .timeout(bound),
        ),
        never().layer(
            ServiceBuilder::new()
                .layer(lint.inbound())
                .layer(HandleErrorLayer::new(failed))
                .timeout(bound),
        ),
    ];
    for (index, app) in apps.into_iter().enumerate() {
        let response = app.oneshot(closing(Body::empty())).await.unwrap();
        assert!(
            matches!(response.status().as_u16(), 408 | 504),
            "stack {index}: the timeout answers, not {}",
            response.status(),
        );
        found.one(lint::CALLER_SENDS_CLOSE);
        found.clear();
    }
}

#[tokio::test]
async fn a_boxed_service_is_as_good() {
    let (lint, found) = lint(Preset::Recommended1);
    let service = BoxCloneSyncService::new(lint.inbound().layer(service_fn(text)));
    let service = BoxCloneSyncService::new(lint.inbound().layer(service));
    let response = service.oneshot(Request::new(String::new())).await.unwrap();
    assert!(!response.headers().contains_key(header::CONNECTION), "it is fixed");
    assert_eq!(found.one(lint::HANDLER_SENDS_CLOSE).action, Action::Rewritten);
}

#[tokio::test]
async fn a_denial_is_answered_in_every_known_body() {
    type Boxed = BoxError;
    assert_denied::<String>(true).await;
    assert_denied::<Body>(true).await;
    assert_denied::<Full<Bytes>>(true).await;
    assert_denied::<BoxBody<Bytes, Infallible>>(true).await;
    assert_denied::<BoxBody<Bytes, Boxed>>(true).await;
    assert_denied::<UnsyncBoxBody<Bytes, Infallible>>(true).await;
    assert_denied::<UnsyncBoxBody<Bytes, Boxed>>(true).await;
    assert_denied::<Wrapped>(false).await;
}

#[tokio::test]
async fn a_denial_is_answered_in_the_body_that_the_user_makes() {
    let (lint, found) = lint(denying());
    let service = lint.inbound().deny_with(|text: String| Wrapped(text.into())).layer(service_fn(
        |_: Request<()>| async { Ok::<_, Infallible>(Response::<Wrapped>::default()) },
    ));
    let response = service.oneshot(closing(())).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let body = response.into_body().0.collect().await.unwrap().to_bytes();
    let body: serde_json::Value = serde_json::from_slice(&body).expect("it is JSON");
    assert_eq!(body["lint"], "caller-sends-close");
    assert_eq!(found.one(lint::CALLER_SENDS_CLOSE).action, Action::Denied);
}

/// A layer further in may have changed the body's type, as `TraceLayer` does: `Router::layer`
/// takes that back, a `ServiceBuilder` does not.
#[tokio::test]
async fn a_changed_body_type_lets_a_denial_stand_aside_and_says_so() {
    let (lint, found) = lint(denying());
    let router = || Router::new().route("/", get(|| async { "served" }));
    let by_layers = router().layer(TraceLayer::new_for_http()).layer(lint.inbound());
    let response = by_layers.oneshot(closing(Body::empty())).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST, "each Router::layer boxes the body");
    found.clear();

    let stack = ServiceBuilder::new().layer(lint.inbound()).layer(TraceLayer::new_for_http());
    let response = router().layer(stack).oneshot(closing(Body::empty())).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "the request is served");
    let action = found.one(lint::CALLER_SENDS_CLOSE).action;
    assert_eq!(action, Action::StoodAside(StandAside::NoAnswer), "the finding says why");
}

#[tokio::test]
async fn a_handler_sees_what_was_found_on_its_request() {
    let (lint, _) = lint(Preset::Observe1);
    let handler = |request: axum::extract::Request| async move {
        let findings = request.extensions().get::<Findings>();
        findings.is_some_and(|found| found.contains(lint::CALLER_SENDS_CLOSE)).to_string()
    };
    let app = Router::new().route("/", post(handler).get(handler)).layer(lint.inbound());
    for (request, expected) in
        [(closing(Body::empty()), "true"), (Request::new(Body::empty()), "false")]
    {
        let response = app.clone().oneshot(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, expected, "whether the request has the finding");
    }
}

#[test]
fn the_readiness_of_the_service_within_is_passed_on() {
    let (lint, _) = lint(Preset::Observe1);
    let (mut service, mut handle) =
        mock::spawn_layer::<Request<()>, Response<String>, _>(lint.inbound());
    handle.allow(0);
    assert_pending!(service.poll_ready(), "the service within is busy");
    handle.allow(1);
    assert_ready_ok!(service.poll_ready(), "the service within is ready");
    handle.send_error("out of order");
    let error = assert_ready_err!(service.poll_ready(), "the service within failed");
    assert_eq!(error.to_string(), "out of order", "the error is passed on as it is");
}

// === fixtures ===

/// A body of a user's own, which nothing but the user can make.
#[derive(Debug, Default)]
struct Wrapped(Full<Bytes>);

impl http_body::Body for Wrapped {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        std::pin::Pin::new(&mut self.0).poll_frame(cx)
    }
}

fn denying() -> Policy {
    Policy::builder().deny(lint::CALLER_SENDS_CLOSE).build().expect("it is well-formed")
}

fn closing<B>(body: B) -> Request<B> {
    let request = Request::get("/").header(header::CONNECTION, "close");
    request.body(body).expect("the request is well-formed")
}

async fn text(request: Request<String>) -> Result<Response<String>, Infallible> {
    let response = Response::builder().header(header::CONNECTION, "close");
    Ok(response.body(request.into_body()).expect("the response is well-formed"))
}

/// Whether a denial is answered in this body type, by a service that never makes one.
async fn assert_denied<B>(answered: bool)
where
    B: http_body::Body + Default + Send + 'static,
    B::Data: Send,
    B::Error: std::fmt::Debug,
{
    let body = std::any::type_name::<B>();
    let (lint, found) = lint(denying());
    let service = lint.inbound().layer(service_fn(|_: Request<Chunks>| async {
        Ok::<_, Infallible>(Response::new(B::default()))
    }));
    let response = service.oneshot(closing(Chunks::new(&["ab"]))).await.unwrap();
    let finding = found.one(lint::CALLER_SENDS_CLOSE);
    if answered {
        assert_eq!(finding.action, Action::Denied, "{body}");
        assert!(response.extensions().get::<Denied>().is_some(), "{body}");
        let text = response.into_body().collect().await.unwrap().to_bytes();
        let text: serde_json::Value = serde_json::from_slice(&text).expect("it is JSON");
        assert_eq!(text["lint"], "caller-sends-close", "{body}");
    } else {
        assert_eq!(finding.action, Action::StoodAside(StandAside::NoAnswer), "{body}");
        assert_eq!(response.status(), StatusCode::OK, "{body}: the request is served");
    }
}
