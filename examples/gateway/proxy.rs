//! The service between the two layers: it passes requests on, and their responses back.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::uri::Authority;
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tower::{Service, ServiceExt as _};
use tower_conn_lint::connection::TrackedBody;
use tower_conn_lint::outbound::Error;

use crate::answer::{self, Body};
use crate::{forward, tunnel};

/// A request's body as it came in. It goes on as it is, and a response's comes back so.
pub(crate) type Received = TrackedBody<Incoming>;

/// Passes requests on by a client, to one upstream.
#[derive(Clone)]
pub(crate) struct Proxy<C> {
    client: C,
    upstream: Authority,
}

// === impl Proxy ===

impl<C> Proxy<C> {
    pub(crate) fn new(client: C, upstream: Authority) -> Proxy<C> {
        Proxy { client, upstream }
    }
}

impl<C> Service<Request<Received>> for Proxy<C>
where
    C: Service<Request<Received>, Response = Response<Received>, Error = Error>,
    C: Clone + Send + 'static,
    C::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Each request asks a clone of the client, and waits for it there.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Received>) -> Self::Future {
        let (client, upstream) = (self.client.clone(), self.upstream.clone());
        Box::pin(async move { Ok(pass(client, &upstream, request).await) })
    }
}

async fn pass<C>(client: C, upstream: &Authority, mut request: Request<Received>) -> Response<Body>
where
    C: Service<Request<Received>, Response = Response<Received>, Error = Error>,
{
    let upgrades = tunnel::wants_websocket(&request);
    let caller = tunnel::of_caller(&mut request);
    let request = match forward::prepare(request, upstream) {
        Ok(request) => request,
        Err((status, why)) => return answer::refusal(status, why),
    };
    let mut response = match client.oneshot(request).await {
        Ok(response) => response,
        Err(error) => return answer::failure(&error),
    };
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        if !upgrades {
            return answer::bad_gateway("the upstream switched protocols, unasked");
        }
        tunnel::join(caller, &mut response);
    }
    if !forward::is_framed_once(response.headers()) {
        return answer::bad_gateway("the upstream's answer has more than one end, or none");
    }
    // How a response is framed is said anew: the caller may speak another version.
    response.headers_mut().remove(header::TRANSFER_ENCODING);
    response.map(|body| body.map_err(Into::into).boxed_unsync())
}
