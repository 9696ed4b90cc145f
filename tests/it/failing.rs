//! Upstreams that fail: the client's own error comes through as it is, and a dial that failed is
//! told with its kind.

use std::error::Error as StdError;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use socket2::SockRef;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tower::{Layer as _, Service, ServiceExt as _};
use tower_conn_lint::ConnLint;
use tower_conn_lint::connection::{DialError, Party};
use tower_conn_lint::lint::Client;
use tower_conn_lint::outbound;
use tower_conn_lint::report::Reporter;

use crate::client::get as request;
use crate::server::listen;
use crate::tls::{self, Alpn, Tls};
use crate::within::within;

/// What an upstream does to whoever calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Upstream {
    Dead,
    /// Once a byte came.
    Resets,
    Garbage,
    NeverAnswers,
    /// Its certificate is for another name, or another's.
    Certificate,
}

/// The kinds of the dials that failed.
#[derive(Clone, Default)]
struct Failures(Arc<Mutex<Vec<DialError>>>);

/// Where an upstream never answers, the client gives up.
const PATIENCE: Duration = Duration::from_millis(50);

const PLAIN: [(Upstream, Option<DialError>); 4] = [
    (Upstream::Dead, Some(DialError::Refused)),
    (Upstream::Resets, None),
    (Upstream::Garbage, None),
    (Upstream::NeverAnswers, None),
];

/// The handshake is a part of the dial.
const SEALED: [(Upstream, Option<DialError>); 5] = [
    (Upstream::Dead, Some(DialError::Refused)),
    (Upstream::Resets, Some(DialError::Reset)),
    (Upstream::Garbage, Some(DialError::Tls)),
    (Upstream::NeverAnswers, Some(DialError::GivenUp)),
    (Upstream::Certificate, Some(DialError::Tls)),
];

#[tokio::test]
async fn errors_of_hyper_util_come_through_and_failed_dials_have_their_kind() {
    for (upstream, kind) in PLAIN {
        let (lint, failures) = lint();
        let (addr, mut called) = upstream.start().await;
        let url = format!("http://{addr}/");
        let bare: legacy::Client<_, Full<Bytes>> = pool(HttpConnector::new());
        let seen = pool(lint.connector("gateway", HttpConnector::new()));
        let expected = call(bare, &url, upstream, &mut called).await;
        let got = call(lint.outbound("gateway").layer(seen), &url, upstream, &mut called).await;
        compare(upstream, expected, got);
        assert_eq!(failures.take(), Vec::from_iter(kind), "{upstream:?}");
    }
}

#[tokio::test]
async fn errors_of_hyper_rustls_come_through_and_failed_handshakes_are_told_above_tls() {
    for (upstream, kind) in SEALED {
        for is_above in [true, false] {
            let what = format!("{upstream:?}, above: {is_above}");
            let (lint, failures) = lint();
            let (addr, mut called) = upstream.start().await;
            let (url, tls) = (format!("https://{addr}/"), Tls::new());
            let mut http = HttpConnector::new();
            http.enforce_http(false);
            let bare = pool(tls.https(Alpn::Http2, http.clone()));
            let expected = call(bare, &url, upstream, &mut called).await;
            let layer = lint.outbound("gateway");
            let got = if is_above {
                let seen = pool(lint.connector("gateway", tls.https(Alpn::Http2, http)));
                call(layer.layer(seen), &url, upstream, &mut called).await
            } else {
                let seen = pool(tls.https(Alpn::Http2, lint.connector("gateway", http)));
                call(layer.layer(seen), &url, upstream, &mut called).await
            };
            compare(upstream, expected, got);
            let kind = kind.filter(|kind| is_above || *kind == DialError::Refused);
            assert_eq!(failures.take(), Vec::from_iter(kind), "{what}");
        }
    }
}

#[tokio::test]
async fn errors_of_reqwest_come_through_and_failed_dials_have_their_kind() {
    for (upstream, kind) in PLAIN {
        reqwest(upstream, "http", kind).await;
    }
    for (upstream, kind) in SEALED {
        reqwest(upstream, "https", kind).await;
    }
}

