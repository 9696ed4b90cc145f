//! The lints of a client's connections: each fires on the real library, and not beside it.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tower::ServiceExt as _;
use tower_conn_lint::lint::{self, Place};
use tower_conn_lint::{ConnLint, ManualClock, Route};

use crate::client::{call, get as request};
use crate::raw::Peer;
use crate::reuse::{Gateway, Seen, gateway, gateway_by, heeding_all, lint as lint_of, lint_at};
use crate::server::{Server, listen};
use crate::upstream::Upstream;
use crate::within::within;

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const MINUTE: Duration = Duration::from_secs(60);

fn lint() -> (ConnLint, Seen) {
    lint_of(heeding_all().build().expect("the policy is right"))
}

fn app() -> Router {
    let long = "x".repeat(1 << 20);
    Router::new()
        .route("/plain", get(|| async { "plain" }))
        .route("/long", get(move || async move { long }))
        .route("/close", get(|| async { ([("connection", "close")], "close") }))
}

/// So many requests, all at once.
async fn burst(client: &Gateway, url: &str, requests: usize) {
    let mut calls = JoinSet::new();
    for _ in 0..requests {
        let (mut client, request) = (client.clone(), request(url, &[]));
        calls.spawn(async move { _ = call(&mut client, request).await });
    }
    calls.join_all().await;
}

/// Gets the head of a response, and drops its body.
async fn drop_body(client: &Gateway, url: &str) {
    let response = within("a call", client.clone().oneshot(request(url, &[]))).await;
    drop(response.expect("it is answered"));
}

/// The next connection to a listener, without a library.
async fn accept(listener: &TcpListener) -> Peer {
    Peer::new(within("a dial", listener.accept()).await.expect("loopback connects").0)
}

#[tokio::test]
async fn a_long_body_that_is_dropped_costs_the_connection() {
    let (lint, seen) = lint();
    let server = Server::of(app()).await;
    drop_body(&gateway(&lint), &server.url("/long")).await;
    seen.ends(1).await;
    let found = seen.of(lint::DROPPED_RESPONSE_BODY);
    let [found] = &found[..] else { panic!("one was expected: {:?}", seen.lints()) };
    assert_eq!(found.place, Place::OutboundConnection);
    assert_eq!(found.client.map(|client| client.name.as_str()), Some("gateway"));
    assert!(found.is_ours() && found.connection.is_some(), "{found}");
    assert!(found.seen().contains("dropped the response's body before its end"), "{found}");
    assert!(found.fix().contains("read the body to its end"), "{found}");
}

#[tokio::test]
async fn a_body_that_is_read_or_empty_costs_nothing() {
    let (lint, seen) = lint();
    let server = Server::of(app()).await;
    let mut client = gateway(&lint);
    for _ in 0..3 {
        call(&mut client, request(&server.url("/long"), &[])).await;
    }
    let mut head = request(&server.url("/plain"), &[]);
    *head.method_mut() = http::Method::HEAD;
    drop(within("a call", client.clone().oneshot(head)).await);
    drop(client);
    seen.ends(server.connections()).await;
    assert_eq!(seen.lints(), [""; 0]);
}

#[tokio::test]
async fn a_request_that_is_given_up_costs_the_connection() {
    let (lint, seen) = lint();
    let (listener, addr) = listen().await;
    let call = gateway(&lint).oneshot(request(&format!("http://{addr}/"), &[]));
    let call = tokio::spawn(call);
    let mut peer = accept(&listener).await;
    assert!(!peer.until(b"\r\n\r\n").await.is_empty(), "the request comes");
    call.abort();
    assert!(call.await.is_err_and(|error| error.is_cancelled()), "it is given up");
    seen.ends(1).await;
    let found = seen.of(lint::DROPPED_REQUEST);
    let [found] = &found[..] else { panic!("one was expected: {:?}", seen.lints()) };
    assert!(found.is_ours(), "{found}");
    assert!(found.seen().starts_with("closed here: our code gave the request up"), "{found}");
}

