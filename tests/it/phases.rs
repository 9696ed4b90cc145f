//! In which parts of it a request of ours took its time, as each client shows it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::{Router, routing::get};
use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Layer as _, ServiceBuilder, ServiceExt as _};
use tower_conn_lint::report::{Phase, Reporter, RequestPhases, RequestTime};
use tower_conn_lint::{ConnLint, ManualClock};

use crate::client::{call, get as request};
use crate::server::{Server, listen};
use crate::tls::{self, Alpn, Tls};
use crate::within::within;

/// The phases of a request: whether its connection was reused, and how long each took, in seconds.
type Passed = (bool, Vec<(Phase, f64)>);

/// Keeps what it is told.
#[derive(Clone, Default)]
struct Told {
    passed: Arc<Mutex<Vec<Passed>>>,
    times: Arc<Mutex<usize>>,
}

impl Reporter for Told {
    fn request_passed(&self, phases: &RequestPhases<'_>) {
        assert!(phases.upstream.is_some() && phases.client.is_some(), "{phases:?}");
        let took = phases.iter().map(|(phase, took)| (phase, took.as_secs_f64())).collect();
        self.passed.lock().expect("no test panics with the lock").push((phases.reused, took));
    }

    fn request_took(&self, _: &RequestTime) {
        *self.times.lock().expect("no test panics with the lock") += 1;
    }
}

impl Told {
    fn one(&self) -> Passed {
        let passed = std::mem::take(&mut *self.passed.lock().expect("no test panics with it"));
        let [passed] = &passed[..] else { panic!("one request, its phases once: {passed:?}") };
        passed.clone()
    }

    fn phases(&self) -> (bool, Vec<Phase>) {
        let (reused, took) = self.one();
        (reused, took.into_iter().map(|(phase, _)| phase).collect())
    }
}

fn lint(told: &Told, clock: &ManualClock) -> ConnLint {
    let builder = ConnLint::builder().environment("").without_tracing().clock(clock.clone());
    builder.reporter(told.clone()).phases(true).build()
}

/// A server that takes 2 s to answer, and another one for the content.
fn slow(clock: &ManualClock) -> Router {
    let clock = clock.clone();
    let answer = move |body: Bytes| async move {
        clock.advance(Duration::from_secs(2));
        let frame = futures_util::stream::once(async move {
            clock.advance(Duration::from_secs(1));
            Ok::<_, std::convert::Infallible>(Bytes::from("welcome"))
        });
        _ = body;
        Body::from_stream(frame)
    };
    Router::new().route("/login", get(answer.clone()).post(answer))
}

#[tokio::test]
async fn each_phase_has_its_time_and_a_dial_is_of_the_first_request_only() {
    let (told, clock) = (Told::default(), ManualClock::new());
    let lint = lint(&told, &clock);
    let server = Server::of(slow(&clock)).await;
    let url = format!("http://{}/login", server.addr);
    let dialling = clock.clone();
    let connector = ServiceBuilder::new()
        .map_request(move |uri: Uri| {
            dialling.advance(Duration::from_secs(3));
            uri
        })
        .service(HttpConnector::new());
    let pool = Client::builder(TokioExecutor::new())
        .build::<_, Full<Bytes>>(lint.connector("gateway", connector));
    let mut gateway = lint.response_bodies().layer(lint.outbound("gateway").layer(pool));

    use Phase::{Body, Dial, FirstByte, Wait};

    call(&mut gateway, request(&url, &[])).await;
    let (reused, took) = told.one();
    assert!(!reused);
    let first = [(Wait, 3.0), (Dial, 3.0), (FirstByte, 2.0), (Body, 1.0)];
    assert!(is_about(&took, &first), "{took:?}");

    call(&mut gateway, request(&url, &[])).await;
    let (reused, took) = told.one();
    assert!(reused);
    assert!(is_about(&took, &[(Wait, 0.0), (FirstByte, 2.0), (Body, 1.0)]), "{took:?}");

    let post =
        |content: &'static str| Request::post(&url).body(Full::from(content)).expect("a request");
    call(&mut gateway, post("a name")).await;
    assert_eq!(told.phases(), (true, vec![Body]), "what was written first nobody knows");
    call(&mut gateway, request(&url, &[])).await;
    assert_eq!(told.phases(), (true, vec![Wait, FirstByte, Body]), "without content it is known");
    assert_eq!(
        *told.times.lock().expect("no test panics with it"),
        0,
        "durations were not asked for"
    );
}

