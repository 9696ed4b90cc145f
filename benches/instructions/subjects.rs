use std::cell::RefCell;
use std::convert::Infallible;
use std::fmt::Debug;
use std::future::{Future, Ready, ready};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower::{Layer, Service};
use tower_conn_lint::inbound::{Accepted, Same};
use tower_conn_lint::{ConnLint, Policy, Preset, Route, lint};
use tower_http::trace::TraceLayer;

use crate::allocator::allocations;
use crate::least::Least;
use crate::messages::{self, Body};

/// A layer on a service, and the requests that it gets.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    /// Makes so many calls; returns how many allocations they made.
    pub(crate) run: fn(usize) -> u64,
}

/// The service that answers at once, with what lies ready. What is moved through it is made before
/// and dropped behind each measurement, as by a server: a call finds the allocator warm.
struct Bare<B = Body, R = Body>(Rc<RefCell<Prepared<B, R>>>);

struct Prepared<B, R> {
    request: Option<Request<B>>,
    response: Option<Response<R>>,
}

/// A layer that puts a value of a handle's size into the request's extensions, and nothing else.
struct Insert<S>(S);

/// As large as a `ConnHandle`.
#[derive(Clone)]
#[expect(dead_code, reason = "only its size matters")]
pub(crate) struct Value(pub(crate) [u64; 7]);

/// A layer's least: it forwards the call and wraps the future.
struct Noop<S>(S);

pin_project! {
    struct NoopFuture<F> {
        #[pin]
        inner: F,
    }
}

/// The first is what the others are compared with.
pub(crate) static SUBJECTS: [Subject; 22] = [
    Subject { name: "bare", run: |calls| run(calls, |bare| bare, request) },
    Subject { name: "noop", run: |calls| run(calls, Noop, request) },
    Subject {
        name: "lint",
        run: |calls| run(calls, |bare| lint(inbound_policy()).inbound().layer(bare), request),
    },
    Subject {
        name: "lint-no-routes",
        run: |calls| run(calls, |bare| lint(Policy::default()).inbound().layer(bare), request),
    },
    Subject {
        name: "keep-alive",
        run: |calls| {
            let layered = |bare| lint(inbound_policy()).inbound().layer(bare);
            run(calls, layered, || messages::request_with_connection(PATH, "keep-alive"))
        },
    },
    Subject {
        name: "close",
        run: |calls| {
            let layered = |bare| lint(inbound_policy()).inbound().layer(bare);
            run(calls, layered, || messages::request_with_connection(PATH, "close"))
        },
    },
    Subject {
        name: "lint-preview",
        run: |calls| run(calls, |bare| lint(previewing_policy()).inbound().layer(bare), request),
    },
    Subject {
        name: "lint-long",
        run: |calls| {
            let layered = |bare| lint(inbound_policy()).inbound().layer(bare);
            run(calls, layered, || messages::request(LONG_PATH))
        },
    },
    Subject {
        name: "lint-long-preview",
        run: |calls| {
            let layered = |bare| lint(previewing_policy()).inbound().layer(bare);
            run(calls, layered, || messages::request(LONG_PATH))
        },
    },
    Subject {
        name: "outbound",
        run: |calls| {
            let layered = |bare| lint(outbound_policy("gateway")).outbound("gateway").layer(bare);
            run(calls, layered, || messages::request(URI))
        },
    },
    Subject {
        name: "outbound-host",
        run: |calls| {
            let layered =
                |bare| lint(outbound_policy("api.example.com")).outbound("users").layer(bare);
            run(calls, layered, || messages::request(URI))
        },
    },
    Subject {
        name: "outbound-capture",
        run: |calls| {
            let lint = lint(outbound_policy("gateway"));
            let layer = lint.outbound("gateway").capture_connection();
            run(calls, |bare| layer.layer(bare), || messages::request(URI))
        },
    },
    Subject { name: "trace-info", run: trace_at_info },
    Subject { name: "bare-axum", run: bare_axum },
    Subject { name: "insert", run: |calls| run(calls, Insert, request) },
    Subject {
        name: "insert-more",
        run: |calls| run(calls, Insert, messages::with_extension(request)),
    },
    Subject {
        name: "wired-least",
        run: |calls| run(calls, Least::new, messages::with_extension(request)),
    },
    Subject { name: "wired", run: |calls| wired(calls, messages::with_extension(request)) },
    Subject { name: "wired-first", run: |calls| wired(calls, request) },
    Subject { name: "wired-durations", run: wired_durations },
    Subject { name: "wired-axum", run: wired_axum },
    Subject {
        name: "wired-paths",
        run: |calls| {
            let mut number = 0;
            let (lint, connection) = connection(lint(inbound_policy()));
            let layered = |bare| connection.service(lint.inbound().layer(bare));
            run(calls, layered, move || {
                number += 1;
                messages::request(&format!("/v1/users/{number}"))
            })
        },
    },
];