async fn reqwest(upstream: Upstream, scheme: &str, kind: Option<DialError>) {
    let what = format!("{upstream:?}, {scheme}");
    let (lint, failures) = lint();
    let (addr, _called) = upstream.start().await;
    let url = format!("{scheme}://{addr}/");
    let builder = || {
        let builder =
            if scheme == "https" { Tls::new().reqwest(Alpn::Http2) } else { tls::reqwest() };
        match upstream {
            Upstream::NeverAnswers => builder.timeout(PATIENCE),
            _ => builder,
        }
    };
    let bare = builder().build().expect("it is built");
    let expected = within("a call", bare.get(&url).send()).await.expect_err("it fails");

    let client = builder().connector_layer(lint.connector_layer("gateway")).build();
    let client = client.expect("it is built");
    let by_middleware = reqwest_middleware::ClientBuilder::new(client.clone());
    let by_middleware = by_middleware.with(lint.outbound("gateway")).build();
    let error = within("a call", by_middleware.get(&url).send()).await.expect_err("it fails");
    let reqwest_middleware::Error::Reqwest(error) = error else { panic!("not its own: {error}") };
    assert_eq!(chain(&error), chain(&expected), "{what}, by the middleware");
    assert_eq!(error.is_timeout(), expected.is_timeout(), "{what}");
    assert_eq!(error.is_connect(), expected.is_connect(), "{what}");

    let request = client.get(&url).build().expect("it is well-formed");
    let by_service = lint.outbound("gateway").layer(client);
    let error = within("a call", by_service.oneshot(request)).await.expect_err("it fails");
    assert_eq!(chain(&error), chain(&expected), "{what}, as a service");
    let error = error.inner::<::reqwest::Error>().expect("it is reqwest's");
    assert_eq!(error.is_connect(), expected.is_connect(), "{what}");
    let kinds: Vec<_> = kind.into_iter().flat_map(|kind| [kind; 2]).collect();
    assert_eq!(failures.take(), kinds, "{what}");
}

// === impl Upstream ===

impl Upstream {
    /// Its address, and a word for each byte that came first on a connection.
    async fn start(self) -> (SocketAddr, mpsc::UnboundedReceiver<()>) {
        let (listener, addr) = listen().await;
        let (sender, called) = mpsc::unbounded_channel();
        if self == Upstream::Dead {
            return (addr, called);
        }
        let acceptor = Tls::new().acceptor();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (sender, acceptor) = (sender.clone(), acceptor.clone());
                tokio::spawn(async move {
                    if self == Upstream::Certificate {
                        return drop(acceptor.accept(stream).await);
                    }
                    stream.read_u8().await.expect("a byte comes");
                    _ = sender.send(());
                    self.serve(stream).await;
                });
            }
        });
        (addr, called)
    }

    async fn serve(self, mut stream: TcpStream) {
        match self {
            Upstream::Resets => {
                SockRef::from(&stream).set_linger(Some(Duration::ZERO)).expect("it is a socket")
            }
            Upstream::Garbage => {
                stream.write_all(b"garbage \0\xff\r\n\r\n").await.expect("it goes");
            }
            _ => {}
        }
        if self != Upstream::Resets {
            // Until the client is gone.
            _ = stream.read_to_end(&mut Vec::new()).await;
        }
    }
}

// === impl Failures ===

impl Failures {
    fn take(&self) -> Vec<DialError> {
        std::mem::take(&mut self.0.lock().expect("no test panics with the lock"))
    }
}

impl Reporter for Failures {
    fn dial_failed(&self, client: &Client, _: &Party, error: DialError, _: Duration) {
        assert_eq!(client.name.as_str(), "gateway");
        self.0.lock().expect("no test panics with the lock").push(error);
    }
}

// === fixtures ===

fn lint() -> (ConnLint, Failures) {
    let failures = Failures::default();
    (ConnLint::builder().environment("").reporter(failures.clone()).build(), failures)
}

fn pool<C>(connector: C) -> legacy::Client<C, Full<Bytes>>
where
    C: legacy::connect::Connect + Clone,
{
    legacy::Client::builder(TokioExecutor::new()).build(connector)
}

/// The error of a call; none where it was given up, once the upstream had heard of it.
async fn call<S, R>(
    client: S,
    url: &str,
    upstream: Upstream,
    called: &mut mpsc::UnboundedReceiver<()>,
) -> Option<S::Error>
where
    S: Service<Request<Full<Bytes>>, Response = R>,
{
    let call = client.oneshot(request(url, &[]));
    if upstream == Upstream::NeverAnswers {
        tokio::select! {
            _ = call => panic!("nobody answers"),
            _ = within("a byte", called.recv()) => return None,
        }
    }
    within("a call", call).await.err()
}

fn compare(upstream: Upstream, expected: Option<legacy::Error>, got: Option<outbound::Error>) {
    let is_failing = upstream != Upstream::NeverAnswers;
    assert_eq!(expected.is_some(), is_failing, "{upstream:?}");
    assert_eq!(got.is_some(), is_failing, "{upstream:?}");
    if let (Some(expected), Some(got)) = (expected, got) {
        assert_eq!(chain(&got), chain(&expected), "{upstream:?}");
        let inner = got.inner::<legacy::Error>().expect("it is hyper-util's");
        assert_eq!(inner.is_connect(), expected.is_connect(), "{upstream:?}");
    }
}

/// The texts of an error and of what led to it.
fn chain(error: &dyn StdError) -> Vec<String> {
    let mut chain = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        chain.push(error.to_string());
        cause = error.source();
    }
    chain
}
