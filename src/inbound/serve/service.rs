use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::future::Exchange;
use super::{Bodies, ServingFuture, Tracked};
use crate::connection::{EndCause, Flag, TrackedBody, path_hash, persistence};
use crate::field::{CameIn, Signs};
use crate::handle::{Arrival, ConnHandle};
use crate::heal::Reader;
use crate::wired::{Link, Mark, Stopwatch};

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
    link: Option<Arc<Link>>,
    bodies: PhantomData<fn() -> T>,
}

/// Serves a request on its connection. A function would cost one more copy of the request.
macro_rules! serve {
    ($inner:expr, $link:expr, $request:ident) => {{
        let (inner, link) = ($inner, $link);
        let is_whole = $request.body().is_end_stream();
        // The future first, so that a panic in `call` is seen, too.
        let exchange = receive(link, &mut $request, is_whole);
        let request = match is_whole {
            true => $request.map(<T as Bodies<B>>::plain),
            false => track::<T, B>(link, $request),
        };
        ServingFuture::watched(inner.call(request), exchange)
    }};
}

// === impl PerConnection ===

impl<S, T> PerConnection<S, T> {
    pub(super) fn new(inner: S, link: Option<Arc<Link>>) -> PerConnection<S, T> {
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
    B: Body + Send + 'static,
    R: Body,
{
    type Response = Response<<T as Bodies<R>>::Body>;
    type Error = S::Error;
    type Future = ServingFuture<S::Future, T>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    // As that of the layer: one move of a request less.
    #[inline(always)]
    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let Some(link) = &self.link else {
            // A handler that asks for its connection goes on to work, and learns nothing.
            request.extensions_mut().insert(ConnHandle::new());
            return ServingFuture::unwatched(self.inner.call(request.map(<T as Bodies<B>>::plain)));
        };
        serve!(&mut self.inner, link, request)
    }
}

/// The same for a connection that is found with the request.
#[cfg(feature = "tonic")]
pub(in crate::inbound) fn serve<S, T, B, R>(
    inner: &mut S,
    link: &Arc<Link>,
    mut request: Request<B>,
) -> ServingFuture<S::Future, T>
where
    T: Bodies<B>,
    S: Service<Request<<T as Bodies<B>>::Body>, Response = Response<R>>,
    B: Body + Send + 'static,
{
    serve!(inner, link, request)
}

/// Tracks a request's body; it is read on where that is switched on, and it is dropped before its end.
#[inline(never)]
fn track<T, B>(link: &Link, request: Request<B>) -> Request<<T as Bodies<B>>::Body>
where
    T: Bodies<B>,
    B: Body + Send + 'static,
{
    let mut mark = Mark::Received(link.record.clone());
    let extensions = request.extensions();
    if let Some(came) = link.shared.is_gateway.then(|| extensions.get::<CameIn>()).flatten() {
        mark = Mark::passing_on(Some(mark), came.clone());
    }
    // A lock, but only where a cure is switched on.
    let upload = if link.record.is(Flag::Cured) { link.upload().clone() } else { None };
    request.map(|body| {
        <T as Bodies<B>>::tracked(match upload {
            None => TrackedBody::new(body, mark),
            Some(upload) => TrackedBody::read_on(body, mark, None, Reader::Server(upload)),
        })
    })
}

/// What a request says of its hop, remembered with it for the layers and for its body.
#[cold]
fn came_in<B>(request: &mut Request<B>) {
    if let Some(came) = CameIn::of_request(request.version(), request.headers()) {
        request.extensions_mut().insert(came);
    }
}

/// Writes down that a request came, and gives it its handle.
#[inline]
fn receive<B: Body>(link: &Arc<Link>, request: &mut Request<B>, is_whole: bool) -> Exchange {
    let Link { shared, record, .. } = &**link;
    let signs = Signs::of_request(request.method(), request.version(), request.headers());
    record.speaks(request.version());
    let body = if is_whole { Flag::BodyRead } else { Flag::BodyUnread };
    let turn = record.begin(record.clock.now(), body);
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
    let (policy, path) = (shared.in_force.brief(), request.uri().path());
    let mut arrival = Arrival {
        signs,
        path_hash: path_hash(shared.path_key(policy), Some(request.method()), path),
        path_len: path.len() as u32,
        method: request.method().into(),
        slice,
        lint: shared.mark(),
        policy: policy.version(),
        is_remembered: false,
    };
    shared.remember(policy, record, turn, &mut arrival);
    if policy.heals() {
        shared.heal(record, turn);
        link.follow(request);
    }
    let mut handle = ConnHandle::of_turn(record.clone(), turn, arrival);
    let mut stopwatch = None;
    if shared.durations {
        let began = record.after(turn.age);
        let watch = Stopwatch::new(shared.clone(), record.clone(), began, handle.reused());
        let watch = Arc::new(watch);
        if let Some(route) = record.last().route() {
            watch.on_route(route);
        }
        handle.time(watch.clone());
        stopwatch = Some(watch);
    }
    let extensions = request.extensions_mut();
    shared.room.make_in(extensions);
    extensions.insert(handle);
    if shared.is_gateway {
        came_in(request);
    }
    Exchange::new(link.clone(), signs, stopwatch)
}
