//! What is known of the connections of a client of reqwest: as it dials them, and as responses come
//! on them. Their ends are hidden.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use futures_util::future::join_all;
use http::{Version, header};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{Notify, Semaphore};
use tower::{Service as _, ServiceBuilder, ServiceExt as _};
use tower_conn_lint::connection::{
    Bounds, Closer, DialError, EndCause, Ended, OpenChange, Opened, Party,
};
use tower_conn_lint::lint::{self, Client, Finding};
use tower_conn_lint::report::Reporter;
use tower_conn_lint::{ConnHandle, ConnLint, ConnLintBuilder, ManualClock, Preset};

use super::{client, gateway, wired};
use crate::raw::Peer;
use crate::server::{Server, echo_upgraded, listen};
use crate::tls;
use crate::upstream::Upstream;
use crate::within::within;

/// What a lint told of connections.
#[derive(Clone, Debug, Default)]
struct Told(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    opened: Vec<Opened>,
    ended: Vec<Ended>,
    failed: Vec<(String, DialError)>,
    findings: Vec<Finding>,
    open_changes: usize,
}

#[tokio::test]
async fn each_response_tells_which_request_on_which_connection_it_answers() {
    let (lint, told) = lint();
    let upstream = Upstream::plain().await;
    let gateway = wired(&lint, |builder| builder);
    let mut ids = Vec::new();
    for number in 1..=20 {
        let handle = call(&gateway, &upstream.url("/")).await.expect("its dial was seen");
        assert_eq!(handle.request(), number);
        assert_eq!((handle.fresh(), handle.reused()), (number == 1, number > 1));
        assert_eq!(handle.peer_addr(), Some(upstream.addr));
        assert_eq!(handle.version(), Some(Version::HTTP_11));
        ids.push(handle.id());
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "one connection: {ids:?}");
    told.with(|kept| {
        let [opened] = &kept.opened[..] else { panic!("one dial: {:?}", kept.opened) };
        assert_eq!((opened.id, opened.peer), (ids[0], Some(upstream.addr)));
        assert!(opened.dial.is_some(), "it was timed");
        assert_eq!(name(opened.party.as_ref()), upstream.addr.to_string());
        assert!(kept.ended.is_empty() && kept.findings.is_empty(), "{kept:?}");
    });
    assert_eq!(told.with(|kept| kept.open_changes), 0, "no gauge counts it as open");
    let snapshot = lint.snapshot();
    let [known] = &snapshot.upstreams[..] else { panic!("one upstream: {snapshot:?}") };
    assert_eq!((known.requests, known.fresh, known.dials, known.connections), (20, 1, 1, 1));
    assert_eq!((known.active, known.idle), (0, 0), "whether it is open, nobody knows");
}

#[tokio::test]
async fn a_response_that_says_close_is_the_end_of_its_connection_as_it_was_read() {
    let (lint, told) = lint();
    let upstream = Upstream::answering(|_| {
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok"
    })
    .await;
    let gateway = wired(&lint, |builder| builder);
    for _ in 0..20 {
        let handle = call(&gateway, &upstream.url("/")).await.expect("its dial was seen");
        assert!(handle.fresh(), "{handle:?}");
    }
    told.with(|kept| {
        assert_eq!((kept.opened.len(), kept.ended.len()), (20, 20));
        for ended in &kept.ended {
            assert_eq!(ended.end.cause, EndCause::ResponseClose, "a message said so");
            assert_eq!(ended.end.closer, Closer::Unknown, "who was first is hidden");
            assert!(!ended.end_seen && ended.requests == 1, "{ended:?}");
        }
    });
}

#[tokio::test]
async fn a_client_for_each_request_is_found_and_why_its_connections_end_is_not_said() {
    let (lint, told) = lint();
    let upstream = Upstream::plain().await;
    for _ in 0..100 {
        call(&wired(&lint, |builder| builder), &upstream.url("/")).await.expect("it was seen");
    }
    assert_eq!(upstream.connections(), 100);
    told.with(|kept| {
        let found = |lint| kept.findings.iter().find(|finding| finding.lint == lint);
        let clients = found(lint::CLIENT_PER_REQUEST).expect("the clients are seen");
        assert!(clients.seen().contains("clients were dropped"), "{clients}");
        let reuse = found(lint::LOW_REUSE).expect("the dials are seen");
        assert!(reuse.to_string().contains("share one client"), "{reuse}");
        assert!(!reuse.to_string().contains("ended by"), "no cause is seen: {reuse}");
        assert_eq!(kept.ended.len(), 100, "each is gone at the latest with its client");
        for ended in &kept.ended {
            assert_eq!((ended.end.cause, ended.end.closer), (EndCause::Unknown, Closer::Unknown));
            assert!(ended.end.beside.contains(EndCause::ClientDropped), "which was seen");
        }
    });
}

