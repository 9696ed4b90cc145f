//! What the kernel tells of slow dials: of real ones, whose SYN a full backlog drops.
#![cfg(target_os = "linux")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper_util::client::legacy::connect::HttpConnector;
use socket2::{Domain, Socket, Type};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tower::ServiceExt;
use tower_conn_lint::ConnLint;
use tower_conn_lint::connection::Opened;
use tower_conn_lint::lint::{self, Finding};
use tower_conn_lint::report::Reporter;

use crate::tls::{self, Alpn};
use crate::within::within;

/// Keeps what it is told.
#[derive(Clone, Default)]
struct Told {
    opened: Arc<Mutex<Vec<Opened>>>,
    findings: Arc<Mutex<Vec<Finding>>>,
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

    fn finding(&self, finding: &Finding) {
        self.findings.lock().expect("no test panics with the lock").push(finding.clone());
    }
}

impl Told {
    fn last(&self) -> Opened {
        let opened = self.opened.lock().expect("no test panics with the lock");
        opened.last().expect("a connection was opened").clone()
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