#[tokio::test]
async fn a_request_that_meets_the_close_of_an_idle_connection_is_stale_reuse() {
    for served in [0, 1, 3] {
        let (lint, seen) = lint();
        let (listener, addr) = listen().await;
        let upstream = tokio::spawn(async move {
            let mut peer = accept(&listener).await;
            for _ in 0..served {
                peer.message().await.expect("a request comes");
                peer.send(OK).await;
            }
            // It closes as the next one is on its way.
            peer.message().await.expect("a request comes");
        });
        let (mut client, url) = (gateway(&lint), format!("http://{addr}/"));
        for _ in 0..served {
            call(&mut client, request(&url, &[])).await;
        }
        let failed = within("a call", client.clone().oneshot(request(&url, &[]))).await;
        assert!(failed.is_err(), "nobody answers");
        upstream.await.expect("the upstream does not panic");
        let found = seen.of(lint::STALE_REUSE);
        if served == 0 {
            assert_eq!(found.len(), 0, "the connection was new");
            continue;
        }
        let [found] = &found[..] else { panic!("one was expected: {:?}", seen.lints()) };
        let had_served = format!("had served {served} request");
        assert!(found.seen().contains(&had_served), "{found}");
        assert!(found.fix().contains("`pool_idle_timeout` below the upstream's"), "{found}");
    }
}

#[tokio::test]
async fn an_upstream_that_dies_of_a_request_is_no_stale_reuse() {
    let clock = ManualClock::new();
    let (lint, seen) = lint_at(&clock);
    let (listener, addr) = listen().await;
    let dying = clock.clone();
    let upstream = tokio::spawn(async move {
        let mut peer = accept(&listener).await;
        peer.message().await.expect("a request comes");
        peer.send(OK).await;
        peer.message().await.expect("a request comes");
        // It worked on it for longer than the connection had rested.
        dying.advance(Duration::from_secs(5));
    });
    let (mut client, url) = (gateway(&lint), format!("http://{addr}/"));
    call(&mut client, request(&url, &[])).await;
    let failed = within("a call", client.clone().oneshot(request(&url, &[]))).await;
    assert!(failed.is_err(), "nobody answers");
    upstream.await.expect("the upstream does not panic");
    assert_eq!(seen.of(lint::STALE_REUSE).len(), 0);
}

#[tokio::test]
async fn a_pool_is_told_the_timeout_that_its_upstream_advertises() {
    for (pool, found) in [(90, true), (5, true), (4, false)] {
        let (lint, seen) = lint();
        let upstream = Upstream::answering(|_| {
            b"HTTP/1.1 200 OK\r\nconnection: keep-alive\r\nkeep-alive: timeout=5\r\ncontent-length: 2\r\n\r\nok"
        })
        .await;
        let idle = Duration::from_secs(pool);
        let mut client = gateway_by(&lint, |dials| dials.pool(idle, 8), |_| {});
        for _ in 0..5 {
            call(&mut client, request(&upstream.url("/"), &[])).await;
        }
        let findings = seen.of(lint::POOL_IDLE_ABOVE_SERVER_TIMEOUT);
        assert_eq!(!findings.is_empty(), found, "a pool of {pool} s");
        assert!(findings.len() <= upstream.connections(), "once for a connection");
        for finding in findings {
            assert!(finding.seen().starts_with("the upstream says `timeout=5`"), "{finding}");
            assert!(finding.fix().starts_with("`pool_idle_timeout` of 4.0 s or less"), "{finding}");
        }
    }
}

#[tokio::test]
async fn a_pool_is_told_the_timeout_that_its_upstream_keeps() {
    let clock = ManualClock::new();
    let (lint, seen) = lint_at(&clock);
    let (listener, addr) = listen().await;
    let (client, url) = (gateway(&lint), format!("http://{addr}/"));
    for round in 1..=4 {
        let (mut client, request) = (client.clone(), request(&url, &[]));
        let answered = tokio::spawn(async move { call(&mut client, request).await });
        let mut peer = accept(&listener).await;
        peer.message().await.expect("a request comes");
        peer.send(OK).await;
        answered.await.expect("it is answered");
        assert_eq!(seen.lints(), [""; 0], "round {round}");
        clock.advance(Duration::from_secs(5));
        drop(peer);
        seen.ends(round).await;
        clock.advance(Duration::from_secs(5));
        if round < 3 {
            continue;
        }
        let found = seen.of(lint::POOL_IDLE_ABOVE_SERVER_TIMEOUT);
        let found = found.first().expect("three are a habit");
        assert!(found.seen().contains("the upstream keeps them for 5.0 s"), "{found}");
        assert!(found.fix().starts_with("`pool_idle_timeout` of 4.0 s or less"), "{found}");
        return;
    }
}

