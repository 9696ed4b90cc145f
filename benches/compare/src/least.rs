use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use http::{HeaderName, Request, Response, header};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower::Service;
use tower_conn_lint::field::Signs;

use crate::services::Value;

/// The least that anything can do that sees what `all` sees: one pass over the request's fields,
/// one look at the names of the response's, one read of the clock, one insert, and both bodies
/// and the response watched. It keeps nothing, counts nothing but requests, and judges nothing.
pub(crate) struct Least<S> {
    inner: S,
    connection: Arc<Connection>,
}

struct Connection {
    opened: Instant,
    requests: AtomicU64,
    ended: AtomicU64,
}

pin_project! {
    pub(crate) struct LeastFuture<F> {
        #[pin]
        inner: F,
        connection: Option<Arc<Connection>>,
    }
}

pin_project! {
    pub(crate) struct Seen<B> {
        #[pin]
        body: B,
        connection: Option<Arc<Connection>>,
    }
}

// === impl Least ===

impl<S> Least<S> {
    pub(crate) fn new(inner: S) -> Least<S> {
        let (requests, ended) = (AtomicU64::new(0), AtomicU64::new(0));
        Least {
            inner,
            connection: Arc::new(Connection { opened: Instant::now(), requests, ended }),
        }
    }
}

impl<S, B, R> Service<Request<B>> for Least<S>
where
    S: Service<Request<Seen<B>>, Response = Response<R>>,
    B: Body,
    R: Body,
{
    type Response = Response<Seen<R>>;
    type Error = S::Error;
    type Future = LeastFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let signs = Signs::of_request(request.method(), request.version(), request.headers());
        let age = self.connection.opened.elapsed().as_nanos() as u64;
        let number = self.connection.requests.fetch_add(1, Ordering::Relaxed);
        let clean = u64::from(signs == Signs::NONE);
        request.extensions_mut().insert(Value([clean, age, number, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
        let connection = (!request.body().is_end_stream()).then(|| self.connection.clone());
        let request = request.map(|body| Seen { body, connection });
        let connection = Some(self.connection.clone());
        LeastFuture { inner: self.inner.call(request), connection }
    }
}

// === impl LeastFuture ===

impl<F, R, E> Future for LeastFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<Seen<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

        let this = self.project();
        Poll::Ready(ready!(this.inner.poll(cx)).map(|response| {
            let mut names = response.headers().keys();
            let says = names.any(|name| *name == header::CONNECTION || *name == KEEP_ALIVE);
            let connection = this.connection.take().filter(|_| !says);
            response.map(|body| Seen { body, connection })
        }))
    }
}

// === impl Seen ===

impl<B: Body> Body for Seen<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let polled = this.body.as_mut().poll_frame(cx);
        if polled.is_ready() && this.body.is_end_stream() {
            if let Some(connection) = this.connection.take() {
                connection.ended.fetch_add(1, Ordering::Relaxed);
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
