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
        followed: Followed,
        denied: Option<Box<Response<B>>>,
    }
}

/// What is known of the request until its response comes.
#[derive(Debug)]
enum Followed {
    Nothing,
    Remembered(Remembered),
    Whole(Exchange),
}

impl<F, B> ResponseFuture<F, B> {
    #[inline(always)]
    pub(super) fn unwatched(future: F) -> ResponseFuture<F, B> {
        ResponseFuture { future: Some(future), followed: Followed::Nothing, denied: None }
    }

    #[inline(always)]
    pub(super) fn remembered(future: F, remembered: Remembered) -> ResponseFuture<F, B> {
        let followed = Followed::Remembered(remembered);
        ResponseFuture { future: Some(future), followed, denied: None }
    }

    #[inline(always)]
    pub(super) fn watched(future: F, exchange: Exchange) -> ResponseFuture<F, B> {
        ResponseFuture { future: Some(future), followed: Followed::Whole(exchange), denied: None }
    }

    pub(super) fn denied(response: Response<B>) -> ResponseFuture<F, B> {
        let denied = Some(Box::new(response));
        ResponseFuture { future: None, followed: Followed::Nothing, denied }
    }
}

impl<F, B, E> Future for ResponseFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<B>, E>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(future) = this.future.as_pin_mut() else {
            let response = this.denied.take().expect("a future is not polled after it is ready");
            return Poll::Ready(Ok(*response));
        };
        let mut polled = future.poll(cx);
        if let Poll::Ready(Ok(response)) = &mut polled {
            match this.followed {
                Followed::Nothing => {}
                Followed::Remembered(remembered) => remembered.answer(response),
                Followed::Whole(exchange) => exchange.answer(response),
            }
        }
        polled
    }
}
