use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{HeaderName, Request, Response, header};
use pin_project_lite::pin_project;
use tower::Service;
use tower_conn_lint::field::Signs;

/// The least that anything can do that sees what `lint` sees: one pass over the request's fields, its
/// path kept until the response tells whether a route is asked for, one look at the names of the
/// response's fields, and the policy held until then. It finds nothing, heeds no router and no edge,
/// and its policy stays for ever.
#[derive(Clone)]
pub(crate) struct LeastLint<S> {
    inner: S,
    policy: Arc<Policy>,
}

/// Of which nothing is asked.
struct Policy;

pin_project! {
    pub(crate) struct LeastLintFuture<F> {
        #[pin]
        inner: F,
        policy: Option<Arc<Policy>>,
        signs: Signs,
        path: [u8; PATH],
        len: u8,
    }
}

/// As `lint` keeps.
const PATH: usize = 62;

// === impl LeastLint ===

impl<S> LeastLint<S> {
    pub(crate) fn new(inner: S) -> LeastLint<S> {
        LeastLint { inner, policy: Arc::new(Policy) }
    }
}

impl<S, B, R> Service<Request<B>> for LeastLint<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = LeastLintFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline(always)]
    fn call(&mut self, request: Request<B>) -> Self::Future {
        let signs = Signs::of_request(request.method(), request.version(), request.headers());
        let mut path = [0; PATH];
        let len = request.uri().path().len().min(PATH);
        path[..len].copy_from_slice(&request.uri().path().as_bytes()[..len]);
        let inner = self.inner.call(request);
        let (policy, len) = (Some(self.policy.clone()), len as u8);
        LeastLintFuture { inner, policy, signs, path, len }
    }
}

// === impl LeastLintFuture ===

impl<F, R, E> Future for LeastLintFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<R>, E>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

        let this = self.project();
        let response = ready!(this.inner.poll(cx))?;
        let mut names = response.headers().keys();
        if *this.signs != Signs::NONE
            || names.any(|name| *name == header::CONNECTION || *name == KEEP_ALIVE)
        {
            // Here it would look its route up.
            std::hint::black_box((&this.policy, &this.path[..usize::from(*this.len)]));
        }
        Poll::Ready(Ok(response))
    }
}
