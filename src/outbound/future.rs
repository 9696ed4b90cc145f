use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use pin_project_lite::pin_project;

use super::Error;
use crate::denied::Denied;
use crate::exchange::Exchange;

pin_project! {
    /// The response of an [`Outbound`](super::Outbound) client. Dropped before its end, it
    /// reports what was found on the request.
    ///
    /// ```
    /// use tower_conn_lint::outbound::ResponseFuture;
    ///
    /// fn is_named<F>(_: ResponseFuture<F>) {}
    /// ```
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        // Of the client; there is none where the request was denied.
        #[pin]
        future: Option<F>,
        exchange: Option<Exchange>,
        denied: Option<Denied>,
    }
}

impl<F> ResponseFuture<F> {
    #[inline]
    pub(super) fn unwatched(future: F) -> ResponseFuture<F> {
        ResponseFuture { future: Some(future), exchange: None, denied: None }
    }

    #[inline]
    pub(super) fn watched(future: F, exchange: Exchange) -> ResponseFuture<F> {
        ResponseFuture { future: Some(future), exchange: Some(exchange), denied: None }
    }

    pub(super) fn denied(denied: Denied) -> ResponseFuture<F> {
        ResponseFuture { future: None, exchange: None, denied: Some(denied) }
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(future) = this.future.as_pin_mut() else {
            let denied = this.denied.take().expect("a future is not polled after it is ready");
            return Poll::Ready(Err(Error::Denied(denied)));
        };
        let mut polled = future.poll(cx);
        if let (Poll::Ready(Ok(response)), Some(exchange)) = (&mut polled, this.exchange) {
            exchange.receive_response(response);
        }
        polled.map_err(|error| Error::Inner(error.into()))
    }
}
