//! What the kernel tells of slow dials: of real ones, whose SYN a full backlog drops.
#![cfg(target_os = "linux")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper_util::client::legacy::connect::HttpConnector;
use socket2::{Domain, Socket, Type};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tower::ServiceExt;
use tower_conn_lint::connection::Opened;
use tower_conn_lint::lint::{self, Finding};
use tower_conn_lint::report::Reporter;
use tower_conn_lint::snapshot::PortUse;
use tower_conn_lint::{ConnLint, ManualClock};

use crate::tls::{self, Alpn};
use crate::within::within;

/// Keeps what it is told.
#[derive(Clone, Default)]
struct Told {
    opened: Arc<Mutex<Vec<Opened>>>,
    findings: Arc<Mutex<Vec<Finding>>>,
    slow: Arc<Mutex<Vec<(Opened, u64)>>>,
    ports: Arc<Mutex<Vec<PortUse>>>,
}

/// A listener whose backlog is full, and what fills it.
struct Full {
    listener: TcpListener,
    address: SocketAddr,
    fill: Vec<TcpStream>,
}

/// Less than a SYN needs to be sent again, and enough for one that is not dropped.
const NOT_YET: Duration = Duration::from_millis(300);

impl Reporter for Told {
    fn opened(&self, connection: &Opened) {
        self.opened.lock().expect("no test panics with the lock").push(connection.clone());
    }

    fn slow_dial(&self, connection: &Opened, suppressed: u64) {
        let mut slow = self.slow.lock().expect("no test panics with the lock");
        slow.push((connection.clone(), suppressed));
    }

    fn port_use(&self, port_use: &PortUse) {
        self.ports.lock().expect("no test panics with the lock").push(port_use.clone());
    }

    fn finding(&self, finding: &Finding) {
        self.findings.lock().expect("no test panics with the lock").push(finding.clone());
    }
}

impl Told {
    fn last(&self) -> Opened {
        let opened = self.opened.lock().expect("no test panics with the lock");
        opened.last().expect("a connection was opened").clone()
    }

    fn slow(&self) -> Vec<(Opened, u64)> {
        self.slow.lock().expect("no test panics with the lock").clone()
    }

    fn found(&self) -> Vec<Finding> {
        let findings = self.findings.lock().expect("no test panics with the lock");
        findings.iter().filter(|of| of.lint == lint::SYN_RETRANSMITTED).cloned().collect()
    }
}

impl Full {
    async fn new() -> Full {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("an ephemeral port");
        socket.listen(0).expect("it listens");
        socket.set_nonblocking(true).expect("a socket can");
        let listener = TcpListener::from_std(socket.into()).expect("a runtime");
        let address = listener.local_addr().expect("it is bound");
        let mut fill = Vec::new();
        while let Ok(connected) = timeout(NOT_YET, TcpStream::connect(address)).await {
            fill.push(connected.expect("the listener lives"));
            assert!(fill.len() < 16, "a backlog of none is full soon");
        }
        Full { listener, address, fill }
    }

    /// Takes in whatever waits.
    async fn empty(&mut self) {
        for _ in 0..self.fill.len() {
            self.fill.push(self.listener.accept().await.expect("it waits").0);
        }
    }
}

fn lint(told: &Told) -> tower_conn_lint::ConnLintBuilder {
    ConnLint::builder().environment("").without_tracing().reporter(told.clone())
}

#[tokio::test]
async fn a_dial_whose_syn_was_dropped_is_known_as_such() {
    let (told, mut full) = (Told::default(), Full::new().await);
    let lint = lint(&told).build();
    let connector = lint.connector("gateway", HttpConnector::new());
    let uri = format!("http://{}/", full.address).parse().expect("a URI");
    let mut dial = std::pin::pin!(connector.oneshot(uri));
    assert!(timeout(NOT_YET, &mut dial).await.is_err(), "its SYN is dropped");
    full.empty().await;
    let connection = dial.await.expect("the next one is not");

    let opened = told.last();
    assert!(opened.dial.is_some_and(|dial| dial > Duration::from_millis(900)), "{opened:?}");
    let at_dial = opened.at_dial.expect("the kernel was asked");
    assert_eq!(at_dial.syn_retransmitted, Some(true), "{at_dial:?}");
    assert!((1..=2).contains(&at_dial.retransmitted), "{at_dial:?}");
    assert_eq!(opened.handle().at_dial(), Some(at_dial), "its handle tells the same");

    let found = told.found();
    assert_eq!(found.len(), 1, "one dial, one finding: {found:?}");
    assert!(found[0].evidence.to_string().contains("its SYN was sent again"), "{found:?}");
    let upstream = &lint.snapshot().upstreams[0];
    assert_eq!((upstream.dials, upstream.syn_retransmitted), (1, 1), "{upstream:?}");
    assert!(told.slow().is_empty(), "the finding tells of it");
    drop(connection);
}

