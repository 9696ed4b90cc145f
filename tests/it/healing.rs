//! What cures do on real sockets, that they are of use, and where they stand aside.

mod hostile;
mod http2;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::{Notify, mpsc};
use tower::{Layer as _, ServiceExt as _};
use tower_conn_lint::connection::{Closer, EndCause, Ended, Opened};
use tower_conn_lint::heal::{Act, Budget, Cure, Cures, Grace, Outcome};
use tower_conn_lint::report::Reporter;
use tower_conn_lint::{ConnLint, ConnLintBuilder, ManualClock, Policy, Route, lint::Level};

use crate::raw::Peer;
use crate::reuse::Wired;
use crate::within::within;

use Outcome::{GaveUp, Refused, Tried, Worked};

/// What a lint told.
struct World {
    lint: ConnLint,
    acts: mpsc::UnboundedReceiver<(Cure, Outcome)>,
    ends: mpsc::UnboundedReceiver<(EndCause, Closer)>,
    opened: Arc<AtomicUsize>,
}

struct Told {
    acts: mpsc::UnboundedSender<(Cure, Outcome)>,
    ends: mpsc::UnboundedSender<(EndCause, Closer)>,
    opened: Arc<AtomicUsize>,
}

impl Reporter for Told {
    fn opened(&self, _: &Opened) {
        self.opened.fetch_add(1, Ordering::Relaxed);
    }

    fn healed(&self, act: &Act) {
        _ = self.acts.send((act.cure, act.outcome));
    }

    fn ended(&self, connection: &Ended) {
        _ = self.ends.send((connection.end.cause, connection.end.closer));
    }
}

const MIB: usize = 1 << 20;

const CLOSE: &str = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
const PLAIN: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

// === impl World ===

impl World {
    fn with(cures: Cures) -> World {
        World::of(ConnLint::builder().heal(cures))
    }

    fn of(builder: ConnLintBuilder) -> World {
        let (acts_to, acts) = mpsc::unbounded_channel();
        let (ends_to, ends) = mpsc::unbounded_channel();
        let builder = builder.environment("").without_tracing().without_metrics();
        let opened = Arc::default();
        let told = Told { acts: acts_to, ends: ends_to, opened: Arc::clone(&opened) };
        World { lint: builder.reporter(told).build(), acts, ends, opened }
    }

    fn connections(&self) -> usize {
        self.opened.load(Ordering::Relaxed)
    }

    async fn serve(&self) -> Wired {
        let app = Router::new()
            .route("/", get(|| async { "welcome" }))
            .route("/unread", post(|| async { "not read" }))
            .route("/read", post(|body: Bytes| async move { body.len().to_string() }))
            .route("/large", get(|| async { vec![b'x'; MIB] }));
        Wired::of(&self.lint, app).await
    }

    async fn act(&mut self) -> (Cure, Outcome) {
        within("an act", self.acts.recv()).await.expect("the lint lives")
    }

    async fn acts(&mut self, count: usize) -> Vec<(Cure, Outcome)> {
        let mut acts = Vec::new();
        for _ in 0..count {
            acts.push(self.act().await);
        }
        acts
    }

    fn no_more_acts(&mut self) {
        let more = self.acts.try_recv();
        assert!(more.is_err(), "nothing else was done: {more:?}");
    }

    async fn end(&mut self) -> (EndCause, Closer) {
        within("an end", self.ends.recv()).await.expect("the lint lives")
    }
}

fn drains(bytes: u64) -> Cures {
    let mut budget = Budget::default();
    budget.bytes = bytes;
    budget.time = Duration::from_secs(10);
    Cures::new().drain_request_body(budget)
}

fn upload(path: &str, length: usize, more: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n{more}\r\n")
}

fn says_close(headers: &HeaderMap) -> bool {
    headers.get(header::CONNECTION).is_some_and(|value| value == "close")
}

fn pool() -> Client<HttpConnector, Full<Bytes>> {
    Client::builder(TokioExecutor::new()).build_http()
}