/// The name of the function that is measured, as valgrind has it.
pub(crate) const MEASURED: &str = "*measured_call*";

const PATH: &str = "/v1/users/42";
/// Longer than what is kept until something is found, so that it is matched at once.
const LONG_PATH: &str = "/v1/users/42-of-a-name-that-is-longer-than-what-a-target-keeps/orders";
const URI: &str = "http://api.example.com/v1/users/42";

/// One call, from a request that stands ready to a response that is put away, with its content: as
/// a server that knows the length, without a poll after the last frame.
// No closure in here: its name would hold this one's, and end the measurement.
#[inline(never)]
fn measured_call<S, B, R>(service: &mut S, request: Request<B>, kept: &mut Option<Response<R>>)
where
    S: Service<Request<B>, Response = Response<R>, Error: Debug>,
    R: http_body::Body<Error: Debug> + Unpin,
{
    let mut context = Context::from_waker(Waker::noop());
    let ready = service.poll_ready(&mut context);
    assert!(matches!(ready, Poll::Ready(Ok(()))), "the service is always ready");
    let future = pin!(service.call(request));
    match future.poll(&mut context) {
        Poll::Ready(Ok(mut response)) => {
            let frame = Pin::new(response.body_mut()).poll_frame(&mut context);
            assert!(matches!(frame, Poll::Ready(Some(Ok(_)))), "the content is one frame");
            *kept = Some(response);
        }
        _ => panic!("the service answers at once"),
    }
}

fn run<S, B, R>(
    calls: usize,
    layered: impl FnOnce(Bare<B>) -> S,
    request: impl FnMut() -> Request<Body>,
) -> u64
where
    S: Service<Request<Body>, Response = Response<R>, Error: Debug>,
    R: http_body::Body<Error: Debug> + Unpin,
{
    run_by(calls, layered, request, messages::response)
}

fn run_by<S, A, B, Q, R>(
    calls: usize,
    layered: impl FnOnce(Bare<B, Q>) -> S,
    mut request: impl FnMut() -> Request<A>,
    response: fn() -> Response<Q>,
) -> u64
where
    S: Service<Request<A>, Response = Response<R>, Error: Debug>,
    R: http_body::Body<Error: Debug> + Unpin,
{
    let at_hand = Rc::new(RefCell::new(Prepared { request: None, response: None }));
    let mut service = layered(Bare(at_hand.clone()));
    let mut call = || {
        let request = request();
        *at_hand.borrow_mut() = Prepared { request: None, response: Some(response()) };
        let mut kept = None;
        allocations(|| measured_call(&mut service, request, &mut kept))
    };
    (0..calls).map(|_| call()).sum()
}

/// Everything on a service of hyper: layer, records, bodies, windows.
fn wired(calls: usize, request: impl FnMut() -> Request<Body>) -> u64 {
    let (lint, connection) = connection(lint(inbound_policy()));
    run(calls, |bare| connection.service(lint.inbound().layer(bare)), request)
}

/// The same, with the time of each request told to whoever records it.
fn wired_durations(calls: usize) -> u64 {
    let lint = ConnLint::builder().policy(inbound_policy()).environment("").without_tracing();
    #[cfg(feature = "metrics")]
    let lint = lint.without_metrics();
    let (lint, connection) = connection(lint.durations(true).build());
    let request = messages::with_extension(request);
    run(calls, |bare| connection.service(lint.inbound().layer(bare)), request)
}

/// The same on a service of axum, whose bodies are boxed: they are boxed once more.
fn wired_axum(calls: usize) -> u64 {
    let (lint, connection) = connection(lint(inbound_policy()));
    let layered = |bare| connection.service_with_bodies::<Same, _>(lint.inbound().layer(bare));
    run_by(calls, layered, axum_request, axum_response)
}

