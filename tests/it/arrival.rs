//! How long requests were on their way, by the time that their senders stamp them with.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::http::HeaderMap;
use axum::{Router, routing::get};
use http::Request;
use http_body_util::Full;
use tower::{Layer as _, ServiceBuilder};
use tower_conn_lint::arrival::{BeforeArrival, Unusable};
use tower_conn_lint::report::{ArrivalTime, Reporter};
use tower_conn_lint::{ConnLint, ConnLintBuilder};

use crate::client::{call, get as request, pool};
use crate::server::Server;
use crate::tls;
use crate::within::within;

/// Keeps what it is told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<ArrivalTime>>>);

impl Reporter for Told {
    fn arrived(&self, time: &ArrivalTime) {
        self.0.lock().expect("no test panics with the lock").push(*time);
    }
}

impl Told {
    fn take(&self) -> Vec<ArrivalTime> {
        std::mem::take(&mut self.0.lock().expect("no test panics with the lock"))
    }
}

fn builder(told: &Told) -> ConnLintBuilder {
    ConnLint::builder().environment("").without_tracing().reporter(told.clone())
}

fn of_peers(network: &str) -> BeforeArrival {
    BeforeArrival::of_peers([network.parse().expect("a network")])
}

/// Answers with the stamp that it got.
fn app() -> Router {
    let stamp = |headers: HeaderMap| async move {
        let stamps = headers.get_all("x-request-start").iter();
        let stamps: Vec<_> = stamps.map(|stamp| stamp.to_str().expect("a text")).collect();
        stamps.join(" and ")
    };
    Router::new().route("/login/{id}", get(stamp))
}

/// So long ago, as a balancer writes it.
fn ago(before: Duration) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    format!("t={:.6}", (now - before).as_secs_f64())
}

#[tokio::test]
async fn a_stamped_request_tells_how_long_it_was_on_its_way_and_once_in_a_stack() {
    let told = Told::default();
    let lint = builder(&told).before_arrival(of_peers("127.0.0.0/8")).build();
    let server = Server::wired(&lint, app().layer(lint.inbound())).await;
    let url = format!("http://{}/login/7", server.addr);
    let mut client = lint.outbound("gateway").stamp_send_time().layer(pool());
    for number in 1..=3 {
        let response = call(&mut client, request(&url, &[])).await;
        let stamp = std::str::from_utf8(response.body()).expect("a text");
        assert!(stamp.starts_with("t=1") && stamp.len() == "t=1700000000.123456".len(), "{stamp}");
        let times = told.take();
        let [time] = &times[..] else { panic!("one request, one time: {times:?}") };
        assert!(time.before.is_ok_and(|before| before < Duration::from_secs(1)), "{time:?}");
        assert_eq!((time.of.as_str(), time.request), ("/login/{id}", Some(number)), "{time:?}");
        assert!(!time.slow && time.connection.is_some(), "{time:?}");
    }
}

#[tokio::test]
async fn a_stamp_that_is_there_is_kept_and_tells_the_whole_way() {
    let told = Told::default();
    let settings = of_peers("127.0.0.1").slow(Duration::from_secs(3));
    let lint = builder(&told).before_arrival(settings).build();
    // Without wiring axum's `ConnectInfo` tells the peer.
    let server = Server::of(app().layer(lint.inbound())).await;
    let url = format!("http://{}/login/7", server.addr);
    let mut client = lint.outbound("gateway").stamp_send_time().layer(pool());
    for (before, slow) in [(Duration::from_secs(2), false), (Duration::from_secs(3), true)] {
        let stamp = ago(before);
        let stamped = Request::get(&url).header("x-request-start", &stamp);
        let stamped = stamped.body(Full::default()).expect("a request");
        let response = call(&mut client, stamped).await;
        assert_eq!(response.body(), stamp.as_bytes(), "nobody changed it");
        let times = told.take();
        let [time] = &times[..] else { panic!("one request, one time: {times:?}") };
        let late = Duration::from_millis(900);
        assert!(time.before.is_ok_and(|time| time >= before && time < before + late), "{time:?}");
        assert_eq!((time.slow, time.connection), (slow, None), "{time:?}");
    }
}

