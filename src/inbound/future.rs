use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use crate::exchange::{Exchange, Remembered};

pin_project! {
    /// The response of an [`Inbound`](super::Inbound) service. Dropped before its end, it
    /// reports what was found on the request.
    ///
    /// ```
    /// use tower_conn_lint::inbound::ResponseFuture;
    ///
    /// fn is_named<F, B>(_: ResponseFuture<F, B>) {}
    /// ```
    #[derive(Debug)]
    pub struct ResponseFuture<F, B> {
        // Of the handler; there is none where the request was denied.
        #[pin]
        future: Option<F>,
        exchange: Option<Exchange>,
        remembered: Option<Remembered>,
        denied: Option<Box<Response<B>>>,
    }
}

impl<F, B> ResponseFuture<F, B> {
    #[inline]
    pub(super) fn unwatched(future: F) -> ResponseFuture<F, B> {
        ResponseFuture { future: Some(future), exchange: None, remembered: None, denied: None }
    }

    #[inline]
    pub(super) fn remembered(future: F, remembered: Remembered) -> ResponseFuture<F, B> {
        ResponseFuture { remembered: Some(remembered), ..ResponseFuture::unwatched(future) }
    }

    #[inline]
    pub(super) fn watched(future: F, exchange: Exchange) -> ResponseFuture<F, B> {
        ResponseFuture { exchange: Some(exchange), ..ResponseFuture::unwatched(future) }
    }

    pub(super) fn denied(response: Response<B>) -> ResponseFuture<F, B> {
        let denied = Some(Box::new(response));
        ResponseFuture { future: None, exchange: None, remembered: None, denied }
    }
}

impl<F, B, E> Future for ResponseFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(future) = this.future.as_pin_mut() else {
            let response = this.denied.take().expect("a future is not polled after it is ready");
            return Poll::Ready(Ok(*response));
        };
        let mut polled = future.poll(cx);
        if let Poll::Ready(Ok(response)) = &mut polled {
            match (this.remembered.take(), this.exchange) {
                (Some(remembered), _) => remembered.answer(response),
                (None, Some(exchange)) => exchange.answer(response),
                (None, None) => {}
            }
        }
        polled
    }
}
