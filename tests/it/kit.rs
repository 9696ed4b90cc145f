//! The test kit on real sockets: each assertion holds where it should, and fails where it should.

use std::future::IntoFuture as _;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};

use axum::response::IntoResponse as _;
use axum::{Router, routing::get};
use bytes::Bytes;
use http::header::CONNECTION;
use http_body_util::Full;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tokio::task::JoinHandle;
use tower::{Service as _, ServiceBuilder, ServiceExt as _};
use tower_conn_lint::connection::{Closer, EndCause, Side};
use tower_conn_lint::outbound::{Connector, Outbound, ResponseBodies};
use tower_conn_lint::test_util::Recorder;
use tower_conn_lint::{ConnLint, Preset, lint};

use crate::client::{call_20_times, pool};
use crate::server::listen;
use crate::tls;
use crate::within::within;

/// A server with everything wired; it ends with its value.
struct Wired {
    addr: SocketAddr,
    task: JoinHandle<std::io::Result<()>>,
}

impl Wired {
    async fn of(lint: &ConnLint) -> Wired {
        let closing = || async { ([(CONNECTION, "close")], "bye").into_response() };
        let app = Router::new()
            .route("/", get(|| async { "welcome" }))
            .route("/closing", get(closing))
            .layer(lint.inbound());
        let (tcp, addr) = listen().await;
        let server = axum::serve(lint.listener(tcp), lint.make_service(app));
        Wired { addr, task: tokio::spawn(server.into_future()) }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }
}