#[tokio::test]
async fn an_upstream_that_restarts_has_no_timeout() {
    let clock = ManualClock::new();
    let (lint, seen) = lint_at(&clock);
    let (listener, addr) = listen().await;
    let (client, url) = (gateway(&lint), format!("http://{addr}/"));
    let calls = tokio::spawn(async move { burst(&client, &url, 8).await });
    let mut peers = Vec::new();
    for _ in 0..8 {
        peers.push(accept(&listener).await);
    }
    for peer in &mut peers {
        peer.message().await.expect("a request comes");
    }
    for peer in &mut peers {
        peer.send(OK).await;
    }
    calls.await.expect("all are answered");
    clock.advance(MINUTE);
    drop(peers);
    seen.ends(8).await;
    assert_eq!(seen.lints(), [""; 0], "all at once is no timeout");
}

#[tokio::test]
async fn a_pool_that_keeps_a_connection_for_ever_is_found() {
    let clock = ManualClock::new();
    let (lint, seen) = lint_at(&clock);
    let server = Server::of(app()).await;
    let mut client = gateway_by(&lint, |dials| dials, |pool| _ = pool.pool_idle_timeout(None));
    let url = server.url("/plain");
    call(&mut client, request(&url, &[])).await;
    clock.advance(MINUTE * 9);
    call(&mut client, request(&url, &[])).await;
    assert_eq!(seen.lints(), [""; 0], "nine minutes are below the bound");
    clock.advance(MINUTE * 11);
    call(&mut client, request(&url, &[])).await;
    let found = seen.of(lint::NO_IDLE_TIMEOUT);
    let [found] = &found[..] else { panic!("one was expected: {:?}", seen.lints()) };
    assert_eq!(found.seen(), "nothing passed for 11 min, and nothing ended it");
    assert!(found.fix().contains("pool_idle_timeout"), "{found}");
}

#[tokio::test]
async fn a_client_for_each_request_is_one_too_many() {
    let (lint, seen) = lint();
    let server = Server::of(app()).await;
    for ends in 1..=30 {
        call(&mut gateway(&lint), request(&server.url("/plain"), &[])).await;
        seen.ends(ends).await;
    }
    let found = seen.of(lint::CLIENT_PER_REQUEST);
    let found = found.first().expect("thirty are a habit");
    assert_eq!(found.place, Place::OutboundWindow);
    assert!(found.is_ours(), "{found}");
    assert!(found.seen().starts_with("5 clients were dropped"), "{found}");
    assert!(found.fix().contains("build the `Client` once"), "{found}");
    let low = seen.of(lint::LOW_REUSE);
    let low = low.first().expect("none of thirty was used again");
    assert_eq!(low.fix(), "client-dropped: build the client once, and share it");
}

#[tokio::test]
async fn clients_that_do_their_work_and_end_are_perfect() {
    let (lint, seen) = lint();
    let server = Server::of(app()).await;
    for _ in 0..8 {
        let mut client = gateway(&lint);
        for _ in 0..40 {
            call(&mut client, request(&server.url("/plain"), &[])).await;
        }
    }
    let client = gateway(&lint);
    burst(&client, &server.url("/plain"), 50).await;
    drop(client);
    seen.ends(server.connections()).await;
    assert_eq!(seen.lints(), [""; 0]);
}

#[tokio::test]
async fn a_pool_that_is_too_small_for_bursts_is_told_a_size() {
    for (declared, kept) in [(false, 1), (true, 1), (false, 8)] {
        let (lint, seen) = lint();
        let server = Server::of(app()).await;
        let client = gateway_by(
            &lint,
            |dials| if declared { dials.pool(Duration::from_secs(90), kept) } else { dials },
            |pool| _ = pool.pool_max_idle_per_host(kept),
        );
        for _ in 0..20 {
            burst(&client, &server.url("/plain"), 8).await;
        }
        let found = seen.of(lint::POOL_TOO_SMALL);
        if kept == 8 {
            assert_eq!(seen.lints(), [""; 0], "it has room for all: {found:?}");
            continue;
        }
        let found = found.last().expect("twenty bursts are a habit");
        assert_eq!(found.place, Place::OutboundWindow);
        assert!(found.is_ours(), "{found}");
        assert!(found.seen().contains("idle connections were closed here right"), "{found}");
        let fix = found.fix();
        let size =
            fix.strip_prefix("`pool_max_idle_per_host(").and_then(|rest| rest.split_once(')'));
        let size: usize = size.and_then(|(size, _)| size.parse().ok()).expect("it names a size");
        assert!((7..=16).contains(&size), "bursts are of eight: {found}");
    }
}