#[tokio::test]
async fn a_dial_of_reqwest_is_looked_up_by_its_addresses() {
    let (told, mut full) = (Told::default(), Full::new().await);
    let lint = lint(&told).build();
    let client = tls::reqwest().connector_layer(lint.connector_layer("gateway"));
    let client = client.build().expect("it is built");
    let request = client.get(format!("http://{}/", full.address)).send();
    let mut request = std::pin::pin!(request);
    assert!(timeout(NOT_YET, &mut request).await.is_err(), "its SYN is dropped");
    full.empty().await;
    let answered = async {
        // No answer comes: the connection is what is looked for.
        while told.opened.lock().expect("no test panics with the lock").is_empty() {
            assert!(timeout(NOT_YET, &mut request).await.is_err(), "nobody answers");
        }
    };
    timeout(Duration::from_secs(10), answered).await.expect("the next SYN is not dropped");
    let at_dial = told.last().at_dial.expect("the kernel was asked");
    assert_eq!(at_dial.syn_retransmitted, Some(true), "without TLS nothing else was sent again");
    assert_eq!(told.found().len(), 1);
}

#[tokio::test]
async fn over_tls_reqwest_tells_how_much_was_sent_again_and_not_whether_a_syn_was() {
    for (is_over_tls, expected) in [(true, None), (false, Some(false))] {
        let tls = tls::Tls::new();
        let told = Told::default();
        let lint = lint(&told).slow_dial(Duration::ZERO).build();
        let client = tls.reqwest(Alpn::Http1).connector_layer(lint.connector_layer("gateway"));
        let client = client.build().expect("it is built");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("an ephemeral port");
        let address = listener.local_addr().expect("it is bound");
        let scheme = if is_over_tls { "https" } else { "http" };
        let request = client.get(format!("{scheme}://{address}/")).send();
        let serve = async {
            let (stream, _) = listener.accept().await.expect("it listens");
            if is_over_tls {
                let mut stream = tls.acceptor().accept(stream).await.expect("they agree");
                stream.read_u8().await.expect("a request");
            } else {
                let mut stream = stream;
                stream.read_u8().await.expect("a request");
            }
        };
        let (failed, ()) = within("a request", async { tokio::join!(request, serve) }).await;
        assert!(failed.is_err(), "nobody answered");
        let at_dial = told.last().at_dial.expect("the kernel was asked");
        assert_eq!(at_dial.retransmitted, 0, "over TLS, too: {at_dial:?}");
        assert_eq!(at_dial.syn_retransmitted, expected, "{scheme}: {at_dial:?}");
    }
}

#[tokio::test]
async fn a_fast_dial_is_not_asked_about_unless_that_is_set() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("an ephemeral port");
    let address = listener.local_addr().expect("it is bound");
    for (slow_dial, is_asked) in [(None, false), (Some(Duration::ZERO), true)] {
        let told = Told::default();
        let builder = lint(&told);
        let lint = match slow_dial {
            Some(from) => builder.slow_dial(from).build(),
            None => builder.build(),
        };
        let connector = lint.connector("gateway", HttpConnector::new());
        let uri = format!("http://{address}/").parse().expect("a URI");
        connector.oneshot(uri).await.expect("it listens");
        let at_dial = told.last().at_dial;
        assert_eq!(at_dial.is_some(), is_asked, "{slow_dial:?}: {at_dial:?}");
        let Some(at_dial) = at_dial else { continue };
        assert_eq!(at_dial.retransmitted, 0, "{at_dial:?}");
        assert_eq!(at_dial.syn_retransmitted, Some(false), "{at_dial:?}");
        assert!(at_dial.rtt.is_some_and(|rtt| rtt < Duration::from_secs(1)), "{at_dial:?}");
        assert!(told.found().is_empty(), "nothing is wrong with it");
    }
}

#[tokio::test]
async fn a_slow_dial_that_no_finding_tells_of_is_told_once_in_a_minute() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("an ephemeral port");
    let address = listener.local_addr().expect("it is bound");
    let (told, clock) = (Told::default(), ManualClock::new());
    let lint = lint(&told).clock(clock.clone()).build();
    let took = Arc::new(Mutex::new(Duration::ZERO));
    let (dialling, next) = (clock.clone(), took.clone());
    let connector = tower::ServiceBuilder::new()
        .map_request(move |uri: http::Uri| {
            dialling.advance(*next.lock().expect("no test panics with it"));
            uri
        })
        .service(HttpConnector::new());
    let connector = lint.connector("gateway", connector);
    let mut dials = Vec::new();
    for (millis, wait, expected) in
        [(199, 0, None), (200, 0, Some(0)), (500, 0, None), (500, 0, None), (200, 60, Some(2))]
    {
        clock.advance(Duration::from_secs(wait));
        *took.lock().expect("no test panics with it") = Duration::from_millis(millis);
        let before = told.slow().len();
        let uri = format!("http://{address}/").parse().expect("a URI");
        dials.push(connector.clone().oneshot(uri).await.expect("it listens"));
        let slow = told.slow();
        let suppressed = slow.get(before).map(|(_, suppressed)| *suppressed);
        assert_eq!(suppressed, expected, "a dial of {millis} ms after {wait} s");
    }
    let (opened, _) = &told.slow()[0];
    assert_eq!(opened.dial, Some(Duration::from_millis(200)), "{opened:?}");
    assert_eq!(opened.at_dial.and_then(|at_dial| at_dial.syn_retransmitted), Some(false));
    assert!(told.found().is_empty(), "no SYN was sent again");
}