#[tokio::test]
async fn connections_that_nobody_keeps_are_needed_by_no_concurrency() {
    let (lint, told) = lint();
    let upstream = Upstream::plain().await;
    let gateway = wired(&lint, |builder| builder.pool_max_idle_per_host(0));
    for _ in 0..100 {
        call(&gateway, &upstream.url("/")).await.expect("its dial was seen");
    }
    let known = &lint.snapshot().upstreams[0];
    assert_eq!((known.fresh, known.excused), (100, 1), "one was needed: {known:?}");
    let lints: Vec<_> = told.with(|kept| kept.findings.iter().map(|found| found.lint).collect());
    assert_eq!(lints, [lint::LOW_REUSE]);
}

#[tokio::test]
async fn a_client_that_is_dropped_while_a_response_is_read_ends_after_it() {
    let (lint, told) = lint();
    let upstream = Upstream::answering(|request| match request.path() {
        "/close" => b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
        _ => b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
    })
    .await;
    for (ended, path) in ["/close", "/"].into_iter().enumerate() {
        let gateway = wired(&lint, |builder| builder);
        let response = within("a call", gateway.get(upstream.url(path)).send()).await;
        drop(gateway);
        assert_eq!(told.with(|kept| kept.ended.len()), ended, "it is read still");
        within("a body", response.expect("it succeeds").bytes()).await.expect("it is read");
    }
    told.with(|kept| {
        let causes: Vec<_> = kept.ended.iter().map(|ended| ended.end.cause).collect();
        assert_eq!(causes, [EndCause::ResponseClose, EndCause::Unknown]);
        assert!(kept.ended[1].end.beside.contains(EndCause::ClientDropped), "which was seen");
    });
}

#[tokio::test]
async fn a_redirects_target_is_named_and_what_came_before_it_is_unknown() {
    let (lint, told) = lint();
    let target = Upstream::plain().await;
    let front = redirecting(&target.url("/target")).await;
    let gateway = wired(&lint, |builder| builder);
    let handle = call(&gateway, &front.url("/")).await.expect("its dial was seen");
    assert_eq!(handle.peer_addr(), Some(target.addr));
    assert_eq!((handle.fresh(), handle.reused()), (false, false), "hops are hidden");
    told.with(|kept| {
        let dialled: Vec<_> =
            kept.opened.iter().map(|opened| name(opened.party.as_ref())).collect();
        assert_eq!(dialled, [front.addr.to_string(), "unknown".to_owned()], "as it was dialled");
    });
    let upstreams = lint.snapshot().upstreams;
    let of = |addr: std::net::SocketAddr| {
        let name = addr.to_string();
        upstreams.iter().find(|known| known.name == name).expect("it is known by now")
    };
    assert_eq!(
        (of(front.addr).dials, of(front.addr).requests),
        (1, 0),
        "its answer was a redirect"
    );
    assert_eq!((of(target.addr).dials, of(target.addr).requests), (1, 1), "by the final URL");

    let handle = call(&gateway, &front.url("/plain")).await.expect("its dial was seen");
    assert_eq!((handle.fresh(), handle.reused()), (false, false), "a hop used it, unseen");
    let handle = call(&gateway, &target.url("/")).await.expect("its dial was seen");
    assert!(handle.reused(), "a response came on it before");
}

#[tokio::test]
async fn a_dial_that_fails_is_told_with_its_kind_and_its_upstream() {
    let (lint, told) = lint();
    let (listener, addr) = listen().await;
    drop(listener);
    let gateway = wired(&lint, |builder| builder);
    let error = gateway.get(format!("http://{addr}/")).send().await.expect_err("nobody listens");
    assert!(error.is_connect(), "{error}");

    let hanging = wired(&lint, |builder| {
        builder.dns_resolver(Hanging).connect_timeout(Duration::from_millis(1))
    });
    let error = within("a call", hanging.get("http://gateway.test/").send()).await;
    assert!(error.expect_err("no name is found").is_timeout());

    let front = redirecting(&format!("http://{addr}/")).await;
    gateway.get(front.url("/")).send().await.expect_err("nobody listens there");
    told.with(|kept| {
        let expected = [
            (addr.to_string(), DialError::Refused),
            ("gateway.test:80".to_owned(), DialError::GivenUp),
            ("unknown".to_owned(), DialError::Refused),
        ];
        assert_eq!(kept.failed, expected);
    });
}

