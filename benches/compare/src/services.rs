use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use axum::Router;
use axum::routing;
use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower::Service;

use crate::messages::{self, CONTENT};

/// The service that answers at once, with what lies ready. It reads the request's content and drops
/// the request, as a handler does.
pub(crate) struct Bare<R = messages::Body>(pub(crate) Answers<R>);

/// The responses that lie ready.
pub(crate) type Answers<R = messages::Body> = Rc<RefCell<Vec<Response<R>>>>;

/// A layer's least: it forwards the call and wraps the future.
#[derive(Clone)]
pub(crate) struct Noop<S>(pub(crate) S);

pin_project! {
    pub(crate) struct NoopFuture<F> {
        #[pin]
        inner: F,
    }
}

/// Puts a value of a handle's size into the request's extensions, and nothing else.
pub(crate) struct Insert<S>(pub(crate) S);

/// As large as a `ConnHandle`.
#[derive(Clone)]
#[expect(dead_code, reason = "only its size matters")]
pub(crate) struct Value(pub(crate) [u64; 12]);

/// A router with 100 routes, of which one is called.
pub(crate) fn router() -> Router {
    let path = |number| format!("/v1/things-{number}/{{id}}");
    let others = (1..100)
        .map(path)
        .fold(Router::new(), |router, path| router.route(&path, routing::get(async || CONTENT)));
    others.route("/v1/users/{id}", routing::get(async || CONTENT))
}

// === impl Bare ===

impl<B: Body + Unpin, R> Service<Request<B>> for Bare<R> {
    type Response = Response<R>;
    type Error = Infallible;
    type Future = Ready<Result<Response<R>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if !request.body().is_end_stream() {
            let body = Pin::new(request.body_mut());
            let frame = body.poll_frame(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(frame, Poll::Ready(Some(Ok(_)))), "the content is one frame");
        }
        ready(Ok(self.0.borrow_mut().pop().expect("a response for every request")))
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

// === impl Insert ===

impl<S: Service<Request<B>>, B> Service<Request<B>> for Insert<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        request.extensions_mut().insert(Value([0; 12]));
        self.0.call(request)
    }
}
