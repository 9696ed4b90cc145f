use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::{Current, JoinFuture};

/// A client whose responses carry the handle of its connection; made by a
/// [`JoinLayer`](super::JoinLayer).
///
/// ```
/// use tower_conn_lint::outbound::Join;
///
/// fn is_named<S>(_: Join<S>) {}
/// ```
#[derive(Clone, Debug)]
pub struct Join<S> {
    inner: S,
    current: Arc<Current>,
}

impl<S> Join<S> {
    pub(super) fn new(inner: S, current: Arc<Current>) -> Join<S> {
        Join { inner, current }
    }
}

impl<S, B, R> Service<Request<B>> for Join<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = JoinFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> JoinFuture<S::Future> {
        let sent = self.current.now();
        JoinFuture::new(self.inner.call(request), self.current.clone(), sent)
    }
}