#[tokio::test]
async fn a_burst_that_needs_its_connections_is_excused() {
    let (lint, told) = lint();
    let upstream = Upstream::plain().await;
    let gateway = wired(&lint, |builder| builder);
    for _ in 0..40 {
        let urls: Vec<_> = (0..8).map(|_| upstream.url("/")).collect();
        join_all(urls.iter().map(|url| call(&gateway, url))).await;
    }
    let snapshot = lint.snapshot();
    let known = &snapshot.upstreams[0];
    assert_eq!(known.requests, 320);
    assert!(known.excused >= 8, "as many as ran at once: {known:?}");
    assert!(known.reuse_excused.is_some_and(|reuse| reuse > 0.9), "{known:?}");
    assert!(told.with(|kept| kept.findings.is_empty()), "{told:?}");
}

#[tokio::test]
async fn streams_of_http2_share_a_connection_that_is_known() {
    let (lint, told) = lint();
    let app = Router::new().route("/", get(|| async { "hello" }));
    let server = Server::auto(app).await;
    let gateway = wired(&lint, |builder| builder.http2_prior_knowledge());
    let url = server.url("/");
    let first = call(&gateway, &url).await.expect("its dial was seen");
    assert!(first.fresh());
    assert_eq!(first.version(), Some(Version::HTTP_2), "by its response");
    let handles = join_all((0..8).map(|_| call(&gateway, &url))).await;
    for handle in handles.into_iter().map(|handle| handle.expect("its dial was seen")) {
        assert_eq!((handle.id(), handle.reused()), (first.id(), true));
    }
    assert!(told.with(|kept| kept.ended.is_empty() && kept.findings.is_empty()), "{told:?}");
}

#[tokio::test]
async fn a_connection_of_http2_ends_with_its_client_once_its_last_response_was_read() {
    let (lint, told) = lint();
    let server = Server::auto(Router::new().route("/", get(|| async { "hello" }))).await;
    let gateway = wired(&lint, |builder| builder.http2_prior_knowledge());
    let response = within("a call", gateway.get(server.url("/")).send()).await;
    drop(gateway);
    assert!(told.with(|kept| kept.ended.is_empty()), "it is read still");
    within("a body", response.expect("it succeeds").bytes()).await.expect("it is read");
    told.with(|kept| {
        let [ended] = &kept.ended[..] else { panic!("one end: {:?}", kept.ended) };
        assert!(ended.end.beside.contains(EndCause::ClientDropped), "{ended:?}");
    });
}

#[tokio::test]
async fn whether_an_older_connection_of_http2_was_usable_is_not_said() {
    let clock = ManualClock::new();
    let builder = ConnLint::builder().policy(Preset::Strict1).environment("");
    let (lint, told) = lint_by(builder.clock(clock.clone()));
    let server = Server::auto(Router::new().route("/", get(|| async { "hello" }))).await;
    let clients = [(); 2].map(|()| wired(&lint, |builder| builder.http2_prior_knowledge()));
    for gateway in &clients {
        let handle = call(gateway, &server.url("/")).await.expect("its dial was seen");
        assert!(handle.fresh(), "{handle:?}");
        clock.advance(Duration::from_secs(10));
    }
    assert!(told.with(|kept| kept.findings.is_empty()), "{told:?}");
}

#[tokio::test]
async fn how_long_a_connection_rested_is_known_unless_redirects_were_followed() {
    let clock = ManualClock::new();
    let (lint, _) = lint_by(ConnLint::builder().environment("").clock(clock.clone()));
    let upstream = Upstream::answering(|request| match request.path() {
        "/moved" => b"HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n",
        _ => b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
    })
    .await;
    let gateway = wired(&lint, |builder| builder);
    for (path, rested, age) in [("/", 0, 0), ("/", 7, 7), ("/moved", 0, 14), ("/", 7, 21)] {
        let handle = call(&gateway, &upstream.url(path)).await.expect("its dial was seen");
        assert_eq!(handle.idle_before(), Duration::from_secs(rested), "{path}");
        assert_eq!(handle.age(), Duration::from_secs(age), "{path}");
        clock.advance(Duration::from_secs(7));
    }
}

