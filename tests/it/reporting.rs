//! What is told of connections: metrics, log lines, snapshots; with real servers and clients.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use metrics_util::CompositeKey;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tower::{Layer as _, ServiceBuilder, ServiceExt as _};
use tower_conn_lint::connection::{Bounds, EndCause, Ended, Side};
use tower_conn_lint::outbound::{Connector, Outbound, ResponseBodies};
use tower_conn_lint::report::{self, Part, Reporter, RequestTime};
use tower_conn_lint::snapshot::PartyReuse;
use tower_conn_lint::{ConnLint, ConnLintBuilder, ManualClock};
use tower_http::trace::TraceLayer;
use tracing::Dispatch;
use tracing::subscriber::NoSubscriber;

use crate::client::{call, get as request};
use crate::server::listen;
use crate::within::within;

#[tokio::test]
async fn connections_of_both_sides_are_in_the_metrics() {
    let recorder = DebuggingRecorder::new();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let (lint, mut ends) = lint(|builder| builder.durations(true));
    let (server, addr) = serve(&lint, app()).await;
    let mut client = client(&lint);
    for _ in 0..3 {
        call(&mut client, request(&format!("http://{addr}/a"), &[])).await;
    }
    drop(client);
    ends.both().await;
    let refused = refused().await;
    let lost = self::client(&lint).oneshot(request(&format!("http://{refused}/"), &[]));
    within("a refusal", lost).await.expect_err("nobody listens");
    server.abort();

    let rows = rows(&recorder.snapshotter());
    let port = addr.port();
    for row in [
        "conn_lint_server_accepts  1".to_owned(),
        format!("conn_lint_client_dials server_address={addr} 1"),
        format!("conn_lint_client_dials server_address={refused} error_type=refused 1"),
        format!("conn_lint_client_dial_duration_seconds server_address={addr} 1 values"),
        "conn_lint_connections_ended conn_lint_side=inbound conn_lint_end_cause=peer-closed-idle \
         conn_lint_closer=peer conn_lint_connection_reused=true 1"
            .to_owned(),
        "conn_lint_connections_ended conn_lint_side=outbound conn_lint_end_cause=client-dropped \
         conn_lint_closer=local conn_lint_connection_reused=true 1"
            .to_owned(),
        "conn_lint_requests_per_connection conn_lint_side=inbound http_route=/a 3".to_owned(),
        format!(
            "conn_lint_requests_per_connection conn_lint_side=outbound server_address={addr} 3"
        ),
        format!(
            "http_client_connection_duration_seconds server_address=127.0.0.1 server_port={port} \
             network_protocol_version=1.1 1 values"
        ),
    ] {
        assert!(rows.contains(&row), "{row} is missing in {rows:#?}");
    }
    for row in rows.iter().filter(|row| row.contains("open_connections")) {
        assert!(row.ends_with(" 0"), "all are closed: {row}");
    }
}

#[tokio::test]
async fn a_snapshot_brings_the_gauges_up_to_date() {
    let recorder = DebuggingRecorder::new();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let (lint, _ends) = lint(|builder| builder);
    let (server, addr) = serve(&lint, app()).await;
    let mut client = client(&lint);
    for _ in 0..2 {
        call(&mut client, request(&format!("http://{addr}/a"), &[])).await;
    }
    let snapshot = lint.snapshot();
    let rows = rows(&recorder.snapshotter());
    let open: Vec<_> = rows.iter().filter(|row| row.contains("open_connections")).collect();
    let address = format!("server_address=127.0.0.1 server_port={}", addr.port());
    for row in [
        "conn_lint_server_open_connections http_connection_state=active 0".to_owned(),
        "conn_lint_server_open_connections http_connection_state=idle 1".to_owned(),
        format!(
            "http_client_open_connections http_connection_state=idle {address} \
             network_protocol_version=1.1 1"
        ),
        format!("http_client_open_connections http_connection_state=idle {address} 0"),
    ] {
        assert!(open.contains(&&row), "{row} is missing in {open:#?}");
    }

    let [caller] = &snapshot.callers[..] else { panic!("one caller: {:?}", snapshot.callers) };
    let PartyReuse { requests, fresh, idle, active, .. } = *caller;
    assert_eq!((&*caller.name, requests, fresh, idle, active), ("127.0.0.1", 2, 1, 1, 0));
    let [gateway] = &snapshot.upstreams[..] else { panic!("one: {:?}", snapshot.upstreams) };
    assert_eq!(gateway.name, addr.to_string());
    assert_eq!(gateway.client.map(|client| client.as_str()), Some("gateway"));
    assert_eq!((gateway.dials, gateway.requests, gateway.idle), (1, 2, 1));
    let routes: Vec<_> =
        snapshot.routes.iter().map(|route| (route.route.as_str(), route.requests)).collect();
    assert_eq!(routes, [("/a", 2)]);
    use Part::*;
    let wired = [Listener, MakeService, Inbound, Connector, ResponseBodies, Outbound];
    assert_eq!(snapshot.wired, wired);
    assert_eq!(snapshot.unknown, ["whether connections inbound were drained"]);
    server.abort();
}

