use std::fmt::Debug;
use std::rc::Rc;
use std::time::Duration;

use axum::body::Body as AxumBody;
use axum_prometheus::PrometheusMetricLayer;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body::Body as HttpBody;
use opentelemetry_instrumentation_tower::http::server as otel;
use opentelemetry_sdk::metrics::{ManualReader, SdkMeterProvider};
use tower::{Layer, Service, ServiceExt};
use tower_conn_lint::ConnLint;
use tower_conn_lint::inbound::Same;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use crate::case::Case;
use crate::driven::{Calls, driven};
use crate::least::Least;
use crate::least_lint::LeastLint;
use crate::messages::Body;
use crate::ours::{accepted, counting, dialled, quiet, reporting, timing};
use crate::services::{Answers, Bare, Insert, Noop, router};

/// What is put around a service, or between it and its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// With which the others are compared.
    Nothing,
    Noop,
    Lint,
    All,
    Record,
    Counters,
    Durations,
    Reported,
    Capture,
    Insert,
    Boxing,
    Least,
    LeastLint,
    Timeout,
    TowerTimeout,
    SetHeader,
    TraceInfo,
    Trace,
    AxumPrometheus,
    Otel,
}

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Bare,
    Inside,
    Around,
}

// === impl Subject ===

impl Subject {
    pub(crate) const ALL: [Subject; 20] = [
        Subject::Nothing,
        Subject::Noop,
        Subject::Lint,
        Subject::All,
        Subject::Record,
        Subject::Counters,
        Subject::Durations,
        Subject::Reported,
        Subject::Capture,
        Subject::Insert,
        Subject::Boxing,
        Subject::Least,
        Subject::LeastLint,
        Subject::Timeout,
        Subject::TowerTimeout,
        Subject::SetHeader,
        Subject::TraceInfo,
        Subject::Trace,
        Subject::AxumPrometheus,
        Subject::Otel,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Subject::Nothing => "nothing",
            Subject::Noop => "noop",
            Subject::Lint => "lint",
            Subject::All => "all",
            Subject::Record => "record",
            Subject::Counters => "counters",
            Subject::Durations => "durations",
            Subject::Reported => "reported",
            Subject::Capture => "capture",
            Subject::Insert => "insert",
            Subject::Boxing => "axum-boxing",
            Subject::Least => "least",
            Subject::LeastLint => "least-lint",
            Subject::Timeout => "timeout",
            Subject::TowerTimeout => "tower-timeout",
            Subject::SetHeader => "set-header",
            Subject::TraceInfo => "trace-info",
            Subject::Trace => "trace",
            Subject::AxumPrometheus => "axum-prometheus",
            Subject::Otel => "otel",
        }
    }

    /// Around a service that answers at once.
    pub(crate) fn bare(self, case: &Case) -> Box<dyn Calls> {
        let policy = case.policy;
        match self {
            Subject::Nothing => on_bare(case, |bare| bare),
            Subject::Noop => on_bare(case, Noop),
            Subject::Lint => on_bare(case, |bare| quiet(policy()).inbound().layer(bare)),
            Subject::Counters => on_bare(case, |bare| counting(policy()).inbound().layer(bare)),
            Subject::All => wired(case, &counting(policy())),
            Subject::Durations => wired(case, &timing(policy())),
            Subject::Reported => wired(case, &reporting(policy())),
            Subject::Record => on_bare(case, |bare| accepted(&quiet(policy())).service(bare)),
            Subject::Insert => on_bare(case, Insert),
            Subject::Boxing => on_bare(case, |bare| {
                let boxed = |response: Response<Body>| response.map(AxumBody::new);
                ServiceExt::<Request<Body>>::map_response(bare, boxed)
            }),
            Subject::Least => on_bare(case, Least::new),
            Subject::LeastLint => on_bare(case, LeastLint::new),
            Subject::Timeout => on_bare(case, |bare| timeout().layer(bare)),
            Subject::TowerTimeout => {
                on_bare(case, |bare| tower::timeout::TimeoutLayer::new(LONG).layer(bare))
            }
            Subject::SetHeader => on_bare(case, |bare| set_header().layer(bare)),
            Subject::TraceInfo => {
                subscribe();
                on_bare(case, |bare| TraceLayer::new_for_http().layer(bare))
            }
            Subject::Trace => on_bare(case, |bare| TraceLayer::new_for_http().layer(bare)),
            Subject::AxumPrometheus => {
                let (layer, _) = PrometheusMetricLayer::pair();
                on_bare(case, |bare| layer.layer(bare))
            }
            Subject::Otel => on_bare(case, |bare| metered().layer(bare)),
            Subject::Capture => unreachable!("servers capture nothing"),
        }
    }

    /// Around a client that is answered at once.
    pub(crate) fn outbound(self, case: &Case) -> Box<dyn Calls> {
        let policy = case.policy;
        match self {
            Subject::Lint => on_bare(case, |bare| quiet(policy()).outbound("gateway").layer(bare)),
            Subject::Capture => on_bare(case, |bare| {
                quiet(policy()).outbound("gateway").capture_connection().layer(bare)
            }),
            Subject::All => wired_client(case, &counting(policy())),
            Subject::Durations => wired_client(case, &timing(policy())),
            Subject::Reported => wired_client(case, &reporting(policy())),
            // These are the same on both sides.
            _ => self.bare(case),
        }
    }

    /// On all routes of a router.
    pub(crate) fn inside(self, case: &Case) -> Box<dyn Calls> {
        let policy = case.policy;
        match self {
            Subject::Nothing => on_router(case, router()),
            Subject::Noop => on_router(case, router().layer(tower::layer::layer_fn(Noop))),
            Subject::Lint => on_router(case, router().layer(quiet(policy()).inbound())),
            Subject::All => {
                let lint = counting(policy());
                let router = router().layer(lint.inbound());
                on_router(case, accepted(&lint).service_with_bodies::<Same, _>(router))
            }
            Subject::TraceInfo => {
                subscribe();
                on_router(case, router().layer(TraceLayer::new_for_http()))
            }
            Subject::AxumPrometheus => {
                on_router(case, router().layer(PrometheusMetricLayer::pair().0))
            }
            Subject::Otel => on_router(case, router().layer(metered())),
            _ => unreachable!("not measured in here"),
        }
    }

    /// Around a router.
    pub(crate) fn around(self, case: &Case) -> Box<dyn Calls> {
        let policy = case.policy;
        match self {
            Subject::Nothing => on_router(case, router()),
            Subject::Noop => on_router(case, Noop(router())),
            Subject::Lint => on_router(case, quiet(policy()).inbound().layer(router())),
            Subject::All => {
                let lint = counting(policy());
                let layered = lint.inbound().layer(router());
                on_router(case, accepted(&lint).service_with_bodies::<Same, _>(layered))
            }
            Subject::TraceInfo => {
                subscribe();
                on_router(case, TraceLayer::new_for_http().layer(router()))
            }
            Subject::AxumPrometheus => {
                on_router(case, PrometheusMetricLayer::pair().0.layer(router()))
            }
            Subject::Otel => on_router(case, metered().layer(router())),
            _ => unreachable!("not measured around"),
        }
    }
}

