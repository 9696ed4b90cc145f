//! HTTP/2 in our accept loop: connections end by GOAWAY, and no request is lost for it.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::task::{JoinHandle, JoinSet};
use tower::service_fn;

use super::*;
use crate::client::{Pool, call, get as request};
use crate::server::listen;

/// A server of ours; it ends with its value.
struct Served {
    url: String,
    addr: SocketAddr,
    task: JoinHandle<()>,
}

/// What a client says first, and no settings; then a GET of `/`.
const REQUEST: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\
    \x00\x00\x00\x04\x00\x00\x00\x00\x00\
    \x00\x00\x06\x01\x05\x00\x00\x00\x01\x82\x86\x84\x41\x01x";

/// The beginning of a frame that says no more than that the connection ends.
const GOAWAY: &[u8] = b"\x00\x00\x08\x07\x00\x00\x00\x00\x00";

// On one thread: on several hyper's client (1.12) may fail a request, unsent, as GOAWAY comes.
#[tokio::test]
async fn its_connections_serve_about_so_many_requests_each_and_none_fails() {
    let mut world = World::with(Cures::new().max_requests(10));
    let served = Served::by(&world.lint).await;
    let (client, next) = (http2(), Arc::new(AtomicUsize::new(0)));
    let mut callers = JoinSet::new();
    for _ in 0..8 {
        let (mut client, next, url) = (client.clone(), next.clone(), served.url.clone());
        callers.spawn(async move {
            while next.fetch_add(1, Ordering::Relaxed) < 100 {
                call(&mut client, request(&url, &[])).await;
            }
        });
    }
    while let Some(caller) = callers.join_next().await {
        caller.expect("no request fails");
    }
    let connections = world.connections();
    assert!((5..=14).contains(&connections), "{connections} connections for 100 requests");
    drop(client);
    for number in 0..connections - 1 {
        assert_eq!(world.act().await, (Cure::MaxRequests, Tried), "the {number}th, once");
        assert_eq!(world.end().await.0, EndCause::MaxRequests, "the {number}th");
    }
}

#[tokio::test]
async fn it_is_told_of_its_age_by_goaway() {
    let clock = ManualClock::new();
    let cures = Cures::new().max_age(Duration::from_secs(100));
    let mut world = World::of(ConnLint::builder().heal(cures).clock(clock.clone()));
    let served = Served::by(&world.lint).await;
    let mut client = http2();
    for after in [0, 89, 11] {
        clock.advance(Duration::from_secs(after));
        call(&mut client, request(&served.url, &[])).await;
        assert_eq!(world.connections(), 1, "{after} s later");
    }
    assert_eq!(world.act().await, (Cure::MaxAge, Tried));
    assert_eq!(world.end().await.0, EndCause::MaxAge);
    call(&mut client, request(&served.url, &[])).await;
    assert_eq!(world.connections(), 2, "the next one has a connection of its own");
    world.no_more_acts();
}

#[tokio::test]
async fn as_the_process_drains_each_goes_at_its_place_and_no_request_fails() {
    const SPREAD: Duration = Duration::from_millis(800);

    let mut world = World::with(Cures::new().drain(SPREAD));
    let served = Served::by(&world.lint).await;
    let stop = Arc::new(AtomicUsize::new(0));
    let mut callers = JoinSet::new();
    for pause in [0, 0, 0, 0, 1, 1, 5, 5] {
        let (mut client, stop, url) = (http2(), stop.clone(), served.url.clone());
        call(&mut client, request(&url, &[])).await;
        callers.spawn(async move {
            while stop.load(Ordering::Relaxed) == 0 {
                call(&mut client, request(&url, &[])).await;
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
        });
    }
    let mut idle = http2();
    call(&mut idle, request(&served.url, &[])).await;
    let opened = world.connections();
    assert_eq!(opened, 9, "each has one");
    world.lint.drain();
    let began = Instant::now();
    let mut at_once = 0;
    for number in 0..opened {
        assert_eq!(world.act().await, (Cure::Drain, Tried), "the {number}th");
        at_once += usize::from(began.elapsed() < SPREAD / 4);
        assert_eq!(world.end().await.0, EndCause::Drain, "the {number}th");
    }
    assert!(at_once < opened, "not all at once");
    stop.store(1, Ordering::Relaxed);
    while let Some(caller) = callers.join_next().await {
        caller.expect("no request fails");
    }
}

#[tokio::test]
async fn a_peer_that_does_not_heed_it_does_not_keep_its_connection() {
    let timeout = Duration::from_millis(200);
    for (cures, cure, cause) in [
        (Cures::new().max_requests(1), Cure::MaxRequests, EndCause::MaxRequests),
        (Cures::new().idle_timeout(timeout), Cure::IdleTimeout, EndCause::IdleTimeout),
    ] {
        let mut world = World::with(cures);
        let served = Served::by(&world.lint).await;
        let mut peer = Peer::connect(served.addr).await;
        peer.send(REQUEST).await;
        let start = Instant::now();
        let bytes = peer.rest().await;
        let elapsed = start.elapsed();
        assert!(elapsed >= Duration::from_secs(1), "{cure}: it had its time: {elapsed:?}");
        assert!(bytes.windows(GOAWAY.len()).any(|frame| frame == GOAWAY), "{cure}: {bytes:?}");
        assert_eq!(world.act().await, (cure, Tried));
        assert_eq!(world.end().await.0, cause);
        world.no_more_acts();
    }
}

#[tokio::test]
async fn nothing_is_said_where_nobody_can_say_it() {
    let mut world = World::with(Cures::new().max_requests(3));
    let (tcp, addr) = listen().await;
    let lint = world.lint.clone();
    let task = tokio::spawn(async move {
        while let Ok((stream, peer)) = tcp.accept().await {
            let (stream, connection) = lint.accept(stream, peer);
            let hello = service_fn(async |_: Request<_>| {
                Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("hello")))
            });
            let service = TowerToHyperService::new(connection.service(hello));
            tokio::spawn(async move {
                let builder = auto::Builder::new(TokioExecutor::new());
                _ = builder.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    let mut client = http2();
    for _ in 0..10 {
        call(&mut client, request(&format!("http://{addr}/"), &[])).await;
    }
    assert_eq!(world.connections(), 1);
    world.no_more_acts();
    task.abort();
}

#[tokio::test(start_paused = true)]
async fn a_signal_to_shut_down_is_passed_on_after_the_drain() {
    for spread in [None, Some(Duration::ZERO), Some(Duration::from_secs(10))] {
        let cures = spread.map_or_else(Cures::new, |spread| Cures::new().drain(spread));
        let world = World::with(cures);
        let began = tokio::time::Instant::now();
        let came = world.lint.shutdown_signal(std::future::ready("it came")).await;
        let elapsed = began.elapsed();
        let spread = spread.unwrap_or_default();
        let bound = spread + Duration::from_millis(50);
        assert!(came == "it came" && spread <= elapsed && elapsed < bound, "{elapsed:?}");
    }
}

// === impl Served ===

impl Served {
    async fn by(lint: &ConnLint) -> Served {
        let app = Router::new().route("/", get(|| async { "welcome" })).layer(lint.inbound());
        let (tcp, addr) = listen().await;
        let task = tokio::spawn(lint.serve(tcp, app).into_future());
        Served { url: format!("http://{addr}/"), addr, task }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn http2() -> Pool {
    Client::builder(TokioExecutor::new()).http2_only(true).build(HttpConnector::new())
}
