//! What a request costs that says `close`, so that its route is looked for.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Waker};
use std::time::Instant;

use http::{Request, Response};
use tower::{Layer, Service, service_fn};
use tower_conn_lint::{ConnLint, Policy};

/// Requests to one target after another.
const REQUESTS: usize = 200_000;
const RUNS: usize = 5;

/// The template of one of the routes.
pub(crate) fn template(number: usize) -> String {
    format!("/v1/{}/{}/users/{{id}}", number % 100, number / 100)
}

/// The least mean of some runs.
pub(crate) fn nanoseconds(policy: Policy, routes: usize) -> f64 {
    let builder = ConnLint::builder().policy(policy).environment("").without_tracing();
    let lint = builder.without_metrics().build();
    let handler = service_fn(|_: Request<()>| -> Ready<Result<Response<String>, Infallible>> {
        ready(Ok(Response::new(String::new())))
    });
    let mut service = lint.inbound().layer(handler);
    // As many targets for any number of routes, so that memory costs all of them alike.
    let paths: Vec<_> =
        (0..20).map(|i| template(i * routes / 20).replace("{id}", "1042")).collect();
    let runs = (0..RUNS).map(|_| {
        let started = Instant::now();
        for number in 0..REQUESTS {
            let request = Request::get(&paths[number % paths.len()]);
            let request =
                request.header("connection", "close").body(()).expect("it is well-formed");
            let mut response = std::pin::pin!(service.call(request));
            let polled = response.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_ready(), "the handler answers at once");
        }
        started.elapsed().as_secs_f64() * 1e9 / REQUESTS as f64
    });
    runs.fold(f64::INFINITY, f64::min)
}
