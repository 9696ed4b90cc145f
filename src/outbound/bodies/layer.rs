use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::ResponseBodiesFuture;
use crate::connection::TrackedBody;
use crate::exchange::{Sent, Shared};
use crate::wired::Called;

/// Tracks the bodies of a client's responses; made by
/// [`ConnLint::response_bodies`](crate::ConnLint::response_bodies).
///
/// ```
/// use tower::ServiceBuilder;
/// use tower_conn_lint::ConnLint;
///
/// let lint = ConnLint::new();
/// let stack = ServiceBuilder::new().layer(lint.response_bodies()).layer(lint.outbound("gateway"));
/// ```
#[derive(Clone, Debug)]
pub struct ResponseBodiesLayer {
    shared: Arc<Shared>,
}

/// A client whose responses' bodies are tracked; made by a [`ResponseBodiesLayer`].
///
/// ```
/// use tower_conn_lint::outbound::ResponseBodies;
///
/// fn is_named<S>(_: ResponseBodies<S>) {}
/// ```
#[derive(Clone, Debug)]
pub struct ResponseBodies<S> {
    inner: S,
    shared: Arc<Shared>,
}

// === impl ResponseBodiesLayer ===

impl ResponseBodiesLayer {
    pub(crate) fn new(shared: Arc<Shared>) -> ResponseBodiesLayer {
        ResponseBodiesLayer { shared }
    }
}

impl<S> Layer<S> for ResponseBodiesLayer {
    type Service = ResponseBodies<S>;

    fn layer(&self, inner: S) -> ResponseBodies<S> {
        ResponseBodies { inner, shared: self.shared.clone() }
    }
}

// === impl ResponseBodies ===

impl<S, B, R> Service<Request<B>> for ResponseBodies<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Body + Send + 'static,
{
    type Response = Response<TrackedBody<R>>;
    type Error = S::Error;
    type Future = ResponseBodiesFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline(always)]
    fn call(&mut self, request: Request<B>) -> Self::Future {
        if self.reads_heads() || self.shared.times_requests {
            return self.call_closer(request);
        }
        ResponseBodiesFuture::new(self.inner.call(request), self.shared.clone(), None, None)
    }
}

impl<S> ResponseBodies<S> {
    /// Where no header layer reads the heads, what they say of the connection is read here.
    #[inline]
    fn reads_heads(&self) -> bool {
        !self.shared.off && !self.shared.wiring.reads_outbound_heads()
    }

    /// Gets the request by value: one that was lent is copied on its way.
    #[inline(never)]
    fn call_closer<B>(&mut self, request: Request<B>) -> ResponseBodiesFuture<S::Future>
    where
        S: Service<Request<B>>,
    {
        let sent = self.reads_heads().then(|| Sent::of(&request));
        let called = self.shared.times_requests.then(|| Called::now(&self.shared, &request));
        ResponseBodiesFuture::new(self.inner.call(request), self.shared.clone(), sent, called)
    }
}
