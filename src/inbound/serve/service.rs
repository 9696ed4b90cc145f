use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Method, Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{Bodies, ServingFuture, Tracked};
use crate::connection::{EndCause, Flag, Record, TrackedBody, path_hash, persistence};
use crate::exchange::Shared;
use crate::field::Signs;
use crate::handle::{Arrival, ConnHandle};
use crate::wired::{Guard, Mark, Stopwatch};

/// The services of one connection: each request gets its [`ConnHandle`], and the bodies of both
/// directions are tracked. Made by [`ConnLint::make_service`](crate::ConnLint::make_service) for
/// axum, and by `Accepted::service` for an accept loop of your own.
///
/// ```
/// use tower_conn_lint::inbound::PerConnection;
///
/// fn is_named<S>(_: PerConnection<S>) {}
/// ```
#[derive(Debug)]
pub struct PerConnection<S, T = Tracked> {
    inner: S,
    /// None where `CONN_LINT=off`.
    link: Option<Link>,
    bodies: PhantomData<fn() -> T>,
}

/// A connection, as the services of a server know it.
#[derive(Clone, Debug)]
pub(super) struct Link {
    shared: Arc<Shared>,
    record: Arc<Record>,
    /// The services stand for a connection whose socket nobody watches.
    _guard: Option<Arc<Guard>>,
}

// === impl PerConnection ===

impl<S, T> PerConnection<S, T> {
    pub(super) fn new(inner: S, link: Option<Link>) -> PerConnection<S, T> {
        PerConnection { inner, link, bodies: PhantomData }
    }
}

impl<S: Clone, T> Clone for PerConnection<S, T> {
    fn clone(&self) -> PerConnection<S, T> {
        PerConnection::new(self.inner.clone(), self.link.clone())
    }
}

impl<S, T, B, R> Service<Request<B>> for PerConnection<S, T>
where
    T: Bodies<B> + Bodies<R>,
    S: Service<Request<<T as Bodies<B>>::Body>, Response = Response<R>>,
    B: Body,
    R: Body,
{
    type Response = Response<<T as Bodies<R>>::Body>;
    type Error = S::Error;
    type Future = ServingFuture<S::Future, T>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let Some(link) = &self.link else {
            // A handler that asks for its connection goes on to work, and learns nothing.
            request.extensions_mut().insert(ConnHandle::new());
            return ServingFuture::unwatched(self.inner.call(request.map(<T as Bodies<B>>::plain)));
        };
        let is_tunnel = request.method() == Method::CONNECT;
        let is_head = request.method() == Method::HEAD;
        let handle = link.receive(&mut request);
        let stopwatch = handle.stopwatch().cloned();
        request.extensions_mut().insert(handle);
        let record = &link.record;
        let request = if request.body().is_end_stream() {
            record.raise(Flag::BodyRead);
            request.map(<T as Bodies<B>>::plain)
        } else {
            record.raise(Flag::BodyUnread);
            let mark = Mark::Received(record.clone());
            request.map(|body| <T as Bodies<B>>::tracked(TrackedBody::new(body, mark)))
        };
        // The future first, so that a panic in `call` is seen, too.
        let exchange = super::future::Exchange::new(record.clone(), is_tunnel, is_head);
        let exchange = exchange.timed(stopwatch);
        ServingFuture::watched(self.inner.call(request), exchange)
    }
}

// === impl Link ===

impl Link {
    pub(super) fn new(shared: Arc<Shared>, record: Arc<Record>, guard: Option<Arc<Guard>>) -> Link {
        record.raise(Flag::CanClose);
        Link { shared, record, _guard: guard }
    }

    #[cfg(feature = "hyper")]
    pub(super) fn record(&self) -> &Arc<Record> {
        &self.record
    }

    /// Writes down that a request came; its handle.
    fn receive<B>(&self, request: &mut Request<B>) -> ConnHandle {
        let Link { shared, record, .. } = self;
        let signs = Signs::of_request(request.method(), request.version(), request.headers());
        record.speaks(request.version());
        let turn = record.begin(record.clock.now());
        let slice = shared.connections.count(record, turn);
        // The first request tells who calls, but not if the policy leaves it alone.
        if record.party().is_none() {
            shared.meet(record, request);
        } else if turn.after_close {
            shared.reused_after_close(record);
        }
        shared.judge_idle(record, turn);
        if let Some(cause) = persistence(signs, EndCause::RequestClose) {
            record.see(cause);
        }
        let path = request.uri().path();
        let arrival = Arrival {
            signs,
            path_hash: path_hash(Some(request.method()), path),
            path_len: path.len() as u32,
            method: request.method().into(),
            slice,
        };
        let mut handle = ConnHandle::of_turn(record.clone(), turn, arrival);
        if shared.times_requests {
            let began = record.after(turn.age);
            let reused = handle.reused();
            let stopwatch = Stopwatch::new(shared.clone(), record.clone(), began, reused);
            handle.time(Arc::new(stopwatch));
        }
        handle
    }
}
