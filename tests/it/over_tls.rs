//! What is seen of connections under TLS, by a lint that stands below it and by one above.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use reqwest_middleware::ClientBuilder;
use tokio::sync::mpsc;
use tower::util::BoxCloneSyncService;
use tower::{Layer as _, service_fn};
use tower_conn_lint::connection::{Ended, Opened};
use tower_conn_lint::lint::{self, Action};
use tower_conn_lint::report::Reporter;
use tower_conn_lint::{ConnHandle, ConnLint, ManualClock, Preset, outbound};

use crate::client::{call, get as request};
use crate::found;
use crate::server::listen;
use crate::tls::{Alpn, Tls};
use crate::within::within;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wired {
    Below,
    Above,
}

type Caller = BoxCloneSyncService<Request<Full<Bytes>>, Response<Incoming>, outbound::Error>;

#[tokio::test]
async fn each_response_has_the_handle_of_its_connection_below_tls_and_above() {
    for wired in [Wired::Below, Wired::Above] {
        for (alpn, version) in [(Alpn::Http1, Version::HTTP_11), (Alpn::Http2, Version::HTTP_2)] {
            let what = format!("{wired:?}, {alpn:?}");
            let tls = Tls::new();
            let addr = serve(&tls, || {}).await;
            let lint = ConnLint::builder().environment("").build();
            let mut gateway = gateway(&lint, &tls, wired, alpn);
            let mut ids = Vec::new();
            for number in 1..=3 {
                let response = call(&mut gateway, request(&url(addr), &[])).await;
                let handle = response.extensions().get::<ConnHandle>().expect("it is kept");
                assert_eq!((handle.request(), handle.version()), (number, Some(version)), "{what}");
                assert_eq!(handle.peer_addr(), Some(addr), "{what}");
                ids.push(handle.id());
            }
            assert!(ids.iter().all(|id| *id == ids[0]), "{what}: {ids:?}");
        }
    }
}

#[tokio::test]
async fn below_tls_a_dial_ends_before_the_handshake_and_bytes_are_those_of_the_wire() {
    struct Told(mpsc::UnboundedSender<(Option<Duration>, Option<u64>)>);

    impl Reporter for Told {
        fn opened(&self, connection: &Opened) {
            _ = self.0.send((connection.dial, None));
        }

        fn ended(&self, connection: &Ended) {
            _ = self.0.send((connection.dial, Some(connection.bytes_in)));
        }
    }

    let mut bytes = Vec::new();
    for (wired, took) in [(Wired::Below, Duration::ZERO), (Wired::Above, Duration::from_secs(3))] {
        let (sender, mut told) = mpsc::unbounded_channel();
        let clock = ManualClock::new();
        let lint = ConnLint::builder().environment("").clock(clock.clone());
        let lint = lint.reporter(Told(sender)).build();
        let tls = Tls::new();
        // Its handshake takes three seconds.
        let addr = serve(&tls, move || clock.advance(Duration::from_secs(3))).await;
        let mut gateway = gateway(&lint, &tls, wired, Alpn::Http1);
        call(&mut gateway, request(&url(addr), &[])).await;
        drop(gateway);
        let opened = within("a dial", told.recv()).await.expect("the lint lives");
        assert_eq!(opened, (Some(took), None), "{wired:?}");
        let ended = within("an end", told.recv()).await.expect("the lint lives");
        bytes.push(ended.1.expect("it is the end"));
    }
    let [below, above] = bytes[..] else { panic!("both ended: {bytes:?}") };
    assert!(below > above + 500, "a certificate came, too: {below} below, {above} above");
}

/// Nothing but its response tells which version a request went out in.
#[tokio::test]
async fn a_request_is_judged_by_the_version_that_was_agreed_on() {
    for (alpn, version, lint, action) in [
        (Alpn::Http1, Version::HTTP_11, lint::CLIENT_SENDS_CLOSE, Action::None),
        (Alpn::Http2, Version::HTTP_2, lint::CONNECTION_FIELD_IN_HTTP2, Action::None),
    ] {
        let tls = Tls::new();
        let addr = serve(&tls, || {}).await;
        for wired in [Wired::Below, Wired::Above] {
            let (conn_lint, found) = found::lint(Preset::Observe1);
            let mut gateway = gateway(&conn_lint, &tls, wired, alpn);
            let response = call(&mut gateway, request(&url(addr), &["close"])).await;
            assert_eq!(response.version(), version, "hyper-util {wired:?}");
            let finding = found.one(lint);
            assert_eq!((finding.version, finding.action), (Some(version), action), "{wired:?}");
        }

        let (conn_lint, found) = found::lint(Preset::Observe1);
        let client = tls.reqwest(alpn).connector_layer(conn_lint.connector_layer("gateway"));
        let client = client.build().expect("it is built");
        let gateway = ClientBuilder::new(client).with(conn_lint.outbound("gateway")).build();
        let call = gateway.get(url(addr)).header("connection", "close").send();
        let response = within("a call", call).await.expect("it succeeds");
        assert_eq!(response.version(), version, "reqwest");
        let handle = response.extensions().get::<ConnHandle>().expect("its dial was seen");
        assert_eq!((handle.fresh(), handle.version()), (true, Some(version)), "reqwest");
        within("a body", response.bytes()).await.expect("it is read");
        let finding = found.one(lint);
        assert_eq!((finding.version, finding.action), (Some(version), action), "reqwest");
    }
}

// === fixtures ===

/// By hyper-util, with what is done before each handshake.
async fn serve(tls: &Tls, before: impl Fn() + Send + 'static) -> SocketAddr {
    let (listener, addr) = listen().await;
    let acceptor = tls.acceptor();
    let hello = service_fn(|request: Request<Incoming>| async {
        request.into_body().collect().await.expect("it is read");
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("hello")))
    });
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            before();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let (stream, hello) = (TokioIo::new(stream), TowerToHyperService::new(hello));
                let server = auto::Builder::new(TokioExecutor::new());
                _ = server.serve_connection(stream, hello).await;
            });
        }
    });
    addr
}

fn gateway(lint: &ConnLint, tls: &Tls, wired: Wired, alpn: Alpn) -> Caller {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    let builder = Client::builder(TokioExecutor::new());
    let layer = lint.outbound("gateway");
    match wired {
        Wired::Below => {
            let connector = tls.https(alpn, lint.connector("gateway", http));
            BoxCloneSyncService::new(layer.layer(builder.build(connector)))
        }
        Wired::Above => {
            let connector = lint.connector("gateway", tls.https(alpn, http));
            BoxCloneSyncService::new(layer.layer(builder.build(connector)))
        }
    }
}

fn url(addr: SocketAddr) -> String {
    format!("https://{addr}/")
}
