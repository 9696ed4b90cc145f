use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::client::conn::http1;
#[cfg(feature = "http2")]
use hyper::client::conn::http2;
use tower_service::Service;

/// hyper's sender as a service; made by [`Dialled::sender`](super::Dialled::sender). The futures of
/// hyper's have no name, so that each request costs an allocation.
///
/// ```
/// use hyper::client::conn::http1;
/// use tower_conn_lint::outbound::Sender;
///
/// fn is_named<B>(_: Sender<http1::SendRequest<B>>) {}
/// ```
#[derive(Clone)]
pub struct Sender<T>(T);

type Sent = Pin<Box<dyn Future<Output = hyper::Result<Response<Incoming>>> + Send>>;

// === impl Sender ===

impl<T> Sender<T> {
    pub(super) fn new(sender: T) -> Sender<T> {
        Sender(sender)
    }
}

impl<B> Service<Request<B>> for Sender<http1::SendRequest<B>>
where
    B: Body + Send + 'static,
{
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = Sent;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Sent {
        Box::pin(self.0.send_request(request))
    }
}

#[cfg(feature = "http2")]
impl<B> Service<Request<B>> for Sender<http2::SendRequest<B>>
where
    B: Body + Send + 'static,
{
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = Sent;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Sent {
        Box::pin(self.0.send_request(request))
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}
