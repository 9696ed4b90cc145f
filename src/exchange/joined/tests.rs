//! Whole connections without sockets: many of them, cut anywhere, on a clock that jumps.

use std::convert::Infallible;
use std::future::{Future, pending, ready};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::Uri;
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Full};
use hyper::rt::ReadBufCursor;
use hyper_util::client::legacy::connect::{Connected, Connection};
use tower::{Layer, Service, ServiceExt as _, service_fn};

use super::*;
use crate::connection::{Ended, Io, TrackedBody};
use crate::inbound::Accepted;
use crate::lint::{Finding, Label};
use crate::report::Reporter;
use crate::{Clock, ConnLint, ManualClock};

/// Counts ends and findings.
#[derive(Clone, Default)]
struct Counted(Arc<Counts>);

#[derive(Default)]
struct Counts {
    ended: AtomicUsize,
    requests: AtomicU64,
    findings: Mutex<Vec<String>>,
}

impl Reporter for Counted {
    fn ended(&self, connection: &Ended) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
        self.0.requests.fetch_add(connection.requests, Ordering::Relaxed);
    }

    fn finding(&self, finding: &Finding) {
        self.0.findings.lock().expect("no test panics with the lock").push(finding.to_string());
    }
}

fn lint(clock: impl Into<Clock>) -> (ConnLint, Counted) {
    let counted = Counted::default();
    let lint = ConnLint::builder().environment("").clock(clock).reporter(counted.clone());
    (lint.without_tracing().without_metrics().build(), counted)
}

fn peer(number: u32) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + number)), 4242)
}

fn caller(number: u32) -> Party {
    Party::caller(peer(number).ip().to_string())
}

type Opened = (Io<tokio::io::Empty>, Accepted);

fn open(lint: &ConnLint, number: u32) -> Opened {
    lint.accept(tokio::io::empty(), peer(number))
}

/// Polls once what is ready at once.
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it is ready at once"),
    }
}

/// A request that is read and answered whole.
fn request(lint: &ConnLint, (_, connection): &Opened, path: &str) {
    let handler = service_fn(|request: Request<TrackedBody<Full<Bytes>>>| async {
        _ = request.into_body().collect().await;
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"ok"))))
    });
    let mut service = connection.service(lint.inbound().layer(handler));
    let body = Full::new(Bytes::from_static(b"hi"));
    let request = Request::post(path).body(body).expect("the request is well-formed");
    let response = at_once(service.call(request)).expect("the handler answers");
    at_once(response.into_body().collect()).expect("the answer is read");
}

fn live(lint: &ConnLint) -> usize {
    lint.shared().connections.live()
}

#[test]
fn a_hundred_thousand_connections_of_as_many_callers_leave_nothing_but_sums() {
    const JUNK: u32 = 100_000;
    const HEAVY: u32 = 20;
    const EACH: u32 = 500;

    let clock = ManualClock::new();
    let (lint, counted) = lint(clock.clone());
    let mut open_at_once = Vec::new();
    for number in 0..JUNK {
        let connection = open(&lint, number);
        request(&lint, &connection, &format!("/junk/{number}"));
        open_at_once.push(connection);
        if open_at_once.len() == 500 {
            assert_eq!(live(&lint), 500, "those that are open");
            open_at_once.clear();
            assert_eq!(live(&lint), 0, "the tables are empty");
        }
    }
    for number in JUNK..JUNK + HEAVY {
        let connection = open(&lint, number);
        (0..EACH).for_each(|_| request(&lint, &connection, "/heavy"));
    }
    assert_eq!(live(&lint), 0, "the tables are empty");

    let total = u64::from(JUNK + HEAVY * EACH);
    assert_eq!(counted.0.ended.load(Ordering::Relaxed), (JUNK + HEAVY) as usize);
    assert_eq!(counted.0.requests.load(Ordering::Relaxed), total);
    let connections = &lint.shared().connections;
    let heavy: Vec<Party> = (JUNK..JUNK + HEAVY).map(caller).collect();
    let now = lint.shared().clock.now();
    let (sums, parties, found) = connections.totals(Side::Inbound, now, &heavy);
    assert!(parties <= 256, "{parties} callers have a window");
    assert_eq!(found, heavy.len(), "the heavy ones are in");
    assert_eq!(sums.requests, total, "the sum is exact");
    assert_eq!((sums.connections, sums.ends()), (JUNK + HEAVY, (JUNK + HEAVY).into()));
    let routes = connections.routes.sums(connections.slice(now));
    assert_eq!(routes.len(), 1, "a path is no label: {routes:?}");
    assert_eq!(routes[0].1.requests, total, "the sum is exact");
    assert_eq!(*counted.0.findings.lock().unwrap(), [""; 0], "none of them reuses badly");
}