/// Longer than any call takes.
const LONG: Duration = Duration::from_secs(30);

// === impl Place ===

impl Place {
    pub(crate) const ALL: [Place; 3] = [Place::Bare, Place::Inside, Place::Around];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Place::Bare => "bare",
            Place::Inside => "inside",
            Place::Around => "around",
        }
    }
}

fn on_bare<S, R>(case: &Case, layered: impl FnOnce(Bare) -> S) -> Box<dyn Calls>
where
    S: Service<Request<Body>, Response = Response<R>, Error: Debug> + 'static,
    R: HttpBody<Error: Debug> + Unpin + 'static,
{
    on_answers(case, layered, case.response)
}

fn on_answers<S, R>(
    case: &Case,
    layered: impl FnOnce(Bare) -> S,
    response: impl Fn() -> Response<Body> + 'static,
) -> Box<dyn Calls>
where
    S: Service<Request<Body>, Response = Response<R>, Error: Debug> + 'static,
    R: HttpBody<Error: Debug> + Unpin + 'static,
{
    let answers = Answers::default();
    let service = layered(Bare(Rc::clone(&answers)));
    let prepare = move |calls| {
        let mut answers = answers.borrow_mut();
        // Where a call was denied, the one for it is there still.
        answers.clear();
        answers.extend((0..calls).map(|_| response()));
    };
    driven(service, case.request, prepare)
}

fn on_router<S, R>(case: &Case, service: S) -> Box<dyn Calls>
where
    S: Service<Request<AxumBody>, Response = Response<R>, Error: Debug> + 'static,
    R: HttpBody<Error: Debug> + Unpin + 'static,
{
    let request = case.request;
    driven(service, move || request().map(AxumBody::new), |_| {})
}

/// Everything on a service of hyper: layer, record, bodies, windows.
fn wired(case: &Case, lint: &ConnLint) -> Box<dyn Calls> {
    on_bare(case, |bare| accepted(lint).service(lint.inbound().layer(bare)))
}

/// Everything on a client of hyper-util, whose responses tell their connection.
fn wired_client(case: &Case, lint: &ConnLint) -> Box<dyn Calls> {
    let (connected, response) = (dialled(lint), case.response);
    let answer = move || {
        let mut response = response();
        connected.get_extras(response.extensions_mut());
        response
    };
    let layered = |bare| lint.response_bodies().layer(lint.outbound("gateway").layer(bare));
    on_answers(case, layered, answer)
}

/// As services have it: what is told at DEBUG, as by `TraceLayer`, is switched off.
pub(crate) fn subscribe() {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_writer(std::io::sink)
        .finish();
    tracing::subscriber::set_global_default(subscriber).expect("the process's first");
}

fn timeout() -> TimeoutLayer {
    TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, LONG)
}

fn set_header() -> SetResponseHeaderLayer<HeaderValue> {
    let name = HeaderName::from_static("x-served-by");
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static("example"))
}

/// Metrics alone, with a reader, so that they are kept.
fn metered() -> otel::Layer {
    let provider = SdkMeterProvider::builder().with_reader(ManualReader::default()).build();
    opentelemetry::global::set_meter_provider(provider);
    otel::LayerBuilder::builder().with_tracing(false).build().expect("a layer")
}