#[tokio::test]
async fn nobody_is_believed_who_is_not_declared_and_no_nonsense_of_who_is() {
    let hour = Duration::from_secs(3_601);
    for (network, stamp, expected) in [
        ("10.0.0.0/8", ago(Duration::ZERO), Unusable::UndeclaredPeer),
        ("127.0.0.0/8", ago(hour), Unusable::TooOld),
        ("127.0.0.0/8", "t=4000000000".to_owned(), Unusable::Future),
        ("127.0.0.0/8", "t=18446744073709551616".to_owned(), Unusable::Malformed),
        ("127.0.0.0/8", "\u{7f}now".replace('\u{7f}', "\t"), Unusable::Malformed),
    ] {
        let told = Told::default();
        let lint = builder(&told).before_arrival(of_peers(network)).build();
        let server = Server::wired(&lint, app()).await;
        let stamped = Request::get(format!("http://{}/login/7", server.addr));
        let stamped = stamped.header("x-request-start", &stamp).body(Full::default());
        call(&mut pool(), stamped.expect("a request")).await;
        let times = told.take();
        let [time] = &times[..] else { panic!("one request, one time: {times:?}") };
        assert_eq!(time.before, Err(expected), "{stamp}");
    }
}

#[tokio::test]
async fn where_nobody_asks_nothing_is_stamped_and_nothing_is_read() {
    let told = Told::default();
    for (lint, stamps) in [
        (builder(&told).build(), false),
        (builder(&told).environment("off").before_arrival(of_peers("127.0.0.0/8")).build(), true),
    ] {
        let server = Server::wired(&lint, app()).await;
        let outbound = lint.outbound("gateway");
        let outbound = if stamps { outbound.stamp_send_time() } else { outbound };
        let mut client = outbound.layer(pool());
        let url = format!("http://{}/login/7", server.addr);
        let response = call(&mut client, request(&url, &[])).await;
        assert_eq!(response.body(), "", "no stamp was sent: {lint:?}");
        let stamped = Request::get(&url).header("x-request-start", ago(Duration::from_secs(3)));
        call(&mut client, stamped.body(Full::default()).expect("a request")).await;
        assert!(told.take().is_empty(), "nothing was read");
    }
    let lint = builder(&told).before_arrival(of_peers("127.0.0.0/8")).build();
    let server = Server::wired(&lint, app()).await;
    call(&mut pool(), request(&format!("http://{}/login/7", server.addr), &[])).await;
    assert!(told.take().is_empty(), "a request without a stamp tells nothing");
}

#[tokio::test]
async fn a_request_of_reqwest_is_stamped_as_well() {
    let told = Told::default();
    let lint = builder(&told).before_arrival(of_peers("127.0.0.0/8")).build();
    let server = Server::wired(&lint, app()).await;
    let client = tls::reqwest().build().expect("it is built");
    let gateway = reqwest_middleware::ClientBuilder::new(client);
    let gateway = gateway.with(lint.outbound("gateway").stamp_send_time()).build();
    let call = gateway.get(format!("http://{}/login/7", server.addr)).send();
    let response = within("a call", call).await.expect("it is answered");
    assert!(response.text().await.expect("a text").starts_with("t=1"), "it was stamped");
    assert!(told.take().iter().all(|time| time.before.is_ok()), "and read");
}

#[tokio::test]
async fn what_waits_in_layers_further_out_is_no_part_of_the_way() {
    let told = Told::default();
    let clock = tower_conn_lint::ManualClock::new();
    let lint = builder(&told).clock(clock.clone()).before_arrival(of_peers("127.0.0.0/8")).build();
    let queue = ServiceBuilder::new().map_request(move |request: axum::extract::Request| {
        clock.advance(Duration::from_secs(30));
        request
    });
    let app = app().layer(lint.inbound()).layer(queue);
    let (listener, addr) = crate::server::listen().await;
    let serve = axum::serve(lint.listener(listener), lint.make_service(app));
    let server = tokio::spawn(serve.into_future());
    let stamped = Request::get(format!("http://{addr}/login/7"));
    let stamped = stamped.header("x-request-start", ago(Duration::from_secs(40)));
    call(&mut pool(), stamped.body(Full::default()).expect("a request")).await;
    let times = told.take();
    let [time] = &times[..] else { panic!("one request, one time: {times:?}") };
    assert!(time.before.is_ok_and(|before| before < Duration::from_secs(15)), "{time:?}");
    server.abort();
}