#[tokio::test]
async fn durations_are_recorded_only_where_they_are_switched_on() {
    let recorder = DebuggingRecorder::new();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let (lint, mut ends) = lint(|builder| builder);
    let (server, addr) = serve(&lint, app()).await;
    let mut client = client(&lint);
    call(&mut client, request(&format!("http://{addr}/a"), &[])).await;
    drop(client);
    ends.both().await;
    server.abort();

    let rows = rows(&recorder.snapshotter());
    assert!(rows.iter().any(|row| row.starts_with("conn_lint_connections_ended")), "{rows:#?}");
    assert!(!rows.iter().any(|row| row.contains("duration")), "off by default: {rows:#?}");
}

#[tokio::test]
async fn a_snapshot_says_what_a_closing_caller_should_change() {
    let mut bounds = Bounds::default();
    bounds.min_requests = 5;
    let (lint, mut ends) = lint(|builder| builder.bounds(bounds));
    let (server, addr) = serve(&lint, app()).await;
    let mut pool = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    for _ in 0..5 {
        call(&mut pool, request(&format!("http://{addr}/a"), &["close"])).await;
        assert_eq!(ends.next().await.end.cause, EndCause::RequestClose);
    }
    let callers = lint.snapshot().callers;
    assert_eq!(callers[0].causes, [(EndCause::RequestClose, 5)].into());
    assert_eq!(callers[0].change, Some("let the client send no `close`"));
    assert_eq!((callers[0].reuse, callers[0].connections), (Some(0.0), 5));
    server.abort();
}

#[tokio::test]
async fn request_durations_are_told_by_route_by_client_and_by_reuse() {
    let clock = ManualClock::new();
    let (lint, mut ends) =
        lint(|builder| builder.clock(clock.clone()).durations(true).without_metrics());
    let moving = clock.clone();
    let app = Router::new().route(
        "/slow",
        get(|| async move {
            moving.advance(Duration::from_secs(2));
            "slow"
        }),
    );
    let app = app.route("/a", get(|| async { "a" })).layer(lint.inbound());
    let (server, addr) = serve(&lint, app).await;
    let mut client = client(&lint);
    for path in ["a", "slow"] {
        call(&mut client, request(&format!("http://{addr}/{path}"), &[])).await;
    }
    drop(client);
    ends.both().await;
    server.abort();
    let mut times = ends.times();
    times.sort();
    let [none, two] = [Duration::ZERO, Duration::from_secs(2)];
    assert_eq!(
        times,
        [
            (Side::Inbound, "/a", false, none),
            (Side::Inbound, "/slow", true, two),
            (Side::Outbound, "gateway", false, none),
            (Side::Outbound, "gateway", true, two),
        ]
    );
}