#[tokio::test]
async fn a_second_client_of_http2_opens_one_connection_too_many() {
    let clock = ManualClock::new();
    let (lint, seen) = lint_at(&clock);
    let server = Server::auto(app()).await;
    let http2 = || gateway_by(&lint, |dials| dials, |pool| _ = pool.http2_only(true));
    let mut first = http2();
    for _ in 0..5 {
        call(&mut first, request(&server.url("/plain"), &[])).await;
        clock.advance(Duration::from_secs(1));
    }
    assert_eq!(seen.lints(), [""; 0], "one connection for all");
    call(&mut http2(), request(&server.url("/plain"), &[])).await;
    let found = seen.of(lint::EXTRA_HTTP2_CONNECTION);
    let [found] = &found[..] else { panic!("one was expected: {:?}", seen.lints()) };
    assert_eq!(found.place, Place::OutboundWindow);
    assert!(found.seen().contains("beside one that is open"), "{found}");
}

#[tokio::test]
async fn an_upstream_that_says_close_costs_reuse_that_is_not_ours() {
    let (lint, seen) = lint();
    let server = Server::of(app()).await;
    let mut client = gateway(&lint);
    for ends in 1..=30 {
        call(&mut client, request(&server.url("/close"), &[])).await;
        seen.ends(ends).await;
    }
    let found = seen.of(lint::LOW_REUSE);
    let found = found.first().expect("none of thirty was used again");
    assert_eq!(found.place, Place::OutboundWindow);
    assert_eq!(
        found.server.map(|server| server.as_str().to_owned()),
        Some(server.addr.to_string())
    );
    assert!(!found.is_ours(), "{found}");
    assert_eq!(found.fix(), "response-close: let the server send no `close`");
}

#[tokio::test]
async fn exceptions_of_a_client_hold_for_it_with_their_reason() {
    let server = Server::of(app()).await;
    let (lint, seen) = lint();
    let client = gateway(&lint);
    // Another layer of the same name: the name is the client.
    let _excepting = lint
        .outbound("gateway")
        .allow(lint::DROPPED_RESPONSE_BODY, "only the head matters")
        .allow(lint::LOW_REUSE, "a nightly job");
    for ends in 1..=30 {
        drop_body(&client, &server.url("/long")).await;
        seen.ends(ends).await;
    }
    assert_eq!(seen.of(lint::DROPPED_RESPONSE_BODY).len(), 0);
    assert_eq!(seen.of(lint::LOW_REUSE).len(), 0);
    let expected = [
        ("dropped-response-body", "only the head matters".to_owned()),
        ("low-reuse", "a nightly job".to_owned()),
    ];
    assert_eq!(seen.accepted(), expected);
}

#[tokio::test]
async fn a_route_of_the_policy_rules_a_client_a_host_or_a_path() {
    let server = Server::of(app()).await;
    let host = server.addr.to_string();
    for (route, found) in [
        ("gateway".to_owned(), 0),
        (host, 0),
        ("gateway /long".to_owned(), 0),
        ("GET gateway /long".to_owned(), 0),
        ("POST gateway /long".to_owned(), 1),
        ("gateway /short".to_owned(), 1),
        ("another".to_owned(), 1),
    ] {
        let allowed = Route::outbound(route.clone()).allow(lint::DROPPED_RESPONSE_BODY);
        let (lint, seen) = lint_of(heeding_all().route(allowed).build().expect("it is right"));
        drop_body(&gateway(&lint), &server.url("/long")).await;
        seen.ends(1).await;
        assert_eq!(seen.of(lint::DROPPED_RESPONSE_BODY).len(), found, "{route}");
    }
}