#[test]
fn thousands_of_connections_of_one_caller_leave_nothing() {
    let (lint, counted) = lint(ManualClock::new());
    let mut open_at_once: Vec<Opened> = (0..5_000).map(|_| open(&lint, 1)).collect();
    open_at_once.iter().for_each(|connection| request(&lint, connection, "/"));
    assert_eq!(live(&lint), 5_000);
    // From both ends, and the middle.
    while !open_at_once.is_empty() {
        open_at_once.remove(0);
        open_at_once.pop();
        let middle = open_at_once.len() / 2;
        open_at_once.drain(middle..open_at_once.len().min(middle + 1));
    }
    assert_eq!(live(&lint), 0);
    assert_eq!(counted.0.ended.load(Ordering::Relaxed), 5_000);
    let (sums, parties, _) =
        lint.shared().connections.totals(Side::Inbound, lint.shared().clock.now(), &[]);
    assert_eq!((sums.requests, parties), (5_000, 1));
}

#[test]
fn a_handle_that_is_kept_for_ever_keeps_nothing_in_the_tables() {
    let (lint, counted) = lint(ManualClock::new());
    let mut handles = Vec::new();
    for number in 0..100 {
        let connection = open(&lint, number);
        request(&lint, &connection, "/");
        handles.extend(connection.1.handle());
        // The services may be kept, too.
        let (io, services) = connection;
        drop(io);
        assert_eq!(live(&lint), 0, "the connection ended");
        // And one that had no request before.
        let (io, late) = open(&lint, number);
        drop(io);
        for services in [services, late] {
            let beside = (Io::new(tokio::io::empty(), None), services);
            request(&lint, &beside, "/late");
            assert_eq!(live(&lint), 0, "and does not come back");
        }
    }
    assert_eq!(counted.0.ended.load(Ordering::Relaxed), 200);
    assert!(handles.iter().all(|handle| handle.record().is(Flag::Closed)));
}

/// Sends one frame, and then no more.
struct Endless(bool);

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match std::mem::replace(&mut self.0, true) {
            false => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"part"))))),
            true => Poll::Pending,
        }
    }
}

/// Where an exchange is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    BeforeAPoll,
    InTheHandler,
    HalfOfTheRequest,
    BeforeTheBody,
    HalfOfTheResponse,
}

#[test]
fn a_handler_that_is_dropped_anywhere_leaves_no_request_under_way() {
    let (lint, counted) = lint(ManualClock::new());
    let cuts = [
        Cut::BeforeAPoll,
        Cut::InTheHandler,
        Cut::HalfOfTheRequest,
        Cut::BeforeTheBody,
        Cut::HalfOfTheResponse,
    ];
    for cut in cuts {
        let connection = open(&lint, 1);
        let handler = service_fn(move |request: Request<TrackedBody<Endless>>| async move {
            let mut body = request.into_body();
            if cut == Cut::HalfOfTheRequest {
                _ = body.frame().await;
                _ = body.frame().await;
            }
            if cut == Cut::InTheHandler {
                pending::<()>().await;
            }
            Ok::<_, Infallible>(Response::new(Endless(false)))
        });
        let record = connection.1.handle().expect("the lint is on").record().clone();
        for round in 1..=3 {
            let mut service = connection.1.service(lint.inbound().layer(handler));
            let mut call = Box::pin(service.call(Request::new(Endless(false))));
            assert_eq!(record.in_flight(), 1, "{cut:?}");
            if cut != Cut::BeforeAPoll {
                match call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                    Poll::Ready(Ok(mut response)) if cut == Cut::HalfOfTheResponse => {
                        _ = at_once(response.body_mut().frame());
                        assert_eq!(record.in_flight(), 1, "{cut:?}: it is under way");
                    }
                    polled => drop(polled),
                }
            }
            drop(call);
            assert_eq!((record.in_flight(), record.requests()), (0, round), "{cut:?}");
        }
        drop(connection);
        assert_eq!(live(&lint), 0, "{cut:?}");
    }
    assert_eq!(counted.0.ended.load(Ordering::Relaxed), cuts.len());
}