#[tokio::test]
async fn streams_of_one_connection_are_timed_each_on_its_route() {
    let (lint, mut ends) = lint(|builder| builder.durations(true).without_metrics());
    let (started, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (begun, released) = (started.clone(), release.clone());
    let wait = get(move || async move {
        begun.notify_one();
        within("its release", released.notified()).await;
        "held"
    });
    let app = Router::new().route("/held", wait).route("/a", get(|| async { "a" }));
    let (server, addr) = serve(&lint, app.layer(lint.inbound())).await;
    let mut pool = Client::builder(TokioExecutor::new());
    let mut pool = pool.http2_only(true).build::<_, Full<Bytes>>(HttpConnector::new());
    let mut other = pool.clone();
    let held = tokio::spawn(async move {
        call(&mut other, request(&format!("http://{addr}/held"), &[])).await
    });
    within("the first stream", started.notified()).await;
    // The other stream comes and goes while the first one is held.
    call(&mut pool, request(&format!("http://{addr}/a"), &[])).await;
    release.notify_one();
    within("the held one", held).await.expect("it is answered");
    drop(pool);
    ends.next().await;
    server.abort();
    let mut routes: Vec<_> = ends.times().into_iter().map(|(_, of, ..)| of).collect();
    routes.sort_unstable();
    assert_eq!(routes, ["/a", "/held"], "none is counted for the other's");
}

#[tokio::test]
async fn a_start_up_line_and_a_line_for_each_end_are_written() {
    let log = Log::default();
    let _guard = log.guard();
    let (lint, mut ends) = lint(|builder| builder);
    let (server, addr) = serve(&lint, app()).await;
    let mut client = client(&lint);
    assert_eq!(log.lines("connections are watched").len(), 0, "nothing was opened");
    for _ in 0..2 {
        call(&mut client, request(&format!("http://{addr}/a"), &[])).await;
    }
    drop(client);
    ends.both().await;
    let refused = refused().await;
    let lost = self::client(&lint).oneshot(request(&format!("http://{refused}/"), &[]));
    within("a refusal", lost).await.expect_err("nobody listens");
    server.abort();

    let start = log.lines("connections are watched");
    let [start] = &start[..] else { panic!("it is written once: {start:?}") };
    for part in [
        " INFO tower_conn_lint: ",
        "wired=listener, make_service, inbound, connector, response_bodies, outbound",
        "unknown=whether connections inbound were drained",
        "preset=\"observe-1\" cap=\"deny\"",
    ] {
        assert!(start.contains(part), "{part} is missing in {start}");
    }
    let lines = log.lines("a connection ended");
    assert_eq!(lines.len(), 2, "one for each side: {lines:?}");
    for (side, parts) in [
        ("inbound", ["route=\"/a\"", "caller=\"127.0.0.1\"", "end_cause=\"peer-closed-idle\""]),
        ("outbound", ["client=\"gateway\"", "dial_seconds=", "end_cause=\"client-dropped\""]),
    ] {
        let side = format!("side=\"{side}\"");
        let line = lines.iter().find(|line| line.contains(&side)).expect("each side has one");
        for part in parts.into_iter().chain([" DEBUG ", "requests=2", "version=HTTP/1.1"]) {
            assert!(line.contains(part), "{part} is missing in {line}");
        }
    }
    let failed = log.lines("a dial failed");
    assert!(failed[0].contains("error=\"refused\""), "{failed:?}");
    assert_eq!(failed.len(), 1, "{failed:?}");
}

#[tokio::test]
async fn nothing_is_told_of_connections_where_the_lint_is_off() {
    let log = Log::default();
    let _guard = log.guard();
    let (lint, _ends) = lint(|builder| builder.environment("off").durations(true));
    let (server, addr) = serve(&lint, app()).await;
    call(&mut client(&lint), request(&format!("http://{addr}/a"), &[])).await;
    let lines = log.lines("tower_conn_lint");
    assert!(lines[0].ends_with("CONN_LINT=off: nothing is watched"), "{lines:?}");
    assert_eq!(lines.len(), 1, "and nothing else: {lines:?}");
    assert!(lint.snapshot().callers.is_empty());
    server.abort();
}

#[tokio::test]
async fn a_span_of_trace_layer_names_the_connection() {
    let log = Log::default();
    let _guard = log.guard();
    let (lint, _ends) = lint(|builder| builder);
    let handler = get(|| async {
        tracing::info!("handled");
        "a"
    });
    let app = Router::new()
        .route("/a", handler)
        .layer(TraceLayer::new_for_http().make_span_with(report::make_span))
        .layer(lint.inbound());
    let (server, addr) = serve(&lint, app).await;
    let mut client = client(&lint);
    for _ in 0..2 {
        call(&mut client, request(&format!("http://{addr}/a?token=secret"), &[])).await;
    }
    server.abort();
    let lines = log.lines("handled");
    assert_eq!(lines.len(), 2, "{lines:?}");
    for (line, number) in lines.iter().zip(1..) {
        let reused = number > 1;
        for part in [
            "request{method=\"GET\" path=\"/a\" version=HTTP/1.1 conn_lint.connection.id=",
            &format!("conn_lint.connection.reused={reused} conn_lint.request.number={number}}}"),
        ] {
            assert!(line.contains(part), "{part} is missing in {line}");
        }
        assert!(!line.contains("secret"), "no query: {line}");
    }
}

// === fixtures ===

/// What a lint tells of connections that end, and of requests.
#[derive(Clone, Debug)]
struct Told {
    ends: mpsc::UnboundedSender<Ended>,
    times: Arc<Mutex<Vec<RequestTime>>>,
}

struct Ends {
    ends: mpsc::UnboundedReceiver<Ended>,
    times: Arc<Mutex<Vec<RequestTime>>>,
}

impl Reporter for Told {
    fn ended(&self, connection: &Ended) {
        _ = self.ends.send(connection.clone());
    }

    fn request_took(&self, time: &RequestTime) {
        self.times.lock().expect("no test panics with the lock").push(*time);
    }
}

impl Ends {
    async fn next(&mut self) -> Ended {
        within("an end", self.ends.recv()).await.expect("the lint lives")
    }

    /// Of both sides of one connection.
    async fn both(&mut self) {
        let sides = [self.next().await.side, self.next().await.side];
        assert_ne!(sides[0], sides[1], "each side ends once");
    }

    fn times(&self) -> Vec<(Side, &'static str, bool, Duration)> {
        let times = self.times.lock().expect("no test panics with the lock");
        times.iter().map(|time| (time.side, time.of.as_str(), time.reused, time.took)).collect()
    }
}

fn lint(with: impl FnOnce(ConnLintBuilder) -> ConnLintBuilder) -> (ConnLint, Ends) {
    let (sender, ends) = mpsc::unbounded_channel();
    let times = Arc::default();
    let told = Told { ends: sender, times };
    let ends = Ends { ends, times: told.times.clone() };
    (with(ConnLint::builder().environment("")).reporter(told).build(), ends)
}

fn app() -> Router {
    Router::new().route("/a", get(|| async { "a" }))
}

/// A server with all that can be wired, but the signal to shut down.
async fn serve(lint: &ConnLint, app: Router) -> (JoinHandle<()>, SocketAddr) {
    let (listener, addr) = listen().await;
    let listener = lint.listener(listener);
    let service = lint.make_service(app.layer(lint.inbound()).into_make_service());
    let server = tokio::spawn(async move {
        axum::serve(listener, service).await.expect("axum::serve ends only with its task");
    });
    (server, addr)
}

type Wired = ResponseBodies<Outbound<Client<Connector<HttpConnector>, Full<Bytes>>>>;

/// A client with all that can be wired.
fn client(lint: &ConnLint) -> Wired {
    let pool = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .build(lint.connector("gateway", HttpConnector::new()));
    let layers = ServiceBuilder::new().layer(lint.response_bodies());
    layers.layer(lint.outbound("gateway")).into_inner().layer(pool)
}

/// Where nobody listens.
async fn refused() -> SocketAddr {
    listen().await.1
}

/// What was recorded, a line each.
fn rows(snapshotter: &Snapshotter) -> Vec<String> {
    let row = |(key, _, _, value): (CompositeKey, _, _, DebugValue)| {
        let labels = key.key().labels().map(|label| format!("{}={}", label.key(), label.value()));
        let labels = labels.collect::<Vec<_>>().join(" ");
        let value = match value {
            DebugValue::Counter(count) => count.to_string(),
            DebugValue::Gauge(value) => value.to_string(),
            // How long something took, nobody knows before.
            DebugValue::Histogram(values) if key.key().name().ends_with("seconds") => {
                format!("{} values", values.len())
            }
            DebugValue::Histogram(values) => {
                values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
            }
        };
        format!("{} {labels} {value}", key.key().name())
    };
    snapshotter.snapshot().into_vec().into_iter().map(row).collect()
}

/// Where a subscriber of this thread writes to.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panics with the lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn guard(&self) -> tracing::subscriber::DefaultGuard {
        // Beside a single one, tracing-core 0.1 asks the thread that comes to an event first
        // whether anybody listens, and keeps the answer for all threads.
        static SECOND: LazyLock<Dispatch> =
            LazyLock::new(|| Dispatch::new(NoSubscriber::default()));

        LazyLock::force(&SECOND);
        let writer = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::DEBUG)
            .with_writer(move || writer.clone());
        tracing::subscriber::set_default(subscriber.finish())
    }

    /// The lines that hold this text.
    fn lines(&self, text: &str) -> Vec<String> {
        let bytes = self.0.lock().expect("no test panics with the lock").clone();
        let log = String::from_utf8(bytes).expect("a log is text");
        log.lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
    }
}
