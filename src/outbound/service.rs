use std::error::Error as StdError;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::captured::Captured;
use super::{Error, ResponseFuture};
use crate::exchange::{Clean, Exchange, Look, Placed};

/// A client under the lint; made by [`OutboundLayer`](super::OutboundLayer).
///
/// ```
/// use std::convert::Infallible;
/// use http::{Request, Response, header};
/// use tower::{Layer, ServiceExt, service_fn};
/// use tower_conn_lint::{ConnLint, Preset};
///
/// # tokio_test::block_on(async {
/// let client = service_fn(|request: Request<()>| async move {
///     assert!(!request.headers().contains_key(header::CONNECTION), "the close is gone");
///     Ok::<_, Infallible>(Response::new(()))
/// });
/// let lint = ConnLint::builder().policy(Preset::Recommended1).build();
/// let client = lint.outbound("gateway").layer(client);
///
/// let request = Request::get("http://gateway/").header(header::CONNECTION, "close").body(()).unwrap();
/// client.oneshot(request).await.unwrap();
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Outbound<S> {
    pub(super) inner: S,
    pub(super) placed: Placed,
}

impl<S> Outbound<S> {
    pub(super) fn new(inner: S, placed: Placed) -> Outbound<S> {
        Outbound { inner, placed }
    }
}

impl<S, B, R> Service<Request<B>> for Outbound<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(|error| Error::Inner(error.into()))
    }

    // So that request and future are not moved once more for it: as long as all of its work.
    #[inline(always)]
    fn call(&mut self, request: Request<B>) -> ResponseFuture<S::Future> {
        let placement = self.placed.placement();
        if placement.is_plain() {
            if let Some(look) = Look::sent(&request) {
                let future = self.inner.call(request);
                return ResponseFuture::clean(future, Clean::new(placement, look));
            }
        }
        self.call_closer(request)
    }
}

impl<S> Outbound<S> {
    /// Looks at what takes more than a look.
    fn call_closer<B>(&mut self, mut request: Request<B>) -> ResponseFuture<S::Future>
    where
        S: Service<Request<B>>,
    {
        let placement = self.placed.placement();
        let is_plain = placement.is_plain();
        if !is_plain && placement.is_off() {
            return ResponseFuture::unwatched(self.inner.call(request));
        }
        let mut exchange = Exchange::send(placement, &request);
        if !is_plain {
            exchange.send_apart(&mut request);
        }
        let captures = placement.outlet.as_ref().is_some_and(|outlet| outlet.captures);
        let captured = captures.then(|| Captured::of(&mut request));
        if exchange.is_clean() {
            ResponseFuture::watched(self.inner.call(request), exchange, captured)
        } else {
            self.call_suspect(request, exchange, captured)
        }
    }

    /// Apart from the clean call, which then moves the request no more than once.
    #[cold]
    fn call_suspect<B>(
        &mut self,
        mut request: Request<B>,
        mut exchange: Exchange,
        captured: Option<Captured>,
    ) -> ResponseFuture<S::Future>
    where
        S: Service<Request<B>>,
    {
        match exchange.judge(&mut request, true) {
            Ok(()) => ResponseFuture::watched(self.inner.call(request), exchange, captured),
            Err(refusal) => ResponseFuture::denied(refusal.denied),
        }
    }
}