/// A stream to an upstream that says nothing.
struct Silent;

impl hyper::rt::Read for Silent {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl hyper::rt::Write for Silent {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Connection for Silent {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

#[test]
fn a_hundred_thousand_hosts_are_bounded_and_the_heavy_ones_are_in() {
    const JUNK: u32 = 100_000;

    let clock = ManualClock::new();
    let (lint, counted) = lint(clock.clone());
    let dial = service_fn(|_: Uri| ready(Ok::<_, Infallible>(Silent)));
    let mut connector = lint.connector("everywhere", dial);
    let mut dials = |host: String| {
        let uri = Uri::try_from(format!("http://{host}/")).expect("a URI");
        at_once(connector.call(uri)).expect("it dials")
    };
    for number in 0..JUNK {
        drop(dials(format!("junk-{number}.example")));
    }
    let heavy = |number| format!("heavy-{}.example", number % 20);
    let held: Vec<_> = (0..20_000).map(|number| dials(heavy(number))).collect();
    assert_eq!(live(&lint), 20_000);
    drop(held);
    assert_eq!(live(&lint), 0, "the tables are empty");

    let connections = &lint.shared().connections;
    let client = Label::new("everywhere");
    let parties: Vec<Party> =
        (0..20).map(|number| Party::upstream(client, format!("{}:80", heavy(number)))).collect();
    let now = lint.shared().clock.now();
    let (sums, len, found) = connections.totals(Side::Outbound, now, &parties);
    assert!(len <= 256, "{len} upstreams have a window");
    assert_eq!(found, 20, "the heavy ones are in");
    assert_eq!((sums.dials, sums.ends()), (120_000, 120_000), "the sums are exact");
    assert_eq!(counted.0.ended.load(Ordering::Relaxed), 120_000);
}

#[test]
fn a_call_that_is_dropped_anywhere_leaves_nothing_under_way() {
    let (lint, counted) = lint(ManualClock::new());
    let dial = service_fn(|_: Uri| ready(Ok::<_, Infallible>(Silent)));
    let mut connector = lint.connector("gateway", dial);
    for cut in [Cut::BeforeAPoll, Cut::InTheHandler, Cut::BeforeTheBody, Cut::HalfOfTheResponse] {
        let uri = Uri::from_static("http://gateway/");
        let connection = at_once(connector.call(uri.clone())).expect("it dials");
        let mut extras = http::Extensions::new();
        connection.connected().get_extras(&mut extras);
        let handle = extras.get::<ConnHandle>().expect("the connection has a handle").clone();
        let record = handle.record().clone();
        let client = service_fn(move |_: Request<()>| {
            let handle = handle.clone();
            async move {
                if cut == Cut::InTheHandler {
                    pending::<()>().await;
                }
                let response = Response::builder().extension(handle);
                Ok::<_, Infallible>(response.body(Endless(false)).unwrap())
            }
        });
        let client = lint.response_bodies().layer(lint.outbound("gateway").layer(client));
        for _ in 0..3 {
            let mut call = Box::pin(client.clone().oneshot(Request::new(())));
            if cut != Cut::BeforeAPoll {
                match call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                    Poll::Ready(Ok(mut response)) if cut == Cut::HalfOfTheResponse => {
                        _ = at_once(response.body_mut().frame());
                        assert_eq!(record.in_flight(), 1, "{cut:?}: it is under way");
                    }
                    polled => drop(polled),
                }
            }
            drop(call);
            assert_eq!(record.in_flight(), 0, "{cut:?}");
        }
        let answered = matches!(cut, Cut::BeforeTheBody | Cut::HalfOfTheResponse);
        assert_eq!(record.requests(), if answered { 3 } else { 0 }, "{cut:?}");
        drop(connection);
        assert_eq!(live(&lint), 0, "{cut:?}");
    }
    assert_eq!(counted.0.ended.load(Ordering::Relaxed), 4);
}

#[test]
fn a_request_after_close_is_the_fault_of_who_sent_it() {
    let found = |counted: &Counted| {
        let findings = counted.0.findings.lock().unwrap();
        findings.iter().filter(|found| found.contains("reused-after-close")).count()
    };
    for (close, times) in [("close", 1), ("keep-alive", 0)] {
        let (lint, counted) = lint(ManualClock::new());
        let (_io, connection) = open(&lint, 1);
        let hello = service_fn(|_| ready(Ok::<_, Infallible>(Response::new(Full::default()))));
        let mut service = connection.service::<_>(hello);
        let mut receive = |field: &str| {
            let request = Request::get("/").header("connection", field);
            let request = request.body(Full::<Bytes>::default()).unwrap();
            let _: Response<TrackedBody<Full<Bytes>>> = at_once(service.call(request)).unwrap();
        };
        receive(close);
        receive("keep-alive");
        assert_eq!(found(&counted), times, "the caller said {close}");

        let (lint, counted) = self::lint(ManualClock::new());
        let dial = service_fn(|_: Uri| ready(Ok::<_, Infallible>(Silent)));
        let mut connector = lint.connector("gateway", dial);
        let mut connection = at_once(connector.call(Uri::from_static("http://gateway/"))).unwrap();
        let mut send = || {
            let bytes = hyper::rt::Write::poll_write(
                Pin::new(&mut connection),
                &mut Context::from_waker(Waker::noop()),
                b"GET / HTTP/1.1\r\n\r\n",
            );
            assert!(bytes.is_ready(), "the request is written");
            let mut extras = http::Extensions::new();
            connection.connected().get_extras(&mut extras);
            let handle = extras.get::<ConnHandle>().expect("the connection has a handle").clone();
            let client = service_fn(move |_: Request<()>| {
                let response = Response::builder().extension(handle.clone());
                ready(Ok::<_, Infallible>(response.header("connection", close).body(()).unwrap()))
            });
            let client = lint.outbound("gateway").layer(client);
            at_once(client.oneshot(Request::new(()))).expect("it is answered");
        };
        send();
        assert_eq!(found(&counted), 0, "nothing was said before");
        send();
        assert_eq!(found(&counted), times, "the upstream said {close}");
    }
}

#[test]
fn a_clock_that_jumps_breaks_nothing() {
    const YEAR: u64 = 365 * 86_400;

    let epoch = Instant::now();
    let jumps = [0, 60, 1, YEAR, 3, 100 * YEAR, 0, 700 * YEAR, 59, 600, YEAR];
    let ticks = Arc::new(AtomicUsize::new(0));
    let ticking = ticks.clone();
    // Another time for each who asks.
    let clock = Clock::new(move || {
        let tick = ticking.fetch_add(1, Ordering::Relaxed);
        epoch + Duration::from_secs(jumps[tick % jumps.len()])
    });
    let (lint, counted) = lint(clock);
    for number in 0..500 {
        let connection = open(&lint, number % 7);
        (0..number % 5).for_each(|_| request(&lint, &connection, "/"));
    }
    assert!(ticks.load(Ordering::Relaxed) > 2_000, "the clock was asked");
    assert_eq!(live(&lint), 0);
    assert_eq!(counted.0.ended.load(Ordering::Relaxed), 500);
    assert_eq!(counted.0.requests.load(Ordering::Relaxed), 1_000);
}

#[test]
fn two_threads_on_one_connection_lose_no_request() {
    const EACH: u64 = 20_000;

    let (lint, counted) = lint(ManualClock::new());
    let connection = open(&lint, 1);
    let record = connection.1.handle().expect("the lint is on").record().clone();
    thread::scope(|scope| {
        for _ in 0..2 {
            let (lint, services) = (&lint, connection.1.clone());
            scope.spawn(move || {
                let beside = (lint.accept(tokio::io::empty(), None).0, services);
                (0..EACH).for_each(|_| request(lint, &beside, "/"));
            });
        }
    });
    assert_eq!((record.in_flight(), record.requests()), (0, 2 * EACH));
    assert_eq!(live(&lint), 1, "one connection, however many found it new");
    drop(connection);
    assert_eq!(live(&lint), 0);
    assert_eq!(counted.0.requests.load(Ordering::Relaxed), 2 * EACH);
    let now = lint.shared().clock.now();
    let (sums, ..) = lint.shared().connections.totals(Side::Inbound, now, &[]);
    assert_eq!((sums.requests, sums.fresh, sums.connections), (2 * EACH, 1, 1));
}
