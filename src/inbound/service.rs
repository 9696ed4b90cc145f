use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{Answer, KnownBodies, ResponseFuture, problem};
use crate::exchange::{Clean, Exchange, Look, Placed, Remembered};
use crate::handle::ConnHandle;

/// A service of a server under the lint; made by [`InboundLayer`](super::InboundLayer).
///
/// ```
/// use std::convert::Infallible;
/// use http::{Request, Response};
/// use tower::{Layer, ServiceExt, service_fn};
/// use tower_conn_lint::ConnLint;
///
/// # tokio_test::block_on(async {
/// let hello = service_fn(|_: Request<()>| async { Ok::<_, Infallible>(Response::new("hello".to_owned())) });
/// let service = ConnLint::new().inbound().layer(hello);
///
/// let response = service.oneshot(Request::new(())).await.unwrap();
/// assert_eq!(response.body(), "hello");
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Inbound<S, A = KnownBodies> {
    inner: S,
    placed: Placed,
    answer: A,
}

impl<S, A> Inbound<S, A> {
    pub(super) fn new(inner: S, placed: Placed, answer: A) -> Inbound<S, A> {
        Inbound { inner, placed, answer }
    }
}

impl<S, A, B, R> Service<Request<B>> for Inbound<S, A>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Body,
    A: Answer<R>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    // So that request and future are not moved once more for it: as long as all of its work.
    #[inline(always)]
    fn call(&mut self, request: Request<B>) -> Self::Future {
        let placement = self.placed.placement();
        match ConnHandle::of_request(&request) {
            Some(handle) => {
                if let Some(remembered) = Remembered::of(placement, handle) {
                    return ResponseFuture::remembered(self.inner.call(request), remembered);
                }
            }
            None if placement.is_plain() => {
                if let Some(look) = Look::received(placement, &request) {
                    // Only then is anything made that has to be dropped.
                    let future = self.inner.call(request);
                    return ResponseFuture::clean(future, Clean::new(placement, look));
                }
            }
            None => {}
        }
        self.call_closer(request)
    }
}

impl<S, A> Inbound<S, A> {
    /// Looks at what takes more than a look.
    fn call_closer<B, R>(&mut self, request: Request<B>) -> ResponseFuture<S::Future, R>
    where
        S: Service<Request<B>, Response = Response<R>>,
        A: Answer<R>,
    {
        let placement = self.placed.placement();
        if !placement.is_plain() {
            return self.call_apart(request);
        }
        let exchange = Exchange::receive(placement, &request, ConnHandle::of_request(&request));
        if exchange.is_clean() {
            ResponseFuture::watched(self.inner.call(request), exchange)
        } else {
            self.call_suspect(request, exchange)
        }
    }

    /// Where all is off, in a gateway, which looks closer, and where requests tell when they were
    /// sent.
    #[cold]
    fn call_apart<B, R>(&mut self, mut request: Request<B>) -> ResponseFuture<S::Future, R>
    where
        S: Service<Request<B>, Response = Response<R>>,
        A: Answer<R>,
    {
        let placement = self.placed.placement();
        if placement.is_off() {
            return ResponseFuture::unwatched(self.inner.call(request));
        }
        let exchange = Exchange::receive_apart(placement, &mut request);
        if exchange.is_clean() {
            ResponseFuture::watched(self.inner.call(request), exchange)
        } else {
            self.call_suspect(request, exchange)
        }
    }

    /// Apart from the clean call, which then moves the request no more than once.
    #[cold]
    fn call_suspect<B, R>(
        &mut self,
        mut request: Request<B>,
        mut exchange: Exchange,
    ) -> ResponseFuture<S::Future, R>
    where
        S: Service<Request<B>, Response = Response<R>>,
        A: Answer<R>,
    {
        match exchange.judge(&mut request, self.answer.can_answer()) {
            Ok(()) => ResponseFuture::watched(self.inner.call(request), exchange),
            Err(refusal) => {
                let response = problem::response(&refusal, exchange.findings());
                ResponseFuture::denied(response.map(|text| self.answer.body(text)))
            }
        }
    }
}