#[tokio::test]
async fn ports_towards_upstreams_are_told_by_whose_they_are() {
    let (listener, beside) =
        (TcpListener::bind("127.0.0.1:0").await, TcpListener::bind("127.0.0.1:0").await);
    let (listener, beside) = (listener.expect("a port"), beside.expect("a port"));
    let address = listener.local_addr().expect("it is bound");
    let told = Told::default();
    let conn_lint = lint(&told).build();
    assert_eq!(conn_lint.snapshot().port_use, None, "nobody asked");
    let ports = conn_lint.port_use().expect("the kernel answers");
    assert!(ports.upstreams.is_empty() && ports.is_whole, "nothing was dialled: {ports:?}");

    let connector = conn_lint.connector("gateway", HttpConnector::new());
    let _unseen = TcpStream::connect(beside.local_addr().expect("it is bound")).await;
    let uri: http::Uri = format!("http://{address}/").parse().expect("a URI");
    for _ in 0..3 {
        let dialled = connector.clone().oneshot(uri.clone()).await.expect("it listens");
        let (mut theirs, _) = listener.accept().await.expect("it was dialled");
        drop(dialled);
        assert_eq!(theirs.read(&mut [0]).await.expect("our end"), 0, "we closed first");
    }
    let _open = connector.clone().oneshot(uri).await.expect("it listens");

    let held = || {
        let ports = conn_lint.port_use().expect("the kernel answers");
        let [upstream] = &ports.upstreams[..] else { panic!("one was dialled: {ports:?}") };
        assert_eq!((&*upstream.name, upstream.client.as_str()), (&*address.to_string(), "gateway"));
        assert_eq!((upstream.address, ports.is_whole), (address, true), "{ports:?}");
        assert!(ports.ports > Some(0) && ports.time_wait >= Some(upstream.time_wait), "{ports:?}");
        (upstream.time_wait, upstream.held)
    };
    // The last of the packets are on their way.
    let settled = async {
        while held() != (3, 4) {
            tokio::task::yield_now().await;
        }
    };
    within("three in TIME_WAIT, and one open", settled).await;
    assert!(conn_lint.snapshot().port_use.is_some(), "a snapshot has what was read");
    let told = told.ports.lock().expect("no test panics with the lock");
    assert_eq!(told.last().map(|ports| ports.upstreams.len()), Some(1), "reporters have it");
}

#[tokio::test]
async fn ports_are_read_each_period_for_as_long_as_the_lint_lives() {
    struct Ports(mpsc::UnboundedSender<PortUse>);

    impl Reporter for Ports {
        fn port_use(&self, port_use: &PortUse) {
            _ = self.0.send(port_use.clone());
        }
    }

    let (sender, mut ports) = mpsc::unbounded_channel();
    let builder = ConnLint::builder().environment("").reporter(Ports(sender));
    let conn_lint = builder.port_use_every(Duration::ZERO).build();
    for _ in 0..2 {
        assert!(within("a reading a second", ports.recv()).await.is_some(), "the lint lives");
    }
    drop(conn_lint);
    let last = async { while ports.recv().await.is_some() {} };
    within("the end of the reporter, which the thread doesn't hold", last).await;
}

#[tokio::test]
async fn a_dial_over_ipv6_is_found_and_so_is_a_mapped_address() {
    for address in ["[::1]:0", "[::ffff:127.0.0.1]:0"] {
        let Ok(listener) = TcpListener::bind(address).await else { continue };
        let address = listener.local_addr().expect("it is bound");
        let told = Told::default();
        let lint = lint(&told).slow_dial(Duration::ZERO).build();
        let connector = lint.connector("gateway", HttpConnector::new());
        let uri = format!("http://{address}/").parse().expect("a URI");
        connector.oneshot(uri).await.expect("it listens");
        assert!(told.last().at_dial.is_some(), "{address}");
    }
}

#[tokio::test]
async fn a_dial_that_finds_no_port_says_what_holds_them() {
    let told = Told::default();
    let conn_lint = lint(&told).build();
    let out_of_ports = tower::service_fn(|_: http::Uri| async {
        let error = std::io::Error::from(std::io::ErrorKind::AddrNotAvailable);
        Err::<hyper_util::rt::TokioIo<TcpStream>, _>(error)
    });
    let uri = "http://gateway:81/".parse().expect("a URI");
    let failed = conn_lint.connector("gateway", out_of_ports).oneshot(uri).await;
    assert!(failed.is_err(), "the error comes through");
    let findings = told.findings.lock().expect("no test panics with the lock");
    let [finding] = &findings[..] else { panic!("one dial, one finding: {findings:?}") };
    assert_eq!(finding.lint, lint::PORT_EXHAUSTION_AHEAD, "{finding:?}");
    assert!(finding.evidence.to_string().contains("no local port of "), "{finding:?}");
    let snapshot = conn_lint.snapshot();
    assert!(snapshot.time_wait.is_some() && snapshot.ports.is_some(), "{snapshot:?}");
}
