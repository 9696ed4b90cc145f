//! The lints of a server's connections: each fires on the real library, and not beside it.

use std::time::Duration;

use axum::Router;
use axum::routing::{any, get, post};
use bytes::Bytes;
use http::{Method, StatusCode};
use http_body_util::Full;
use tower_conn_lint::lint::{self, Place};
use tower_conn_lint::policy::Expectation;
use tower_conn_lint::{ConnLint, ManualClock, Policy, Route};

use crate::client::call;
use crate::raw::Peer;
use crate::reuse::{Wired, gateway, heeding_all, lint as lint_of, lint_at, lint_by, strict};

const PLAIN: &str = "GET /plain HTTP/1.1\r\nhost: x\r\n\r\n";
const CLOSING: &str = "GET /plain HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
const MINUTE: Duration = Duration::from_secs(60);

fn lint() -> (ConnLint, crate::reuse::Seen) {
    lint_of(heeding_all().build().expect("the policy is right"))
}

fn app() -> Router {
    Router::new()
        .route("/plain", any(|| async { "plain" }))
        .route("/unread", post(|| async { "unread" }).put(|| async { "unread" }))
        .route("/read", post(|_: Bytes| async { "read" }))
}

/// A request on a connection of its own, that the peer closes once it is answered.
async fn one_shot(server: &Wired, request: &str) {
    let mut peer = Peer::connect(server.addr).await;
    peer.ask(request).await;
}

/// A request whose body of so many bytes nobody has to take.
async fn upload(server: &Wired, method: Method, path: &str, length: usize) {
    let mut peer = Peer::connect(server.addr).await;
    let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
    // A part of it, so that the response can be read before the reset.
    peer.send(head + &"x".repeat(length.min(8 * 1024))).await;
    assert!(peer.message().await.is_some(), "it is answered");
    if length > 8 * 1024 {
        assert!(peer.is_closed().await, "the connection ends");
    }
}

#[tokio::test]
async fn a_caller_that_says_close_each_time_reuses_too_little() {
    let (lint, seen) = lint();
    let server = Wired::of(&lint, app()).await;
    for _ in 0..30 {
        one_shot(&server, CLOSING).await;
    }
    seen.ends(30).await;
    let found = seen.of(lint::LOW_REUSE);
    let by_caller = found.iter().find(|found| found.caller.is_some()).expect("the caller's");
    assert_eq!(by_caller.place, Place::InboundWindow);
    assert_eq!(by_caller.caller.as_deref(), Some("127.0.0.1"));
    assert!(!by_caller.is_ours(), "it is the caller's close");
    assert!(by_caller.seen().starts_with("20 of 20 requests came first"), "{}", by_caller.seen());
    assert!(by_caller.seen().contains("ended by request-close"), "{}", by_caller.seen());
    assert_eq!(by_caller.fix(), "request-close: let the client send no `close`");

    let by_route = found.iter().find(|found| found.caller.is_none()).expect("the route's");
    assert_eq!(by_route.route.as_str(), "/plain");
    assert!(by_route.seen().contains("ended by request-close"), "{}", by_route.seen());
}

#[tokio::test]
async fn callers_that_keep_their_connections_are_perfect() {
    let (lint, seen) = lint();
    let server = Wired::of(&lint, app()).await;
    let mut peers = Vec::new();
    for _ in 0..10 {
        let mut peer = Peer::connect(server.addr).await;
        for _ in 0..30 {
            assert_eq!(peer.ask(PLAIN).await.status(), 200);
        }
        peers.push(peer);
    }
    drop(peers);
    seen.ends(10).await;
    assert_eq!(seen.lints(), [""; 0], "ten connections for 300 requests");
}

