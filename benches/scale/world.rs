use std::cell::RefCell;
use std::convert::Infallible;
use std::fmt::Debug;
use std::future::{Ready, ready};
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper_util::client::legacy::connect::{Connected, Connection as _};
use hyper_util::rt::TokioIo;
use tower::{Layer, Service};
use tower_conn_lint::connection::Io;
use tower_conn_lint::inbound::{Inbound, InboundLayer, PerConnection};
use tower_conn_lint::outbound::{Connection, Connector, Outbound, ResponseBodies};
use tower_conn_lint::{ConnLint, ManualClock};

use crate::wire::Wire;

type Body = Full<Bytes>;

/// A process with a server and a client, whose clock is moved by hand.
pub(crate) struct World {
    pub(crate) lint: ConnLint,
    clock: ManualClock,
    layer: InboundLayer,
    connector: Connector<Dialler>,
    client: ResponseBodies<Outbound<Upstream>>,
    answer: Rc<RefCell<Option<Response<Body>>>>,
    random: u64,
}

/// One that is open, with what a server or a client keeps for it.
pub(crate) enum Open {
    Accepted { service: PerConnection<Inbound<Handler>>, _stream: Io<Wire> },
    Dialled { connected: Connected, upstream: u32, _stream: Connection<TokioIo<Wire>> },
}

#[derive(Clone)]
pub(crate) struct Handler;

#[derive(Clone)]
pub(crate) struct Dialler;

/// What answers the client: with the response that lies ready.
#[derive(Clone)]
pub(crate) struct Upstream(Rc<RefCell<Option<Response<Body>>>>);

/// So many callers, and so many upstreams.
pub(crate) const PARTIES: u32 = 10_000;

/// Between two closes, where 100,000 connections close a second.
const STEP: Duration = Duration::from_micros(10);

// === impl World ===

impl World {
    pub(crate) fn new() -> World {
        let clock = ManualClock::new();
        let lint = ConnLint::builder().environment("").clock(clock.clone()).without_tracing();
        let lint = lint.without_metrics().build();
        let answer = Rc::default();
        let client = lint.outbound("gateway").layer(Upstream(Rc::clone(&answer)));
        World {
            layer: lint.inbound(),
            connector: lint.connector("gateway", Dialler),
            client: lint.response_bodies().layer(client),
            lint,
            clock,
            answer,
            random: 1,
        }
    }

    pub(crate) fn step(&self) {
        self.clock.advance(STEP);
    }

    /// A number below this one: from a generator that always starts alike (xorshift).
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random % bound as u64) as usize
    }

    /// Opens one, accepted and dialled in turn, and has a request served on it, since only then it is
    /// known whose it is.
    pub(crate) fn open(&mut self, number: usize) -> Open {
        let party = (number / 2) as u32 % PARTIES;
        let mut open = if number % 2 == 0 { self.accept(party) } else { self.dial(party) };
        self.request(&mut open);
        open
    }

    fn accept(&self, caller: u32) -> Open {
        let peer = SocketAddr::from((Ipv4Addr::from(0x0a00_0000 + caller), 40_000));
        let (stream, accepted) = self.lint.accept(Wire, peer);
        Open::Accepted { service: accepted.service(self.layer.layer(Handler)), _stream: stream }
    }

    fn dial(&mut self, upstream: u32) -> Open {
        let stream = now(self.connector.call(uri(upstream)));
        Open::Dialled { connected: stream.connected(), upstream, _stream: stream }
    }

    pub(crate) fn request(&mut self, open: &mut Open) {
        match open {
            Open::Accepted { service, .. } => {
                let request = Request::get("/v1/users/42").body(Body::default());
                read(now(service.call(request.expect("it is well-formed"))));
            }
            Open::Dialled { connected, upstream, .. } => {
                let mut response = Response::new(Body::from("hello"));
                connected.get_extras(response.extensions_mut());
                *self.answer.borrow_mut() = Some(response);
                let request = Request::get(uri(*upstream)).body(Body::default());
                read(now(self.client.call(request.expect("it is well-formed"))));
            }
        }
    }
}

fn uri(upstream: u32) -> Uri {
    let uri = format!("http://upstream-{upstream}.example.com/v1/users");
    uri.parse().expect("it is well-formed")
}

/// What a future is that is ready at once.
fn now<T, E: Debug>(future: impl Future<Output = Result<T, E>>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output.expect("nothing here fails"),
        Poll::Pending => panic!("nothing here waits"),
    }
}

fn read<B: http_body::Body + Unpin>(mut response: Response<B>) {
    let body = Pin::new(response.body_mut());
    let frame = body.poll_frame(&mut Context::from_waker(Waker::noop()));
    assert!(frame.is_ready(), "the content is there");
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

// === impl Dialler ===

impl Service<Uri> for Dialler {
    type Response = TokioIo<Wire>;
    type Error = Infallible;
    type Future = Ready<Result<TokioIo<Wire>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(Ok(TokioIo::new(Wire)))
    }
}

// === impl Upstream ===

impl<B> Service<Request<B>> for Upstream {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        ready(Ok(self.0.borrow_mut().take().expect("a response lies ready")))
    }
}
