//! What a request costs where two threads serve one route, over what it costs where one does. How to
//! run and read it: `benches/README.md`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that reports")]

#[path = "../bound/mod.rs"]
mod bound;

use std::convert::Infallible;
use std::fmt::Debug;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::sync::Barrier;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Instant;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body as HttpBody;
use http_body_util::Full;
use tower::{Layer, Service};
use tower_conn_lint::{ConnLint, Policy, Route, lint};

type Body = Full<Bytes>;

/// Answers at once.
#[derive(Clone)]
struct Handler;

/// An odd number, so that one of them is the median. Many short ones, since a machine that others use is
/// the same for no longer.
const PAIRS: usize = 401;

const WARM_UP: usize = 20;

/// Of each thread in each run.
const REQUESTS: usize = 2_000;

fn main() -> ExitCode {
    let most = match bound::read("--max") {
        Ok(most) => most,
        Err(code) => return code,
    };
    println!(
        "{:<12} {:>14} {:>15} {:>6}",
        "one route", "one thread, ns", "two threads, ns", "ratio"
    );
    // What a second thread costs on this machine, whatever it does.
    compare("nothing", |_| Handler);
    let (of_layer, of_all) = (lint(), lint());
    compare("lint", |_| of_layer.inbound().layer(Handler));
    let ratio = compare("all", |thread| {
        let peer = SocketAddr::from(([192, 0, 2, 1], 40_000 + thread));
        let (stream, connection) = of_all.accept(tokio::io::empty(), peer);
        // It lives as long as the process.
        std::mem::forget(stream);
        connection.service(of_all.inbound().layer(Handler))
    });
    if most.is_some_and(|most| ratio > most) {
        eprintln!("two threads cost {ratio:.2} of one, more than {}", most.unwrap_or_default());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// With a route that the requests take, in the counters of the process.
fn lint() -> ConnLint {
    let policy =
        Policy::builder().route(Route::inbound("/v1/users/{id}").warn(lint::HANDLER_SENDS_CLOSE));
    let policy = policy.build().expect("the policy is well-formed");
    ConnLint::builder().policy(policy).environment("").without_tracing().build()
}

/// Tells what a request costs each of two threads over what it costs one: the median of pairs that
/// ran one beside the other.
fn compare<S, R>(name: &str, service: impl Fn(u16) -> S) -> f64
where
    S: Service<Request<Body>, Response = Response<R>, Error: Debug> + Send,
    R: HttpBody + Unpin,
{
    let [mut one, mut two] = [service(0), service(1)];
    let mut pairs = Vec::new();
    // The first pairs warm up.
    for pair in 0..PAIRS + WARM_UP {
        let alone = nanos(&mut one, &Barrier::new(1));
        let start = Barrier::new(2);
        let together = thread::scope(|scope| {
            let other = scope.spawn(|| nanos(&mut two, &start));
            let this = nanos(&mut one, &start);
            f64::midpoint(this, other.join().expect("no thread panics"))
        });
        if pair >= WARM_UP {
            pairs.push((together / alone, alone, together));
        }
    }
    pairs.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (ratio, alone, together) = pairs[PAIRS / 2];
    println!("{name:<12} {alone:>14.0} {together:>15.0} {ratio:>6.2}");
    ratio
}

/// What a request takes, with what makes and drops it.
fn nanos<S, R>(service: &mut S, start: &Barrier) -> f64
where
    S: Service<Request<Body>, Response = Response<R>, Error: Debug>,
    R: HttpBody + Unpin,
{
    start.wait();
    let began = Instant::now();
    for _ in 0..REQUESTS {
        let request = Request::get("/v1/users/42").header("host", "api.example.com");
        let request = request.body(Body::default()).expect("it is well-formed");
        let mut context = Context::from_waker(Waker::noop());
        match pin!(service.call(request)).poll(&mut context) {
            Poll::Ready(Ok(mut response)) => {
                let frame = Pin::new(response.body_mut()).poll_frame(&mut context);
                assert!(frame.is_ready(), "the content is there");
            }
            _ => panic!("the handler answers at once"),
        }
    }
    began.elapsed().as_nanos() as f64 / REQUESTS as f64
}

// === impl Handler ===

impl<B> Service<Request<B>> for Handler {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        ready(Ok(Response::new(Body::from("hello"))))
    }
}