/// hyper-util lets a dial go on by itself whose request got a connection that became free.
#[tokio::test]
async fn a_connection_that_lost_its_race_is_known_and_nobody_says_that_it_is_fresh() {
    let (lint, told) = lint();
    let (release, permits) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(1)));
    let held = release.clone();
    let hold = move || {
        let held = held.clone();
        async move {
            held.notified().await;
            "held"
        }
    };
    let server = Server::of(Router::new().route("/", get(hold))).await;
    let url = format!("http://gateway.test:{}/", server.addr.port());
    let gateway = wired(&lint, |builder| builder.dns_resolver(OnPermit(permits.clone())));
    let mut first = std::pin::pin!(call(&gateway, &url));
    while server.connections() == 0 {
        assert!(poll_once(first.as_mut()).await.is_none(), "it is held");
        tokio::task::yield_now().await;
    }
    let mut second = std::pin::pin!(call(&gateway, &url));
    assert!(poll_once(second.as_mut()).await.is_none(), "it dials");
    release.notify_one();
    let first = within("the first", first).await.expect("its dial was seen");
    release.notify_one();
    let second = within("the second", second).await.expect("its dial was seen");
    assert_eq!((second.id(), second.reused()), (first.id(), true), "it got the one that was free");

    permits.add_permits(1);
    within("its own dial", async {
        while told.with(|kept| kept.opened.len()) < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let named = told.with(|kept| name(kept.opened[1].party.as_ref()));
    assert_eq!(named, format!("gateway.test:{}", server.addr.port()), "it is the call's");
    let mut calls = std::pin::pin!(join_all([call(&gateway, &url), call(&gateway, &url)]));
    assert!(poll_once(calls.as_mut()).await.is_none(), "both are held");
    let handles = within("both", async {
        loop {
            release.notify_one();
            if let Some(handles) = poll_once(calls.as_mut()).await {
                return handles;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    let other = handles.into_iter().flatten().find(|handle| handle.id() != first.id());
    let other = other.expect("two at once need both");
    assert_eq!((other.fresh(), other.reused()), (false, false), "{other:?}");
}

#[tokio::test]
async fn a_tracked_body_fails_as_reqwests_own_does() {
    let (lint, _) = lint();
    let (listener, addr) = listen().await;
    let upstream = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut peer = Peer::new(stream);
            peer.message().await.expect("a request comes");
            // An end in the middle of the body.
            peer.send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nok").await;
        }
    });
    let url = format!("http://{addr}/cut");
    let read = async |gateway: ClientWithMiddleware| {
        let response = within("a call", gateway.get(&url).send()).await.expect("a head comes");
        assert_eq!(response.content_length(), Some(5));
        assert_eq!(response.url().as_str(), url);
        within("a body", response.bytes()).await.expect_err("it is cut")
    };
    let expected = read(ClientBuilder::new(client()).build()).await;
    let error = read(wired(&lint, |builder| builder)).await;
    assert_eq!(error.to_string(), expected.to_string());
    assert_eq!(error.is_decode(), expected.is_decode());
    assert_eq!(error.is_timeout(), expected.is_timeout());
    let [causes, expected] = [&error, &expected].map(super::chain);
    assert!(
        causes.ends_with(&expected[1..]),
        "what led to it is the same: {causes:?} {expected:?}"
    );
    assert_eq!(causes.len() - expected.len(), 2, "reqwest's conversions name it once more each");
    upstream.abort();
}

#[tokio::test]
async fn an_upgrade_passes_through_and_is_no_more_http() {
    let (lint, told) = lint();
    let upgrade = async |request: axum::extract::Request| {
        tokio::spawn(echo_upgraded(request));
        let headers = [(header::CONNECTION, "upgrade"), (header::UPGRADE, "echo")];
        (http::StatusCode::SWITCHING_PROTOCOLS, headers)
    };
    let server = Server::of(Router::new().route("/", get(upgrade))).await;
    let gateway = wired(&lint, |builder| builder);
    let request = gateway.get(server.url("/")).header("connection", "upgrade");
    let response = within("a call", request.header("upgrade", "echo").send()).await;
    let response = response.expect("it succeeds");
    assert!(response.extensions().get::<ConnHandle>().is_some(), "its dial was seen");
    let mut tunnel = within("an upgrade", response.upgrade()).await.expect("it is upgraded");
    tunnel.write_all(b"ping").await.expect("it is written");
    let mut echo = [0; 4];
    within("an echo", tunnel.read_exact(&mut echo)).await.expect("it comes");
    assert_eq!(&echo, b"ping");
    drop((tunnel, gateway));
    told.with(|kept| {
        let [ended] = &kept.ended[..] else { panic!("one end: {:?}", kept.ended) };
        assert_eq!(ended.end.cause, EndCause::Upgrade);
        assert!(kept.findings.is_empty(), "{:?}", kept.findings);
    });
}

#[tokio::test]
async fn a_client_as_a_service_tells_its_connections_as_well() {
    let (lint, told) = lint();
    let upstream = Upstream::plain().await;
    let builder = tls::reqwest();
    let client = builder.connector_layer(lint.connector_layer("gateway")).build();
    let mut gateway = ServiceBuilder::new()
        .buffer(4)
        .layer(lint.outbound("gateway"))
        .service(client.expect("it is built"));
    for number in 1..=3 {
        let request = super::get(&upstream.url("/"));
        let response = within("a call", gateway.ready().await.expect("it is ready").call(request));
        let response = response.await.expect("it succeeds");
        let handle = response.extensions().get::<ConnHandle>().expect("its dial was seen");
        assert_eq!((handle.request(), handle.fresh()), (number, number == 1));
        within("a body", response.bytes()).await.expect("it is read");
    }
    let dialled = told.with(|kept| name(kept.opened[0].party.as_ref()));
    assert_eq!(dialled, upstream.addr.to_string());
}

#[tokio::test]
async fn a_pool_that_is_declared_is_compared_with_what_its_upstream_says() {
    let (lint, told) = lint();
    let upstream = Upstream::answering(|_| {
        b"HTTP/1.1 200 OK\r\nkeep-alive: timeout=5\r\ncontent-length: 2\r\n\r\nok"
    })
    .await;
    let layer = lint.connector_layer("gateway").pool(Duration::from_secs(90), usize::MAX);
    let client = tls::reqwest().connector_layer(layer).build();
    let gateway = gateway(&lint, client.expect("it is built"));
    call(&gateway, &upstream.url("/")).await.expect("its dial was seen");
    let lints: Vec<_> = told.with(|kept| kept.findings.iter().map(|found| found.lint).collect());
    assert!(lints.contains(&lint::POOL_IDLE_ABOVE_SERVER_TIMEOUT), "{lints:?}");
}

#[tokio::test]
async fn a_client_without_the_layer_or_of_another_name_tells_no_connection() {
    let (lint, told) = lint();
    let upstream = Upstream::plain().await;
    let bare = gateway(&lint, client());
    assert!(call(&bare, &upstream.url("/")).await.is_none(), "its dial was not seen");
    let builder = tls::reqwest().connector_layer(lint.connector_layer("a"));
    let other = gateway(&lint, builder.build().expect("it is built"));
    assert!(call(&other, &upstream.url("/")).await.is_none(), "it is another client's");
    let dialled = told.with(|kept| name(kept.opened[0].party.as_ref()));
    assert_eq!(dialled, "unknown", "no call of this client was polled");
}

#[cfg(unix)]
#[tokio::test]
async fn of_a_unix_socket_nothing_is_known_but_its_dial() {
    let (lint, told) = lint();
    let path = std::env::temp_dir().join(format!("conn-lint-{}.sock", std::process::id()));
    _ = std::fs::remove_file(&path);
    let listener = tokio::net::UnixListener::bind(&path).expect("the path is free");
    let app = Router::new().route("/", get(|| async { "hello" }));
    let server = tokio::spawn(axum::serve(listener, app).into_future());
    let gateway = wired(&lint, |builder| builder.unix_socket(path.as_path()));
    assert!(call(&gateway, "http://gateway/").await.is_none(), "it has no addresses");
    told.with(|kept| {
        assert_eq!(kept.opened.len(), 1);
        assert_eq!((kept.opened[0].local, kept.opened[0].peer), (None, None));
    });
    assert!(lint.snapshot().upstreams.is_empty(), "nothing is counted that can't be joined");
    server.abort();
    _ = std::fs::remove_file(&path);
}

#[tokio::test]
async fn behind_a_proxy_the_upstream_is_who_was_asked_for_and_the_peer_is_the_proxy() {
    let (lint, told) = lint();
    let proxy = Upstream::plain().await;
    let by = reqwest::Proxy::http(format!("http://{}", proxy.addr)).expect("it is a URL");
    let gateway = wired(&lint, |builder| builder.proxy(by));
    for number in 1..=3 {
        let handle = call(&gateway, "http://gateway.test/").await.expect("its dial was seen");
        assert_eq!((handle.request(), handle.peer_addr()), (number, Some(proxy.addr)));
    }
    assert_eq!(told.with(|kept| name(kept.opened[0].party.as_ref())), "gateway.test:80");
}

#[tokio::test]
async fn off_nothing_is_told() {
    let (lint, told) = lint_by(ConnLint::builder().policy(Preset::Strict1).environment("off"));
    let upstream = Upstream::plain().await;
    assert!(call(&wired(&lint, |builder| builder), &upstream.url("/")).await.is_none());
    assert!(told.with(|kept| kept.opened.is_empty() && kept.ended.is_empty()), "{told:?}");
}

// === fixtures ===

fn lint() -> (ConnLint, Told) {
    lint_by(ConnLint::builder().policy(Preset::Observe1).environment(""))
}

fn lint_by(builder: ConnLintBuilder) -> (ConnLint, Told) {
    let mut bounds = Bounds::default();
    bounds.warm_up = Duration::ZERO;
    let told = Told::default();
    let builder = builder.bounds(bounds).without_tracing().without_metrics();
    (builder.reporter(told.clone()).build(), told)
}

/// Sends a request and reads its response to the end: what is known of its connection.
async fn call(gateway: &ClientWithMiddleware, url: &str) -> Option<ConnHandle> {
    let response = within("a call", gateway.get(url).send()).await.expect("it succeeds");
    let handle = response.extensions().get().cloned();
    within("a body", response.bytes()).await.expect("it is read");
    handle
}

/// Redirects from `/` to there.
async fn redirecting(to: &str) -> Server {
    let to = to.to_owned();
    let redirect = move || {
        let to = to.clone();
        async move { axum::response::Redirect::to(&to) }
    };
    let app = Router::new().route("/", get(redirect)).route("/plain", get(|| async { "plain" }));
    Server::of(app).await
}

fn name(party: Option<&Party>) -> String {
    party.map(|party| party.name().to_string()).unwrap_or_default()
}

/// What a future gives as it is polled once.
async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Finds loopback under each name, once for each permit.
struct OnPermit(Arc<Semaphore>);

impl Resolve for OnPermit {
    fn resolve(&self, _: Name) -> Resolving {
        let permits = self.0.clone();
        Box::pin(async move {
            permits.acquire().await?.forget();
            let loopback: Addrs = Box::new([([127, 0, 0, 1], 0).into()].into_iter());
            Ok(loopback)
        })
    }
}

/// Never answers.
struct Hanging;

impl Resolve for Hanging {
    fn resolve(&self, _: Name) -> Resolving {
        Box::pin(std::future::pending())
    }
}

// === impl Told ===

impl Told {
    fn with<T>(&self, look: impl FnOnce(&Kept) -> T) -> T {
        look(&self.lock())
    }

    fn keep(&self, keep: impl FnOnce(&mut Kept)) {
        keep(&mut self.lock());
    }

    /// An assert may fail with the lock, and connections end after it.
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reporter for Told {
    fn opened(&self, connection: &Opened) {
        self.keep(|kept| kept.opened.push(connection.clone()));
    }

    fn ended(&self, connection: &Ended) {
        self.keep(|kept| kept.ended.push(connection.clone()));
    }

    fn dial_failed(&self, _: &Client, upstream: &Party, error: DialError, _: Duration) {
        self.keep(|kept| kept.failed.push((upstream.name().to_string(), error)));
    }

    fn open_changed(&self, _: &OpenChange<'_>) {
        self.keep(|kept| kept.open_changes += 1);
    }

    fn finding(&self, finding: &Finding) {
        self.keep(|kept| kept.findings.push(finding.clone()));
    }
}
