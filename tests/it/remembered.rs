//! A clean request on a path that its connection saw before: the record remembers it, and its
//! response is judged as the first one's.

use axum::Router;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{get, post};
use http::{HeaderMap, header};
use tower_conn_lint::lint::{self, Action, Level};
use tower_conn_lint::{ConnHandle, Policy, Preset, Route};

use crate::found::lint;
use crate::raw::Peer;
use crate::reuse::Wired;

const REQUESTS: usize = 5;

#[tokio::test]
async fn each_response_on_a_known_path_is_mended_and_told_with_its_route() {
    let policy = Policy::builder()
        .preset(Preset::Recommended1)
        .route(Route::inbound("POST /users/{id}").fix(lint::HANDLER_SENDS_CLOSE))
        .route(Route::inbound("GET /users/{id}").warn(lint::HANDLER_SENDS_CLOSE));
    let (lint, found) = lint(policy.build().expect("the policy is well-formed"));
    let app = Router::new().route("/users/{id}", post(closing));
    let server = Wired::of(&lint, app).await;
    let mut peer = Peer::connect(server.addr).await;
    for _ in 0..REQUESTS {
        let response = peer.ask(request("POST /users/42")).await;
        assert!(!response.says("close"), "it is gone: {response:?}");
    }
    let findings = found.of(lint::HANDLER_SENDS_CLOSE);
    assert_eq!(findings.len(), REQUESTS, "each once: {:?}", found.lints());
    for finding in findings {
        assert_eq!(finding.action, Action::Rewritten, "{finding:?}");
        assert_eq!(finding.route.as_str(), "/users/{id}", "{finding:?}");
        assert_eq!(finding.method.as_ref().map(|method| method.as_str()), Some("POST"));
    }
}

#[tokio::test]
async fn what_is_excepted_on_a_route_stays_so_on_a_known_path() {
    let (lint, found) = lint(Preset::Recommended1);
    let allow = lint.allow(lint::HANDLER_SENDS_CLOSE, "one-shot download");
    let app = Router::new().route("/export", get(closing_after_five).layer(allow));
    let server = Wired::of(&lint, app).await;
    let mut peer = Peer::connect(server.addr).await;
    for _ in 1..REQUESTS {
        peer.ask(request("GET /export")).await;
    }
    let last = peer.ask(request("GET /export")).await;
    assert!(last.says("close"), "an exception is not mended: {last:?}");
    assert_eq!(found.accepted(), ["handler-sends-close"], "it is counted");
    assert!(found.all().is_empty(), "and not reported: {:?}", found.lints());
}

#[tokio::test]
async fn another_lints_layer_judges_by_its_own_policy() {
    let (edge, at_edge) = lint(Preset::Observe1);
    let (within, found) = lint(Preset::Recommended1);
    let app = Router::new().route("/", get(closing)).layer(within.inbound());
    let server = Wired::of(&edge, app).await;
    let mut peer = Peer::connect(server.addr).await;
    for _ in 0..REQUESTS {
        peer.ask(request("GET /")).await;
    }
    let findings = found.of(lint::HANDLER_SENDS_CLOSE);
    assert_eq!(findings.len(), REQUESTS, "{:?}", found.lints());
    for finding in findings {
        assert_eq!((finding.level, finding.route.as_str()), (Level::Fix, "/"), "{finding:?}");
    }
    assert!(at_edge.all().is_empty(), "nothing is left to be found: {:?}", at_edge.lints());
}

#[tokio::test]
async fn what_a_layer_further_out_adds_is_not_judged() {
    let (lint, found) = lint(Preset::Recommended1);
    // As it closes on purpose, and stands where it is not judged.
    let close = map_response(|mut response: Response| async {
        if response.headers_mut().remove("x-last").is_some() {
            let close = header::HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        response
    });
    let last = get(|| async { ([("x-last", "yes")], "hello") });
    let app = Router::new().route("/", get(|| async { "hello" })).route("/last", last);
    let app = app.layer(lint.inbound()).layer(close);
    let server = Wired::around(&lint, app).await;
    let mut peer = Peer::connect(server.addr).await;
    peer.ask(request("GET /")).await;
    peer.ask(request("GET /")).await;
    let response = peer.ask(request("GET /last")).await;
    assert!(response.says("close"), "it stands outside of the lint: {response:?}");
    assert!(found.all().is_empty(), "{:?}", found.lints());
}

// === fixtures ===

async fn closing() -> ([(header::HeaderName, &'static str); 1], &'static str) {
    ([(header::CONNECTION, "close")], "hello")
}

/// Closes where its connection was used five times.
async fn closing_after_five(handle: ConnHandle) -> (HeaderMap, &'static str) {
    let mut headers = HeaderMap::new();
    if handle.request() as usize == REQUESTS {
        headers.insert(header::CONNECTION, "close".parse().expect("a value"));
    }
    (headers, "hello")
}

fn request(line: &str) -> String {
    format!("{line} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
}

#[tokio::test]
async fn routes_whose_labels_are_cut_alike_are_told_apart_on_a_known_path() {
    let long = "a".repeat(97);
    let policy = Policy::builder()
        .preset(Preset::Recommended1)
        .route(Route::inbound(format!("/{long}/one")).fix(lint::HANDLER_SENDS_CLOSE))
        .route(Route::inbound(format!("/{long}/two")).allow(lint::HANDLER_SENDS_CLOSE));
    let (lint, _) = lint(policy.build().expect("the policy is well-formed"));
    let app = Router::new().route(&format!("/{long}/one"), get(closing));
    let server = Wired::of(&lint, app).await;
    let mut peer = Peer::connect(server.addr).await;
    for number in 1..=3 {
        let response = peer.ask(request(&format!("GET /{long}/one"))).await;
        assert!(!response.says("close"), "request {number}: {response:?}");
    }
}
