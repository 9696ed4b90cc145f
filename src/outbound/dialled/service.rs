use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::DialledFuture;
use crate::connection::Alive;
use crate::exchange::Shared;
use crate::handle::ConnHandle;

/// A service that sends requests on one connection, whose handle its responses carry; made by
/// [`Dialled`](super::Dialled).
///
/// ```
/// use tower_conn_lint::outbound::OnConnection;
///
/// fn is_named<S>(_: OnConnection<S>) {}
/// ```
#[derive(Clone, Debug)]
pub struct OnConnection<S> {
    // Dropped before the service, so that it is known who ended the connection.
    source: Option<Arc<Source>>,
    inner: S,
}

/// What responses are told of their connection.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) shared: Arc<Shared>,
    pub(super) handle: ConnHandle,
    pub(super) _alive: Arc<Alive>,
}

// === impl OnConnection ===

impl<S> OnConnection<S> {
    pub(super) fn new(inner: S, source: Option<Arc<Source>>) -> OnConnection<S> {
        OnConnection { source, inner }
    }
}

impl<S, B, R> Service<Request<B>> for OnConnection<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = DialledFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> DialledFuture<S::Future> {
        DialledFuture::new(self.inner.call(request), self.source.clone())
    }
}
