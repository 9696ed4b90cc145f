use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tonic::body::Body;
use tower_service::Service;

use super::Key;
use crate::exchange::Shared;
use crate::inbound::serve::{Same, ServingFuture, serve};

/// A service of tonic's whose requests carry their [`ConnHandle`](crate::ConnHandle), with the
/// bodies of both directions tracked; made by [`JoinLayer`](super::JoinLayer).
///
/// ```
/// use tower_conn_lint::inbound::Join;
///
/// fn is_named<S>(_: Join<S>) {}
/// ```
#[derive(Clone, Debug)]
pub struct Join<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> Join<S> {
    pub(super) fn new(inner: S, shared: Arc<Shared>) -> Join<S> {
        Join { inner, shared }
    }
}

impl<S> Service<Request<Body>> for Join<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = ServingFuture<S::Future, Same>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let key = Key::of(request.extensions_mut());
        match key.and_then(|key| self.shared.peers.find(key)) {
            Some(link) => serve(&mut self.inner, &link, request),
            None => ServingFuture::unwatched(self.inner.call(request)),
        }
    }
}