#[tokio::test]
async fn what_a_handler_leaves_of_a_request_is_read_away() {
    let world = World::with(drains(2 * MIB as u64));
    let server = world.serve().await;
    let client = pool();
    for number in 0..20 {
        let body = Full::new(Bytes::from(vec![b'x'; MIB]));
        let request = Request::post(server.url("/unread")).body(body).unwrap();
        let response = within("a response", client.request(request)).await;
        let response = response.unwrap_or_else(|error| panic!("request {number}: {error:?}"));
        assert!(!says_close(response.headers()), "the connection goes on");
        response.into_body().collect().await.expect("it comes whole");
    }
    assert!(world.connections() <= 2, "{} connections", world.connections());
}

#[tokio::test]
async fn a_drain_is_of_use_once_the_connection_serves_another_request() {
    let mut world = World::with(drains(MIB as u64));
    let server = world.serve().await;
    let mut peer = Peer::connect(server.addr).await;
    peer.send(upload("/unread", 100_000, "")).await;
    let response = peer.message().await.expect("it is answered before its body came");
    assert!(!response.head.contains("close"), "{}", response.head);
    assert_eq!(world.act().await, (Cure::DrainRequestBody, Tried));
    peer.send(vec![b'x'; 100_000]).await;
    world.no_more_acts();
    let response = peer.ask(PLAIN).await;
    assert!(response.head.starts_with("HTTP/1.1 200"), "{}", response.head);
    assert_eq!(world.act().await, (Cure::DrainRequestBody, Worked));
    // A request whose body was read is none that was drained.
    let mut whole = upload("/read", 3, "").into_bytes();
    whole.extend_from_slice(b"abc");
    peer.ask(whole).await;
    peer.ask(PLAIN).await;
    world.no_more_acts();
}