#[tokio::test]
async fn a_route_names_what_ends_its_connections() {
    let (lint, seen) = lint();
    let items = Router::new()
        .route("/items/{id}", get(|| async { ([("connection", "close")], "item") }))
        .fallback(|| async { ([("connection", "close")], "none") });
    let server = Wired::of(&lint, Router::new().nest("/api/v1", items)).await;
    for id in 0..27 {
        let path = if id % 3 == 0 { "else".to_owned() } else { format!("items/{id}") };
        one_shot(&server, &format!("GET /api/v1/{path} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
    }
    seen.ends(27).await;
    let low = seen.of(lint::LOW_REUSE);
    // Two in three.
    let few = "eighteen requests came on the route";
    assert!(low.iter().all(|found| found.route == lint::Label::OTHER), "{few}");
    for id in 0..10 {
        one_shot(&server, &format!("GET /api/v1/items/{id} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
    }
    seen.ends(37).await;
    let found = seen.of(lint::LOW_REUSE);
    let of_route = found.iter().find(|found| found.route != lint::Label::OTHER);
    let of_route = of_route.expect("twenty-eight requests came on the route");
    assert_eq!(of_route.route.as_str(), "/api/v1/items/{id}", "the whole template");
    assert!(of_route.is_ours(), "our handler says close");
    assert_eq!(of_route.fix(), "response-close: let the server send no `close`");
}

#[tokio::test]
async fn a_long_body_that_is_not_read_costs_the_connection() {
    let (lint, seen) = lint();
    let server = Wired::of(&lint, app()).await;
    upload(&server, Method::POST, "/unread", 1 << 20).await;
    seen.ends(1).await;
    let found = seen.of(lint::UNREAD_REQUEST_BODY);
    let [found] = &found[..] else { panic!("one was expected: {:?}", seen.lints()) };
    assert_eq!((found.place, found.route.as_str()), (Place::InboundConnection, "/unread"));
    assert!(found.is_ours() && found.connection.is_some(), "{found}");
    assert!(found.seen().contains("answered without reading the request's body"), "{found}");
    assert!(found.fix().contains("read the body before answering"), "{found}");
}

#[tokio::test]
async fn a_body_that_is_read_or_short_costs_nothing() {
    let (lint, seen) = lint();
    let server = Wired::of(&lint, app()).await;
    upload(&server, Method::POST, "/unread", 8 * 1024).await;
    let mut client = gateway(&lint);
    for _ in 0..3 {
        let body = Full::new(Bytes::from(vec![0; 1 << 20]));
        call(&mut client, http::Request::post(server.url("/read")).body(body).unwrap()).await;
    }
    drop(client);
    seen.ends(3).await;
    assert_eq!(seen.lints(), [""; 0]);
}

#[tokio::test]
async fn a_caller_that_closes_without_a_word_each_time_is_told_so() {
    let (lint, seen) = lint();
    let server = Wired::of(&lint, app()).await;
    for _ in 0..12 {
        one_shot(&server, PLAIN).await;
    }
    seen.ends(12).await;
    let found = seen.of(lint::SILENT_CLOSE);
    let found = found.first().expect("twelve are a habit");
    assert_eq!(found.place, Place::InboundConnection);
    assert!(!found.is_ours(), "the caller closed: {found}");
    assert!(found.seen().starts_with("closed by the peer"), "{found}");
    assert!(found.fix().contains("let the caller keep its connections"), "{found}");
}

#[tokio::test]
async fn a_caller_that_ends_with_fifty_connections_closes_nothing_without_need() {
    let (lint, seen) = lint();
    let server = Wired::of(&lint, app()).await;
    let mut peers = Vec::new();
    for _ in 0..50 {
        peers.push(Peer::connect(server.addr).await);
    }
    for _ in 0..3 {
        for peer in &mut peers {
            peer.send(PLAIN).await;
        }
        for peer in &mut peers {
            peer.message().await.expect("it is answered");
        }
    }
    drop(peers);
    assert_eq!(seen.ends(50).await, ["peer-closed-idle"; 50]);
    assert_eq!(seen.lints(), [""; 0], "it may end");
}

#[tokio::test]
async fn a_handler_that_panics_leaves_its_caller_without_an_answer() {
    let (lint, seen) = lint();
    let app = app()
        .route(
            "/panic",
            get(|| async {
                if true {
                    panic!("on purpose")
                }
            }),
        )
        .route("/500", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }));
    let server = Wired::of(&lint, app).await;
    one_shot(&server, "GET /500 HTTP/1.1\r\nhost: x\r\n\r\n").await;
    seen.ends(1).await;
    assert_eq!(seen.of(lint::HANDLER_FAILED).len(), 0, "an answer is none");

    let mut peer = Peer::connect(server.addr).await;
    peer.send("GET /panic HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(peer.is_closed().await, "nothing is said");
    seen.ends(2).await;
    let found = seen.of(lint::HANDLER_FAILED);
    let [found] = &found[..] else { panic!("one was expected: {:?}", seen.lints()) };
    assert_eq!(found.route.as_str(), "/panic");
    assert!(found.is_ours(), "{found}");
    assert!(found.fix().contains("CatchPanicLayer"), "{found}");
}

#[tokio::test]
async fn a_connection_that_nothing_ends_while_it_is_idle_is_found() {
    let clock = ManualClock::new();
    let (lint, seen) = lint_at(&clock);
    let server = Wired::of(&lint, app()).await;
    let mut peer = Peer::connect(server.addr).await;
    peer.ask(PLAIN).await;
    clock.advance(MINUTE * 9);
    peer.ask(PLAIN).await;
    assert_eq!(seen.lints(), [""; 0], "nine minutes are below the bound");
    clock.advance(MINUTE * 11);
    peer.ask(PLAIN).await;
    clock.advance(MINUTE * 12);
    drop(peer);
    seen.ends(1).await;
    let found = seen.of(lint::NO_IDLE_TIMEOUT);
    let [used, ended] = &found[..] else { panic!("two were expected: {:?}", seen.lints()) };
    assert_eq!(used.seen(), "nothing passed for 11 min, and nothing ended it");
    assert!(ended.seen().starts_with("closed by the peer 12 min after"), "{ended}");
    for found in [used, ended] {
        assert!(found.is_ours() && found.fix().contains("header_read_timeout"), "{found}");
    }
}

#[tokio::test]
async fn probes_and_excluded_paths_make_no_noise() {
    let policy = heeding_all().exclude_path("/healthz").build().expect("the policy is right");
    let (lint, seen) = lint_of(policy);
    let app = app().route("/healthz", post(|| async { "healthy" }).get(|| async { "healthy" }));
    let server = Wired::of(&lint, app).await;
    for _ in 0..30 {
        one_shot(&server, "GET /plain HTTP/1.1\r\nhost: x\r\nuser-agent: kube-probe/1.34\r\n\r\n")
            .await;
        one_shot(&server, "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    }
    upload(&server, Method::POST, "/healthz", 1 << 20).await;
    seen.ends(61).await;
    assert_eq!(seen.lints(), [""; 0], "probes are no callers");

    // On a connection that was used for more, the last request decides.
    let mut peer = Peer::connect(server.addr).await;
    peer.ask(PLAIN).await;
    peer.send("POST /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\nabc").await;
    assert!(peer.message().await.is_some() && peer.is_closed().await);
    seen.ends(62).await;
    assert_eq!(seen.lints(), [""; 0], "no lint runs there");
}

#[tokio::test]
async fn probes_that_are_not_excluded_are_callers() {
    let policy = heeding_all().exclude_probes(false).build().expect("the policy is right");
    let (lint, seen) = lint_of(policy);
    let server = Wired::of(&lint, app()).await;
    for _ in 0..30 {
        one_shot(&server, "GET /plain HTTP/1.1\r\nhost: x\r\nuser-agent: kube-probe/1.34\r\n\r\n")
            .await;
    }
    seen.ends(30).await;
    assert_eq!(seen.lints(), ["low-reuse", "silent-close"]);
    let found = seen.of(lint::LOW_REUSE);
    assert!(found.iter().any(|found| found.route.as_str() == "/plain"), "on its route, too");
}

#[tokio::test]
async fn an_exception_on_a_route_holds_there_and_nowhere_else() {
    let (lint, seen) = lint();
    let refuse = || post(|| async { "refused" });
    let allowed = lint.allow(lint::UNREAD_REQUEST_BODY, "uploads are rare");
    let app = app().route("/refused", refuse().layer(allowed));
    let server = Wired::of(&lint, app).await;
    upload(&server, Method::POST, "/refused", 1 << 20).await;
    seen.ends(1).await;
    assert_eq!(seen.lints(), [""; 0]);
    let expected = ("unread-request-body", "uploads are rare".to_owned());
    assert_eq!(seen.accepted(), [expected], "its own reason");

    // Another route, on a connection that was on the first one before.
    let mut peer = Peer::connect(server.addr).await;
    peer.ask("POST /refused HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhi").await;
    peer.send("POST /unread HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\nabc").await;
    assert!(peer.message().await.is_some() && peer.is_closed().await);
    seen.ends(2).await;
    let found = seen.of(lint::UNREAD_REQUEST_BODY);
    assert_eq!(found.len(), 1, "the exception is not the connection's");
    assert_eq!(found[0].route.as_str(), "/unread");
}

#[tokio::test]
async fn exceptions_hold_for_windows_too() {
    let (lint, seen) = lint();
    let allowed = lint.allow(lint::LOW_REUSE, "webhooks");
    let app = Router::new().route("/hook", get(|| async { "hook" }).layer(allowed));
    // Of callers, by the layer around all routes.
    let app = app.layer(lint.inbound().allow(lint::LOW_REUSE, "command-line tools"));
    let server = Wired::of(&lint, app).await;
    for _ in 0..30 {
        one_shot(&server, "GET /hook HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    }
    seen.ends(30).await;
    assert_eq!(seen.of(lint::LOW_REUSE).len(), 0, "{:?}", seen.lints());
    let accepted = seen.accepted();
    let expected = ["command-line tools", "webhooks"].map(|why| ("low-reuse", why.to_owned()));
    assert_eq!(accepted, expected);
}

#[tokio::test]
async fn a_route_of_the_policy_rules_its_own_method_and_template() {
    let policy = heeding_all()
        .route(Route::inbound("POST /unread").allow(lint::UNREAD_REQUEST_BODY))
        .route(Route::inbound("/files/{name}").allow(lint::UNREAD_REQUEST_BODY))
        .route(Route::inbound("/files/{*rest}").warn(lint::UNREAD_REQUEST_BODY));
    let (lint, seen) = lint_of(policy.build().expect("the policy is right"));
    let app = app().route("/files/{*rest}", post(|| async { "unread" }));
    let server = Wired::of(&lint, app).await;
    for (ends, method, path, found) in [
        (1, Method::POST, "/unread", 0),
        (2, Method::PUT, "/unread", 1),
        (3, Method::POST, "/files/one", 1),
        (4, Method::POST, "/files/one/two", 2),
    ] {
        upload(&server, method.clone(), path, 1 << 20).await;
        seen.ends(ends).await;
        assert_eq!(seen.of(lint::UNREAD_REQUEST_BODY).len(), found, "{method} {path}");
    }
    assert_eq!(seen.accepted(), [], "the policy is no exception in code");
}

#[tokio::test]
async fn a_violation_of_connections_is_expected_on_its_route_and_nowhere_else() {
    let uploads = Expectation::new(lint::UNREAD_REQUEST_BODY, "team-files", "uploads are refused");
    let policy = heeding_all().expect(uploads.inbound("POST /files/{name}"));
    let (lint, seen) = lint_of(policy.build().expect("the policy is right"));
    // The router's template is wider.
    let app = app().route("/files/{*rest}", any(|| async { "unread" }));
    let server = Wired::of(&lint, app).await;
    for (ends, method, path, found) in [
        (1, Method::POST, "/files/one", 0),
        (2, Method::PUT, "/files/one", 1),
        (3, Method::POST, "/files/one/two", 2),
        (4, Method::POST, "/files/two", 2),
    ] {
        upload(&server, method.clone(), path, 1 << 20).await;
        seen.ends(ends).await;
        assert_eq!(seen.of(lint::UNREAD_REQUEST_BODY).len(), found, "{method} {path}");
    }
    let expected = ("unread-request-body", "uploads are refused".to_owned());
    assert_eq!(seen.accepted(), [expected], "it is told as what is excepted");
    assert_eq!(lint.snapshot().expectations[0].seen, 2);
}

#[tokio::test]
async fn the_environment_is_stronger_than_code_and_policy() {
    for (environment, found) in [("", true), ("low-reuse=allow", false), ("off", false)] {
        let policy: Policy = heeding_all().build().expect("the policy is right");
        let builder = ConnLint::builder().policy(policy).environment(environment).bounds(strict());
        let (lint, seen) = lint_by(builder);
        let server = Wired::of(&lint, app()).await;
        for _ in 0..30 {
            let mut peer = Peer::connect(server.addr).await;
            peer.ask(CLOSING).await;
            assert!(peer.is_closed().await);
        }
        assert_eq!(!seen.of(lint::LOW_REUSE).is_empty(), found, "CONN_LINT={environment}");
    }
    let builder = ConnLint::builder().environment("unread-request-body=warn");
    let (lint, seen) = lint_by(builder);
    let allowed = lint.allow(lint::UNREAD_REQUEST_BODY, "uploads are rare");
    let app = Router::new().route("/unread", post(|| async { "unread" }).layer(allowed));
    let server = Wired::of(&lint, app).await;
    upload(&server, Method::POST, "/unread", 1 << 20).await;
    seen.ends(1).await;
    assert_eq!(seen.of(lint::UNREAD_REQUEST_BODY).len(), 1, "it is asked for by name");
    assert_eq!(seen.accepted(), []);
}