/// The body may be read before its head is looked at, or after.
fn is_about(took: &[(Phase, f64)], expected: &[(Phase, f64)]) -> bool {
    let split = |took: &[(Phase, f64)]| -> (Vec<(Phase, f64)>, f64) {
        let is_answer = |phase: &Phase| matches!(phase, Phase::FirstByte | Phase::Body);
        let answer = took.iter().filter(|(phase, _)| is_answer(phase)).map(|(_, took)| took).sum();
        (took.iter().filter(|(phase, _)| !is_answer(phase)).copied().collect(), answer)
    };
    split(took) == split(expected)
        && took.iter().map(|(phase, _)| phase).eq(expected.iter().map(|(phase, _)| phase))
}

#[tokio::test]
async fn a_handshake_of_tls_is_told_apart_where_the_connector_stands_below_it() {
    let expected = |alpn, below| match (alpn, below) {
        (Alpn::Http1, true) => {
            vec![Phase::Wait, Phase::Dial, Phase::Tls, Phase::FirstByte, Phase::Body]
        }
        (Alpn::Http1, false) => vec![Phase::Wait, Phase::Dial, Phase::FirstByte, Phase::Body],
        (Alpn::Http2, true) => vec![Phase::Dial, Phase::Tls, Phase::Body],
        (Alpn::Http2, false) => vec![Phase::Dial, Phase::Body],
    };
    for (alpn, below) in
        [(Alpn::Http1, true), (Alpn::Http1, false), (Alpn::Http2, true), (Alpn::Http2, false)]
    {
        let tls = Tls::new();
        let told = Told::default();
        let builder = ConnLint::builder().environment("").without_tracing();
        let lint = builder.reporter(told.clone()).phases(true).build();
        let (listener, addr) = listen().await;
        tokio::spawn(serve_tls(listener, tls.clone()));
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        let mut gateway = gateway(&lint, &tls, below, alpn, http);
        let url = format!("https://127.0.0.1:{}/login", addr.port());
        call(&mut gateway, request(&url, &[])).await;
        assert_eq!(told.phases(), (false, expected(alpn, below)), "{alpn:?}, below TLS: {below}");
        call(&mut gateway, request(&url, &[])).await;
        let again = match alpn {
            Alpn::Http1 => vec![Phase::Wait, Phase::FirstByte, Phase::Body],
            Alpn::Http2 => vec![Phase::Body],
        };
        assert_eq!(told.phases(), (true, again), "{alpn:?}, below TLS: {below}");
    }
}

type Gateway = BoxCloneSyncService<
    Request<Full<Bytes>>,
    http::Response<tower_conn_lint::connection::TrackedBody<hyper::body::Incoming>>,
    BoxError,
>;

fn gateway(lint: &ConnLint, tls: &Tls, below: bool, alpn: Alpn, http: HttpConnector) -> Gateway {
    let builder = Client::builder(TokioExecutor::new());
    let outbound = lint.outbound("gateway");
    if below {
        let connector = tls.https(alpn, lint.connector("gateway", http));
        let pool = builder.build::<_, Full<Bytes>>(connector);
        let layered = lint.response_bodies().layer(outbound.layer(pool));
        BoxCloneSyncService::new(layered.map_err(BoxError::from))
    } else {
        let connector = lint.connector("gateway", tls.https(alpn, http));
        let pool = builder.build::<_, Full<Bytes>>(connector);
        let layered = lint.response_bodies().layer(outbound.layer(pool));
        BoxCloneSyncService::new(layered.map_err(BoxError::from))
    }
}

async fn serve_tls(listener: TcpListener, tls: Tls) {
    let app = Router::new().route("/login", get(|| async { "welcome" }));
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, app) = (tls.acceptor(), app.clone());
        tokio::spawn(async move {
            let stream = acceptor.accept(stream).await.expect("they agree");
            let service = TowerToHyperService::new(app);
            let builder = auto::Builder::new(TokioExecutor::new());
            _ = builder.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

#[tokio::test]
async fn of_reqwest_dials_and_bodies_are_told_and_nothing_else_is_made_up() {
    let (told, clock) = (Told::default(), ManualClock::new());
    let lint = lint(&told, &clock);
    let server = Server::of(slow(&clock)).await;
    let client = tls::reqwest().connector_layer(lint.connector_layer("gateway")).build();
    let gateway = reqwest_middleware::ClientBuilder::new(client.expect("it is built"));
    let gateway = gateway.with(lint.outbound("gateway")).build();
    let url = format!("http://{}/login", server.addr);
    for expected in [(false, vec![Phase::Dial, Phase::Body]), (true, vec![Phase::Body])] {
        let response = within("a call", gateway.get(&url).send()).await.expect("it is answered");
        within("its body", response.bytes()).await.expect("it is read");
        assert_eq!(told.phases(), expected);
    }
}
