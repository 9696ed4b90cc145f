//! A clean exchange through a layer allocates nothing.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use http::{HeaderMap, Method, Request, Response, Uri, Version};
use tower::{Layer, Service};
use tower_conn_lint::inbound::ResponseFuture;
use tower_conn_lint::{ConnLint, Policy, Route, lint};

use crate::headers::headers;

type Messages = (Vec<Request<String>>, Vec<Response<String>>);

/// Answers with what was made before, and keeps the requests.
struct Bare {
    requests: Vec<Request<String>>,
    responses: Vec<Response<String>>,
}

impl Service<Request<String>> for Bare {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<String>) -> Self::Future {
        self.requests.push(request);
        ready(Ok(self.responses.pop().expect("a response for every request")))
    }
}

const CALLS: usize = 3;

/// The allocations of each call; a first one before them may fill tables.
fn allocations<S>(layered: impl FnOnce(Bare) -> S, uri: &str, connection: Option<&str>) -> Vec<u64>
where
    S: Service<Request<String>, Response = Response<String>>,
{
    allocations_of(layered, messages(&Method::POST, uri, connection))
}

fn allocations_of<S>(layered: impl FnOnce(Bare) -> S, messages: Messages) -> Vec<u64>
where
    S: Service<Request<String>, Response = Response<String>>,
{
    let (mut requests, responses) = messages;
    let mut service = layered(Bare { requests: Vec::with_capacity(CALLS), responses });
    let mut counts = Vec::new();
    while let Some(request) = requests.pop() {
        let mut response = None;
        counts.push(measure(|| response = Some(call(&mut service, request))).count_total);
        assert_eq!(black_box(response).map(|response| response.headers().len()), Some(10));
    }
    counts.split_off(1)
}

fn call<S>(service: &mut S, request: Request<String>) -> Response<String>
where
    S: Service<Request<String>, Response = Response<String>>,
{
    match pin!(service.call(request)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(response)) => response,
        _ => panic!("the service answers at once"),
    }
}

fn messages(method: &Method, uri: &str, connection: Option<&str>) -> Messages {
    let requests = (0..CALLS).map(|_| {
        // From a text of its own: the first clone of a part of it would allocate.
        let uri = Uri::try_from(uri.to_owned()).unwrap();
        let mut request = Request::new("body".to_owned());
        (*request.method_mut(), *request.uri_mut()) = (method.clone(), uri);
        *request.headers_mut() = request_fields(connection);
        request
    });
    let responses = (0..CALLS).map(|_| {
        let mut response = Response::new("{}".to_owned());
        *response.headers_mut() = response_fields();
        response
    });
    (requests.collect(), responses.collect())
}

fn request_fields(connection: Option<&str>) -> HeaderMap {
    let last = match connection {
        Some(value) => ("connection", value),
        None => ("referer", "https://www.example.com/"),
    };
    headers([
        ("host", "api.example.com"),
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64)"),
        ("accept", "*/*"),
        ("accept-encoding", "gzip, br"),
        ("content-type", "application/json"),
        ("content-length", "4"),
        ("authorization", "Bearer 5f2c1e7a"),
        ("x-request-id", "018f3c5e"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        last,
    ])
}

fn response_fields() -> HeaderMap {
    headers([
        ("content-type", "application/json"),
        ("content-length", "2"),
        ("date", "Tue, 06 May 2025 08:12:31 GMT"),
        ("server", "example"),
        ("cache-control", "private"),
        ("vary", "origin"),
        ("etag", "\"33a64df5\""),
        ("x-request-id", "018f3c5e"),
        ("strict-transport-security", "max-age=31536000"),
        ("x-content-type-options", "nosniff"),
    ])
}

fn lint(route: impl Fn(String) -> Route) -> ConnLint {
    let routes = (0..19).map(|n| route(format!("/v{n}/orders/{{id}}")));
    let routes = routes.chain([route("/v1/users/{id}".to_owned())]);
    let policy = routes.fold(Policy::builder(), |policy, route| policy.route(route));
    ConnLint::builder().policy(policy.build().unwrap()).environment("").build()
}

fn inbound() -> ConnLint {
    lint(|path| Route::inbound(path).allow(lint::HANDLER_SENDS_CLOSE))
}

fn outbound(target: &str) -> ConnLint {
    lint(|path| Route::outbound(format!("{target} {path}")).allow(lint::CLIENT_SENDS_CLOSE))
}

/// Too long to be kept until something is found.
const LONG: &str =
    "/v1/orders/018f3c5e-7a2b-7c4d-9e8f-1a2b3c4d5e6f-018f3c5e-7a2b-7c4d-9e8f-1a2b3c4d5e6f";

#[test]
fn a_clean_exchange_of_a_server_allocates_nothing() {
    for uri in ["/v1/users/42", "/v1/users/42/unknown?page=2", LONG] {
        for connection in [None, Some("keep-alive"), Some("Keep-Alive, TE")] {
            let counts = allocations(|bare| inbound().inbound().layer(bare), uri, connection);
            assert_eq!(counts, [0, 0], "{uri}, connection: {connection:?}");
        }
    }
}

#[test]
fn a_clean_exchange_of_a_client_allocates_nothing() {
    for target in ["gateway", "api.example.com", "api.example.com:8080", "elsewhere"] {
        for path in ["/v1/users/42", "/unknown", LONG] {
            let uri = format!("http://api.example.com:8080{path}");
            let layered = |bare| outbound(target).outbound("gateway").layer(bare);
            let counts = allocations(layered, &uri, None);
            assert_eq!(counts, [0, 0], "{uri}, routes of {target}");
        }
    }
}

/// A clean request is remembered in one of several ways; none is on the heap.
#[test]
fn a_clean_request_of_any_kind_allocates_nothing() {
    let purge = Method::from_bytes(b"PURGE").expect("a method");
    for method in [Method::GET, Method::HEAD, Method::OPTIONS, purge] {
        for version in [Version::HTTP_11, Version::HTTP_2] {
            for uri in ["/v1/users/42", "http://user:secret@gateway/v1/users/42"] {
                let messages = || {
                    let (mut requests, mut responses) = messages(&method, uri, None);
                    requests.iter_mut().for_each(|request| *request.version_mut() = version);
                    responses.iter_mut().for_each(|response| *response.version_mut() = version);
                    (requests, responses)
                };
                let counts = allocations_of(|bare| inbound().inbound().layer(bare), messages());
                assert_eq!(counts, [0, 0], "inbound, {method} {uri} {version:?}");
                let layered = |bare| outbound("gateway").outbound("gateway").layer(bare);
                let counts = allocations_of(layered, messages());
                assert_eq!(counts, [0, 0], "outbound, {method} {uri} {version:?}");
            }
        }
    }
}

#[test]
fn a_layer_allocates_nothing() {
    let (inbound, outbound) = (inbound().inbound(), outbound("gateway").outbound("gateway"));
    let layered = measure(|| {
        black_box(inbound.layer(()));
        black_box(outbound.layer(()));
    });
    assert_eq!(layered.count_total, 0);
}

/// What the lint holds of a request in flight, beside the handler's own future: 152 bytes, and
/// with the feature `axum` 168.
#[test]
fn a_response_future_stays_small() {
    type Handler = Ready<Result<Response<String>, Infallible>>;
    let added = size_of::<ResponseFuture<Handler, String>>() - size_of::<Handler>();
    assert!(added <= 168, "{added} bytes");
}