/// For comparison: axum's bodies without anything.
fn bare_axum(calls: usize) -> u64 {
    run_by(calls, |bare| bare, axum_request, axum_response)
}

/// A connection whose socket is watched, too.
fn connection(lint: ConnLint) -> (ConnLint, Accepted) {
    let (stream, connection) =
        lint.accept(tokio::io::empty(), SocketAddr::from(([192, 0, 2, 1], 443)));
    // It lives as long as the process.
    std::mem::forget(stream);
    (lint, connection)
}

fn axum_request() -> Request<axum::body::Body> {
    messages::with_extension(request)().map(axum::body::Body::new)
}

fn axum_response() -> Response<axum::body::Body> {
    messages::response().map(axum::body::Body::new)
}

fn request() -> Request<Body> {
    messages::request(PATH)
}

/// A lint that reports to nobody: what a line of log costs is the log's.
fn lint(policy: Policy) -> ConnLint {
    let builder = ConnLint::builder().policy(policy).environment("").without_tracing();
    #[cfg(feature = "metrics")]
    let builder = builder.without_metrics();
    builder.build()
}

/// The routes of a service, as one writes them into a policy.
const ROUTES: [(&str, &str); 20] = [
    ("GET", "/v1/users"),
    ("POST", "/v1/users"),
    ("GET", "/v1/users/{id}"),
    ("PUT", "/v1/users/{id}"),
    ("GET", "/v1/users/{id}/orders"),
    ("POST", "/v1/users/{id}/orders"),
    ("GET", "/v1/orders"),
    ("GET", "/v1/orders/{id}"),
    ("DELETE", "/v1/orders/{id}"),
    ("GET", "/v1/orders/{id}/items"),
    ("GET", "/v1/products"),
    ("GET", "/v1/products/{id}"),
    ("GET", "/v1/search"),
    ("POST", "/login"),
    ("POST", "/logout"),
    ("POST", "/upload/{name}"),
    ("GET", "/export/{*rest}"),
    ("GET", "/legacy/{*rest}"),
    ("GET", "/metrics"),
    ("GET", "/health"),
];

fn inbound_policy() -> Policy {
    let route =
        |(method, path)| Route::inbound(format!("{method} {path}")).warn(lint::HANDLER_SENDS_CLOSE);
    policy(ROUTES.map(route))
}

/// The same, with a stricter policy that acts on nothing, on a route of its own.
fn previewing_policy() -> Policy {
    let route = Route::inbound("/v1/users/{id}/drafts").fix(lint::HANDLER_SENDS_CLOSE);
    let next = Policy::builder().preset(Preset::Strict1).route(route);
    let policy = Policy::builder().preview_policy(next).over(inbound_policy());
    policy.build().expect("the policy is well-formed")
}

/// Routes for one target: a client's name, or a host.
fn outbound_policy(target: &str) -> Policy {
    let route = |(method, path)| {
        Route::outbound(format!("{method} {target} {path}")).warn(lint::CLIENT_SENDS_CLOSE)
    };
    policy(ROUTES.map(route))
}

fn policy(routes: [Route; 20]) -> Policy {
    let builder = routes.into_iter().fold(Policy::builder(), |builder, route| builder.route(route));
    builder.build().expect("the policy is well-formed")
}

/// For comparison: the layer that most services have, where its spans are switched off.
fn trace_at_info(calls: usize) -> u64 {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_writer(io::sink)
        .finish();
    tracing::subscriber::set_global_default(subscriber).expect("the first subscriber");
    run(calls, |bare| TraceLayer::new_for_http().layer(bare), request)
}

// === impl Bare ===

impl<B, R> Service<Request<B>> for Bare<B, R> {
    type Response = Response<R>;
    type Error = Infallible;
    type Future = Ready<Result<Response<R>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut at_hand = self.0.borrow_mut();
        at_hand.request = Some(request);
        ready(Ok(at_hand.response.take().expect("a response for every request")))
    }
}

// === impl Insert ===

impl<S: Service<Request<B>>, B> Service<Request<B>> for Insert<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        request.extensions_mut().insert(Value([0; 7]));
        self.0.call(request)
    }
}

// === impl Noop ===

impl<S: Service<R>, R> Service<R> for Noop<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = NoopFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> NoopFuture<S::Future> {
        NoopFuture { inner: self.0.call(request) }
    }
}

// === impl NoopFuture ===

impl<F: Future> Future for NoopFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().inner.poll(cx)
    }
}