#[tokio::test]
async fn beyond_the_budget_the_response_says_close() {
    for (what, length, more, closes) in [
        ("over the budget", 100_000, "", true),
        ("within it", 40_000, "", false),
        ("what the server reads away by itself", 4_000, "", false),
        ("a client that waits for word to send it", 4_000, "expect: 100-continue\r\n", true),
    ] {
        let mut world = World::with(drains(50_000));
        let server = world.serve().await;
        let mut peer = Peer::connect(server.addr).await;
        peer.send(upload("/unread", length, more)).await;
        let response = peer.message().await.expect("it is answered");
        assert_eq!(
            response.head.contains("connection: close"),
            closes,
            "{what}: {}",
            response.head
        );
        let cure = if closes { Cure::HonestClose } else { Cure::DrainRequestBody };
        assert_eq!(world.act().await, (cure, Tried), "{what}");
        drop(peer);
        let (cause, _) = world.end().await;
        let causes = if closes {
            [EndCause::UnreadRequestBody, EndCause::ResponseClose]
        } else {
            [EndCause::UnreadRequestBody, EndCause::PeerClosedIdle]
        };
        assert!(causes.contains(&cause), "{what}: {cause}");
    }
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up() {
    let mut budget = Budget::default();
    budget.time = Duration::from_millis(50);
    let mut world = World::with(Cures::new().drain_request_body(budget));
    let server = world.serve().await;
    let mut peer = Peer::connect(server.addr).await;
    peer.send("POST /unread HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n")
        .await;
    peer.message().await.expect("it is answered");
    assert_eq!(
        world.acts(2).await,
        [(Cure::DrainRequestBody, Tried), (Cure::DrainRequestBody, GaveUp)]
    );
    assert!(peer.is_closed().await, "the server ends it");
    assert_eq!(world.end().await.0, EndCause::UnreadRequestBody);
}

#[tokio::test]
async fn drains_are_bounded_by_their_number() {
    let mut budget = Budget::default();
    (budget.at_once_per_peer, budget.time) = (2, Duration::from_secs(10));
    let mut world = World::with(Cures::new().drain_request_body(budget));
    let server = world.serve().await;
    let mut peers = Vec::new();
    for number in 0..4 {
        let mut peer = Peer::connect(server.addr).await;
        peer.send(upload("/unread", 100_000, "")).await;
        let response = peer.message().await.expect("it is answered");
        let refused = number >= 2;
        assert_eq!(response.head.contains("connection: close"), refused, "the {number}th");
        let outcome = if refused { Refused } else { Tried };
        assert_eq!(world.act().await, (Cure::DrainRequestBody, outcome), "the {number}th");
        if refused {
            assert_eq!(world.act().await, (Cure::HonestClose, Tried), "the {number}th says so");
        }
        peers.push(peer);
    }
}

#[tokio::test]
async fn a_route_may_be_left_out_and_a_cap_stops_all() {
    let everywhere = || Policy::builder().heal(drains(MIB as u64));
    let but_one = everywhere().route(Route::inbound("/unread").without_drain());
    let only_one = Policy::builder().route(Route::inbound("/unread").drain(Budget::default()));
    let capped = everywhere().cap(Level::Warn);
    for (what, policy, drained) in [
        ("everywhere", everywhere(), true),
        ("everywhere but there", but_one, false),
        ("only there", only_one, true),
        ("under a cap", capped, false),
    ] {
        let policy = policy.build().expect("it is well-formed");
        let mut world = World::of(ConnLint::builder().policy(policy));
        let server = world.serve().await;
        let mut peer = Peer::connect(server.addr).await;
        peer.send(upload("/unread", 100_000, "")).await;
        let response = peer.message().await.expect("it is answered");
        assert!(!response.head.contains("connection: close"), "{what}: {}", response.head);
        if drained {
            assert_eq!(world.act().await, (Cure::DrainRequestBody, Tried), "{what}");
        } else {
            drop(peer);
            world.end().await;
            world.no_more_acts();
        }
    }
}

#[tokio::test]
async fn a_route_may_do_no_more_than_say_that_a_connection_ends() {
    let mut nothing = Budget::default();
    nothing.bytes = 0;
    let policy = Policy::builder().route(Route::inbound("/unread").drain(nothing));
    let policy = policy.build().expect("it is well-formed");
    let mut world = World::of(ConnLint::builder().policy(policy));
    let server = world.serve().await;
    let mut peer = Peer::connect(server.addr).await;
    peer.send(upload("/unread", 100_000, "")).await;
    assert!(peer.message().await.expect("it is answered").says("close"));
    assert_eq!(world.act().await, (Cure::HonestClose, Tried));
    world.end().await;
    world.no_more_acts();
}

#[tokio::test]
async fn what_a_client_drops_of_a_response_is_read_away() {
    let everywhere = || Policy::builder().heal(Cures::new().drain_response_body(Budget::default()));
    let only_one = Policy::builder().route(Route::outbound("gateway").drain(Budget::default()));
    let but_one = everywhere().route(Route::outbound("gateway").without_drain());
    for (what, policy, drained) in
        [("everywhere", everywhere(), true), ("one", only_one, true), ("others", but_one, false)]
    {
        let policy = policy.build().expect("it is well-formed");
        let mut world = World::of(ConnLint::builder().policy(policy));
        let other = World::with(Cures::new());
        let server = other.serve().await;
        let connector = world.lint.connector("gateway", HttpConnector::new());
        let pool = Client::builder(TokioExecutor::new()).build::<_, Full<Bytes>>(connector);
        let client = world.lint.response_bodies().layer(pool);
        for number in 0..10 {
            let request = Request::get(server.url("/large")).body(Full::default()).unwrap();
            let response = within("a response", client.clone().oneshot(request)).await;
            drop(response.unwrap_or_else(|error| panic!("request {number}: {error:?}")));
            if drained && number > 0 {
                let worked = (Cure::DrainResponseBody, Worked);
                assert_eq!(world.act().await, worked, "{what}: the {number}th");
            }
            if drained {
                let tried = (Cure::DrainResponseBody, Tried);
                assert_eq!(world.act().await, tried, "{what}: the {number}th");
            }
            // As a caller does who has something else to do; nothing tells that it is back in its pool.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let connections = other.connections();
        let is_right = if drained { connections <= 3 } else { connections >= 10 };
        assert!(is_right, "{what}: {connections} connections");
        world.no_more_acts();
    }
}

/// Runs tasks on a runtime, wherever it is asked to.
struct On(tokio::runtime::Handle);

impl hyper::rt::Executor<Task> for On {
    fn execute(&self, task: Task) {
        self.0.spawn(task);
    }
}

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

#[tokio::test]
async fn what_is_dropped_outside_of_a_runtime_is_read_on_the_given_one() {
    for is_given in [false, true] {
        let mut builder =
            ConnLint::builder().heal(Cures::new().drain_response_body(Budget::default()));
        if is_given {
            builder = builder.executor(On(tokio::runtime::Handle::current()));
        }
        let (mut world, other) = (World::of(builder), World::with(Cures::new()));
        let server = other.serve().await;
        let connector = world.lint.connector("gateway", HttpConnector::new());
        let pool = Client::builder(TokioExecutor::new()).build::<_, Full<Bytes>>(connector);
        let client = world.lint.response_bodies().layer(pool);
        let request = Request::get(server.url("/large")).body(Full::default()).unwrap();
        let response = within("a response", client.oneshot(request)).await.expect("it is answered");
        std::thread::spawn(move || drop(response)).join().expect("it is dropped");
        let outcome = if is_given { Tried } else { Refused };
        assert_eq!(world.act().await, (Cure::DrainResponseBody, outcome), "given: {is_given}");
        world.no_more_acts();
    }
}

#[tokio::test]
async fn a_peer_that_closes_as_it_has_the_response_closes_first() {
    let mut grace = Grace::default();
    grace.time = Duration::from_secs(10);
    let mut world = World::with(Cures::new().peer_closes_first(grace));
    let server = world.serve().await;
    for number in 0..5 {
        let mut peer = Peer::connect(server.addr).await;
        peer.ask(CLOSE).await;
        drop(peer);
        let outcomes = [(Cure::PeerClosesFirst, Tried), (Cure::PeerClosesFirst, Worked)];
        assert_eq!(world.acts(2).await, outcomes, "the {number}th");
        assert_eq!(world.end().await, (EndCause::RequestClose, Closer::Peer), "the {number}th");
    }
}

#[tokio::test]
async fn a_peer_that_waits_for_our_end_pays_twice_and_no_more() {
    let mut grace = Grace::default();
    grace.time = Duration::from_millis(20);
    let mut world = World::with(Cures::new().peer_closes_first(grace));
    let server = world.serve().await;
    for number in 0..4 {
        let mut peer = Peer::connect(server.addr).await;
        peer.ask(CLOSE).await;
        assert!(peer.is_closed().await, "it reads to the end");
        let outcomes = match number {
            0 | 1 => vec![(Cure::PeerClosesFirst, Tried), (Cure::PeerClosesFirst, GaveUp)],
            _ => vec![(Cure::PeerClosesFirst, Refused)],
        };
        assert_eq!(world.acts(outcomes.len()).await, outcomes, "the {number}th");
        assert_eq!(world.end().await, (EndCause::RequestClose, Closer::Local), "the {number}th");
    }
}

#[tokio::test]
async fn who_has_to_wait_for_our_end_is_not_waited_for() {
    let mut grace = Grace::default();
    grace.time = Duration::from_secs(10);
    for (what, request) in [
        ("HTTP/1.0", "GET / HTTP/1.0\r\n\r\n"),
        ("HTTP/1.0 that says close", "GET / HTTP/1.0\r\nconnection: close\r\n\r\n"),
    ] {
        let mut world = World::with(Cures::new().peer_closes_first(grace));
        let server = world.serve().await;
        let mut peer = Peer::connect(server.addr).await;
        peer.ask(request).await;
        assert!(peer.is_closed().await, "{what}");
        world.end().await;
        world.no_more_acts();
    }
}

#[tokio::test]
async fn a_peer_that_goes_on_to_send_is_not_listened_to_for_ever() {
    let mut grace = Grace::default();
    (grace.time, grace.bytes) = (Duration::from_secs(60), 10_000);
    let mut world = World::with(Cures::new().peer_closes_first(grace));
    let server = world.serve().await;
    let mut peer = Peer::connect(server.addr).await;
    peer.ask(CLOSE).await;
    assert_eq!(world.act().await, (Cure::PeerClosesFirst, Tried));
    peer.send(vec![b'x'; 20_000]).await;
    assert_eq!(world.act().await, (Cure::PeerClosesFirst, GaveUp));
}

#[tokio::test]
async fn a_connection_serves_so_many_requests_and_no_more() {
    let mut world = World::with(Cures::new().max_requests(5));
    let server = world.serve().await;
    let mut peer = Peer::connect(server.addr).await;
    for number in 1..=5 {
        let response = peer.ask(PLAIN).await;
        let last = response.head.contains("connection: close");
        assert_eq!(last, number == 5, "request {number}: {}", response.head);
    }
    assert!(peer.is_closed().await, "the connection ends with it");
    assert_eq!(world.act().await, (Cure::MaxRequests, Tried));
    assert_eq!(world.end().await.0, EndCause::MaxRequests);

    let client = pool();
    for number in 0..50 {
        let request = Request::get(server.url("/")).body(Full::default()).unwrap();
        let response = within("a response", client.request(request)).await;
        let response = response.unwrap_or_else(|error| panic!("request {number}: {error:?}"));
        response.into_body().collect().await.expect("it comes whole");
    }
    assert_eq!(world.connections(), 11, "and nobody's request fails for it");
}

#[tokio::test]
async fn a_connection_lives_so_long_and_no_longer() {
    let clock = ManualClock::new();
    let cures = Cures::new().max_age(Duration::from_secs(100));
    let mut world = World::of(ConnLint::builder().heal(cures).clock(clock.clone()));
    let server = world.serve().await;
    let mut peer = Peer::connect(server.addr).await;
    for (after, last) in [(0, false), (89, false), (11, true)] {
        clock.advance(Duration::from_secs(after));
        let response = peer.ask(PLAIN).await;
        let says = response.head.contains("connection: close");
        assert_eq!(says, last, "{after} s later: {}", response.head);
    }
    assert_eq!(world.act().await, (Cure::MaxAge, Tried));
    assert_eq!(world.end().await.0, EndCause::MaxAge);
}

#[tokio::test]
async fn a_server_ends_what_is_idle_for_too_long_and_says_so_before() {
    let cures = Cures::new().idle_timeout(Duration::from_secs(1)).announce_idle_timeout();
    let mut world = World::with(cures);
    let server = world.serve().await;
    let mut peer = Peer::connect(server.addr).await;
    let mut unused = Peer::connect(server.addr).await;
    let response = peer.ask(PLAIN).await;
    assert!(response.head.contains("keep-alive: timeout=1"), "{}", response.head);
    let start = Instant::now();
    assert!(peer.is_closed().await, "after its response");
    assert!(start.elapsed() >= Duration::from_millis(900), "not before: {:?}", start.elapsed());
    assert!(unused.is_closed().await, "one that never had a request, too");
    for _ in 0..2 {
        assert_eq!(world.act().await, (Cure::IdleTimeout, Tried));
        assert_eq!(world.end().await, (EndCause::IdleTimeout, Closer::Local));
    }
}

#[tokio::test]
async fn a_timeout_beyond_any_instant_is_none() {
    let world = World::with(Cures::new().idle_timeout(Duration::MAX));
    let server = world.serve().await;
    let mut peer = Peer::connect(server.addr).await;
    peer.ask(PLAIN).await;
    peer.ask(PLAIN).await;
    assert_eq!(world.connections(), 1, "it goes on");
}

#[tokio::test]
async fn a_request_under_way_is_no_idleness() {
    let world = World::with(Cures::new().idle_timeout(Duration::from_millis(100)));
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (begins, goes) = (begun.clone(), go.clone());
    let app = Router::new().route(
        "/",
        get(move || async move {
            begins.notify_one();
            goes.notified().await;
            "welcome"
        }),
    );
    let server = Wired::of(&world.lint, app).await;
    let mut peer = Peer::connect(server.addr).await;
    peer.send(PLAIN).await;
    within("a handler", begun.notified()).await;
    // Longer than the timeout: nothing is to happen, so there is nothing to wait for.
    tokio::time::sleep(Duration::from_millis(300)).await;
    go.notify_one();
    let response = peer.message().await.expect("the request is answered");
    assert!(response.head.starts_with("HTTP/1.1 200"), "{}", response.head);
}

#[tokio::test]
async fn an_idle_connection_ends_before_its_upstream_ends_it() {
    async fn upstream(_: Request<Body>) -> Result<Response<Body>, Infallible> {
        let response = Response::builder().header("keep-alive", "timeout=1");
        let response = response.header("connection", "keep-alive");
        Ok(response.body(Body::from("ok")).expect("it is a response"))
    }
    let other = World::with(Cures::new());
    let server = Wired::of(&other.lint, Router::new().route("/", get(upstream))).await;
    let mut world = World::with(Cures::new().retire());
    let connector = world.lint.connector("upstream", HttpConnector::new());
    let pool = Client::builder(TokioExecutor::new()).build::<_, Full<Bytes>>(connector);
    let client = world.lint.outbound("upstream").layer(world.lint.response_bodies().layer(pool));
    let call = async |addr: SocketAddr| {
        let request = Request::get(format!("http://{addr}/")).body(Full::default()).unwrap();
        let response = within("a response", client.clone().oneshot(request)).await;
        response.expect("it is answered").into_body().collect().await.expect("it comes whole");
    };
    let start = Instant::now();
    call(server.addr).await;
    assert_eq!(world.act().await, (Cure::Retire, Tried));
    let elapsed = start.elapsed();
    assert!(elapsed >= Duration::from_millis(800), "not at once: {elapsed:?}");
    assert_eq!(world.end().await, (EndCause::Retired, Closer::Local));
    call(server.addr).await;
    assert_eq!(other.connections(), 2);
}

#[tokio::test]
async fn as_the_process_drains_responses_say_so_and_idle_connections_end() {
    let mut world = World::with(Cures::new().drain(Duration::from_millis(1)));
    let server = world.serve().await;
    let mut busy = Peer::connect(server.addr).await;
    let mut idle = Peer::connect(server.addr).await;
    for peer in [&mut busy, &mut idle] {
        let response = peer.ask(PLAIN).await;
        assert!(!response.head.contains("connection: close"), "before: {}", response.head);
    }
    world.lint.drain();
    tokio::time::sleep(Duration::from_millis(5)).await;
    let response = busy.ask(PLAIN).await;
    assert!(response.head.contains("connection: close"), "{}", response.head);
    assert!(idle.is_closed().await, "what is idle ends");
    let mut late = Peer::connect(server.addr).await;
    let response = late.ask(PLAIN).await;
    assert!(
        response.head.contains("connection: close"),
        "one that came since is served: {}",
        response.head
    );
    for _ in 0..3 {
        assert_eq!(world.act().await, (Cure::Drain, Tried));
        assert_eq!(world.end().await.0, EndCause::Drain);
    }
}

#[tokio::test]
async fn a_snapshot_tells_how_far_a_drain_is() {
    let clock = ManualClock::new();
    let cures = Cures::new().drain(Duration::from_secs(1_000));
    let mut world = World::of(ConnLint::builder().heal(cures).clock(clock.clone()));
    let server = world.serve().await;
    let mut told = Peer::connect(server.addr).await;
    told.send(upload("/read", 10, "")).await;
    let mut busy = Peer::connect(server.addr).await;
    busy.send(upload("/read", 10, "")).await;
    let stands = |world: &World| {
        let drain = world.lint.snapshot().drain.expect("it drains");
        (drain.since, drain.open, drain.idle, drain.in_flight, drain.told)
    };
    assert_eq!(world.lint.snapshot().drain, None, "before");
    world.lint.drain();
    within("two requests under way", async {
        while stands(&world).3 < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(stands(&world), (0.0, 2, 0, 2, 0), "nobody's turn has come");
    clock.advance(Duration::from_secs(1_000));
    for peer in [&mut told, &mut busy] {
        peer.send("0123456789").await;
        assert!(!peer.message().await.expect("it is answered").says("close"), "it began before");
    }
    told.send(upload("/read", 10, "")).await;
    assert_eq!(world.act().await, (Cure::Drain, Tried), "to this one");
    assert_eq!(stands(&world), (1_000.0, 2, 1, 1, 1));
    told.send("0123456789").await;
    assert!(told.message().await.expect("it is answered").says("close"));
    world.end().await;
    assert_eq!(stands(&world), (1_000.0, 1, 1, 0, 0));
    world.lint.drain();
    assert_eq!(stands(&world).0, 1_000.0, "it began once");
}

#[tokio::test]
async fn nothing_is_done_that_is_not_switched_on() {
    let mut world = World::of(ConnLint::builder());
    let server = world.serve().await;
    let mut peer = Peer::connect(server.addr).await;
    peer.send(upload("/unread", 100_000, "")).await;
    let response = peer.message().await.expect("it is answered");
    assert!(!response.head.contains("connection"), "{}", response.head);
    drop(peer);
    world.end().await;
    let mut peer = Peer::connect(server.addr).await;
    peer.ask(CLOSE).await;
    assert!(peer.is_closed().await);
    world.end().await;
    world.no_more_acts();
}
