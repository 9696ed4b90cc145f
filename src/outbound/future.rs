use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use pin_project_lite::pin_project;

use super::Error;
use super::captured::{Captured, record_of};
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
        captured: Option<Captured>,
        denied: Option<Denied>,
    }
}

impl<F> ResponseFuture<F> {
    #[inline]
    pub(super) fn unwatched(future: F) -> ResponseFuture<F> {
        ResponseFuture { future: Some(future), exchange: None, captured: None, denied: None }
    }

    #[inline]
    pub(super) fn watched(
        future: F,
        exchange: Exchange,
        captured: Option<Captured>,
    ) -> ResponseFuture<F> {
        ResponseFuture { future: Some(future), exchange: Some(exchange), captured, denied: None }
    }

    pub(super) fn denied(denied: Denied) -> ResponseFuture<F> {
        ResponseFuture { future: None, exchange: None, captured: None, denied: Some(denied) }
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
        let Poll::Ready(result) = future.poll(cx) else { return Poll::Pending };
        if let Some(captured) = this.captured {
            captured.settle();
        }
        Poll::Ready(match result {
            Ok(mut response) => {
                if let Some(exchange) = this.exchange {
                    exchange.receive_response(&mut response);
                }
                Ok(response)
            }
            Err(error) => {
                let error = error.into();
                if let (Some(exchange), Some(record)) = (this.exchange, record_of(&*error)) {
                    exchange.fail(&record);
                }
                Err(Error::Inner(error))
            }
        })
    }
}