impl Drop for Wired {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Gateway = ResponseBodies<Outbound<Client<Connector<HttpConnector>, Full<Bytes>>>>;

/// A client with everything wired.
fn gateway(lint: &ConnLint) -> Gateway {
    let connector = lint.connector("gateway", HttpConnector::new());
    let pool = Client::builder(TokioExecutor::new()).build::<_, Full<Bytes>>(connector);
    ServiceBuilder::new()
        .layer(lint.response_bodies())
        .layer(lint.outbound("gateway"))
        .service(pool)
}

/// Twenty requests by such a client, which is dropped after them.
async fn twenty_by(lint: &ConnLint, url: &str, connection: &[&str]) {
    call_20_times(&mut gateway(lint), url, connection).await;
}

#[track_caller]
fn fails(assert: impl FnOnce(), parts: &[&str]) {
    let panic = catch_unwind(AssertUnwindSafe(assert)).expect_err("the assertion does not hold");
    let text = panic.downcast::<String>().expect("an assertion panics with a text");
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
}

#[tokio::test]
async fn a_client_that_reuses_holds_while_its_connection_is_open_and_after() {
    let recorder = Recorder::new();
    let lint = recorder.lint(Preset::Strict1);
    let server = Wired::of(&lint).await;
    let mut gateway = gateway(&lint);
    call_20_times(&mut gateway, &server.url("/"), &[]).await;
    recorder.assert_reused("gateway", 1.0);
    recorder.assert_served_reused(1.0);
    assert!(recorder.ended().is_empty(), "the pool holds it");

    drop(gateway);
    within("the ends", recorder.all_ended()).await;
    recorder.assert_reused("gateway", 1.0);
    recorder.assert_served_reused(1.0);
    recorder.assert_no_findings();
    recorder.assert_ended(EndCause::ClientDropped, Closer::Local);
    assert_eq!((recorder.connections("gateway"), recorder.served_connections()), (1, 1));
}

#[tokio::test]
async fn a_client_that_says_close_is_told_and_mended_by_the_policy() {
    let recorder = Recorder::new();
    let lint = recorder.lint(Preset::Observe1);
    let server = Wired::of(&lint).await;
    twenty_by(&lint, &server.url("/"), &["close"]).await;
    within("the ends", recorder.all_ended()).await;
    let parts = [
        "error[assert_reused]: `gateway` reused too little: 0.00, and 0.80 was asserted",
        "--> client `gateway`, built at tests/it/kit.rs:",
        "20 of 20 requests opened a connection, 1 of them since no other was free",
    ];
    fails(|| recorder.assert_reused("gateway", 0.8), &parts);
    let parts = [
        "error[assert_served_reused]: the callers reused too little: 0.00",
        "request-close 20",
        "= fix:     request-close: let the client send no `close`",
    ];
    fails(|| recorder.assert_served_reused(0.8), &parts);
    recorder.assert_found(lint::CLIENT_SENDS_CLOSE);
    let parts = ["fired, and no message was rewritten", "`.fix(lint::CLIENT_SENDS_CLOSE)`"];
    fails(|| recorder.assert_rewritten(lint::CLIENT_SENDS_CLOSE), &parts);
    fails(|| recorder.assert_no_findings(), &["client-sends-close 20", "caller-sends-close 20"]);

    let recorder = Recorder::new();
    let lint = recorder.lint(Preset::Recommended1);
    let server = Wired::of(&lint).await;
    twenty_by(&lint, &server.url("/closing"), &["close"]).await;
    recorder.assert_rewritten(lint::CLIENT_SENDS_CLOSE);
    recorder.assert_rewritten(lint::HANDLER_SENDS_CLOSE);
    recorder.assert_reused("gateway", 0.8);
    recorder.assert_served_reused(0.8);
}

#[tokio::test]
async fn ends_are_told_of_both_sides_and_asserted_by_cause_and_closer() {
    let recorder = Recorder::new();
    let lint = recorder.lint(Preset::Observe1);
    let server = Wired::of(&lint).await;
    twenty_by(&lint, &server.url("/closing"), &[]).await;
    within("the ends", recorder.all_ended()).await;
    let ended = recorder.ended();
    let (served, dialled): (Vec<_>, Vec<_>) =
        ended.iter().partition(|connection| connection.side == Side::Inbound);
    assert_eq!((served.len(), dialled.len()), (20, 20));
    for connection in served {
        assert_eq!(connection.end.cause, EndCause::ResponseClose);
        recorder.assert_ended(connection.end.cause, connection.end.closer);
    }
    let asserted = || recorder.assert_ended(EndCause::Upgrade, Closer::Local);
    fails(asserted, &["no connection ended by `upgrade`", "response-close closed by"]);
}

#[tokio::test]
async fn a_client_of_reqwest_is_asserted_as_any_other() {
    let recorder = Recorder::new();
    let lint = recorder.lint(Preset::Strict1);
    let server = Wired::of(&lint).await;
    let layer = lint.connector_layer("gateway");
    let client = tls::reqwest().connector_layer(layer).build();
    let mut gateway =
        ServiceBuilder::new().layer(lint.outbound("gateway")).service(client.expect("it is built"));
    for _ in 0..20 {
        let request = reqwest::Request::new(http::Method::GET, server.url("/").parse().unwrap());
        let response = within("a call", gateway.ready().await.expect("it is ready").call(request));
        response.await.expect("it succeeds").bytes().await.expect("it is read");
    }
    recorder.assert_reused("gateway", 1.0);
    recorder.assert_no_findings();
    drop(gateway);
    within("the ends", recorder.all_ended()).await;
    recorder.assert_reused("gateway", 1.0);
    recorder.assert_ended(EndCause::Unknown, Closer::Unknown);
}

#[tokio::test]
async fn a_client_without_its_connector_is_told_so() {
    let recorder = Recorder::new();
    let lint = recorder.lint(Preset::Strict1);
    let server = Wired::of(&lint).await;
    let mut gateway = ServiceBuilder::new().layer(lint.outbound("gateway")).service(pool());
    call_20_times(&mut gateway, &server.url("/"), &[]).await;
    recorder.assert_served_reused(1.0);
    let parts = ["no connection of `gateway` was recorded", "and 1 of callers", "lint.connector("];
    fails(|| recorder.assert_reused("gateway", 0.8), &parts);
}

#[tokio::test]
async fn an_exception_in_code_is_no_finding() {
    let recorder = Recorder::new();
    let lint = recorder.lint(Preset::Observe1);
    let server = Wired::of(&lint).await;
    let layer = lint.outbound("gateway").allow(lint::CLIENT_SENDS_CLOSE, "a test of exceptions");
    let mut gateway = ServiceBuilder::new().layer(layer).service(pool());
    call_20_times(&mut gateway, &server.url("/"), &["close"]).await;
    let asserted = || recorder.assert_found(lint::CLIENT_SENDS_CLOSE);
    fails(asserted, &["silenced by an exception in code: 20", "`inbound` and `outbound`"]);
}

#[test]
fn the_readmes_test_is_the_one_that_runs_here() {
    let readme = include_str!("../../README.md");
    let test = include_str!("readme.rs");
    assert!(readme.contains(&format!("```rust\n{test}```")), "the readme has another text");
}
