//! Twenty requests of real clients, one after the other, and the connections that they take.

use axum::Router;
use axum::routing::get;
use http::header;
use tower::Layer as _;
use tower_conn_lint::Preset;
use tower_conn_lint::lint::{self, Action};

use crate::client::{call_20_times, pool};
use crate::found::lint;
use crate::programs::run;
use crate::server::Server;

/// Reused but for what a pool dials beside.
const FEW: usize = 5;
/// A connection for nearly every request.
const MANY: usize = 18;

#[tokio::test]
async fn node_reuses_its_connections_once_the_handlers_close_is_gone() {
    const TEST: &str = "node_reuses_its_connections_once_the_handlers_close_is_gone";
    let (bare, linted) = closing_servers().await;
    for server in [&bare, &linted] {
        if run(TEST, "node", &node(server, true)).await.is_none() {
            return;
        }
    }
    assert_many("without the layer", bare.connections());
    assert_few("with the layer", linted.connections());
}

#[tokio::test]
async fn curl_reuses_its_connections_once_the_handlers_close_is_gone() {
    const TEST: &str = "curl_reuses_its_connections_once_the_handlers_close_is_gone";
    let (bare, linted) = closing_servers().await;
    for server in [&bare, &linted] {
        let options = ["--silent", "--show-error", "--fail", "--noproxy", "*", "--max-time", "10"];
        let options = options.into_iter().map(str::to_owned);
        let arguments: Vec<String> = options.chain(vec![server.url("/"); 20]).collect();
        let Some(read) = run(TEST, "curl", &arguments).await else { return };
        assert_eq!(read, "hello".repeat(20), "curl reads every response");
    }
    assert_many("without the layer", bare.connections());
    assert_few("with the layer", linted.connections());
}

#[tokio::test]
async fn hyper_reuses_its_connections_once_the_handlers_close_is_gone() {
    let (bare, linted) = closing_servers().await;
    for server in [&bare, &linted] {
        call_20_times(&mut pool(), &server.url("/"), &[]).await;
    }
    assert_many("without the layer", bare.connections());
    assert_few("with the layer", linted.connections());
}

#[tokio::test]
async fn hyper_reuses_its_connections_once_its_own_close_is_gone() {
    let (lint, found) = lint(Preset::Recommended1);
    let (bare, linted) = (Server::of(plain()).await, Server::of(plain()).await);
    call_20_times(&mut pool(), &bare.url("/"), &["close"]).await;
    let mut client = lint.outbound("gateway").layer(pool());
    call_20_times(&mut client, &linted.url("/"), &["close"]).await;

    assert_many("without the layer", bare.connections());
    assert_few("with the layer", linted.connections());
    let findings = found.of(lint::CLIENT_SENDS_CLOSE);
    assert_eq!(findings.len(), 20, "each request is found: {:?}", found.lints());
    assert!(findings.iter().all(|finding| finding.action == Action::Rewritten), "{findings:?}");
}

#[tokio::test]
async fn a_close_of_node_is_found_and_never_said_to_be_fixed() {
    const TEST: &str = "a_close_of_node_is_found_and_never_said_to_be_fixed";
    let (lint, found) = lint(Preset::Recommended1);
    let server = Server::of(plain().layer(lint.inbound())).await;
    if run(TEST, "node", &node(&server, false)).await.is_none() {
        return;
    }
    assert_many("whatever the layer does", server.connections());
    let findings = found.of(lint::CALLER_SENDS_CLOSE);
    assert_eq!(findings.len(), 20, "each request is found: {:?}", found.lints());
    assert!(
        found.all().iter().all(|finding| finding.action != Action::Rewritten),
        "a received close can't be mended: {:?}",
        found.all(),
    );
}

// === fixtures ===

/// A handler that closes, without the lint and with it.
async fn closing_servers() -> (Server, Server) {
    let closing =
        || Router::new().route("/", get(|| async { ([(header::CONNECTION, "close")], "hello") }));
    let (lint, _) = lint(Preset::Recommended1);
    (Server::of(closing()).await, Server::of(closing().layer(lint.inbound())).await)
}

fn plain() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}

/// The arguments for twenty requests by Node's own client.
fn node(server: &Server, keep_alive: bool) -> Vec<String> {
    const SCRIPT: &str = r#"
        const http = require("node:http");
        const [url, keepAlive] = process.argv.slice(1);
        // With a finite `maxSockets` Node says `keep-alive`, and closes all the same.
        const agent = new http.Agent({ keepAlive: keepAlive === "true" });
        const get = () => new Promise((resolve, reject) => {
            http.get(url, { agent }, (response) => {
                response.on("error", reject).on("end", resolve).resume();
            }).on("error", reject);
        });
        (async () => {
            for (let i = 0; i < 20; i++) await get();
            agent.destroy();
        })().catch((error) => { console.error(error); process.exit(1); });
    "#;
    vec!["-e".to_owned(), SCRIPT.to_owned(), server.url("/"), keep_alive.to_string()]
}

fn assert_few(case: &str, connections: usize) {
    assert!(connections <= FEW, "{case}, 20 requests took {connections} connections");
}

fn assert_many(case: &str, connections: usize) {
    assert!(connections >= MANY, "{case}, 20 requests took {connections} connections only");
}
