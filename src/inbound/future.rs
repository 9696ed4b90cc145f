use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use crate::exchange::{Clean, Exchange, Remembered};
use crate::lint::Calm;

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
        // What the response is judged by.
        calm: Calm,
        followed: Followed<B>,
    }
}

/// What is known of the request until its response comes. With a tag of its own, since one that is hidden
/// in a field takes longer to read.
#[derive(Debug)]
#[repr(u8)]
enum Followed<B> {
    Nothing,
    Remembered(Remembered),
    Clean(Clean),
    Whole(Exchange),
    /// The response is there.
    Denied(Box<Response<B>>),
}

impl<F, B> ResponseFuture<F, B> {
    #[inline(always)]
    pub(super) fn unwatched(future: F) -> ResponseFuture<F, B> {
        ResponseFuture { future: Some(future), calm: Calm::Http1, followed: Followed::Nothing }
    }

    #[inline(always)]
    pub(super) fn remembered(future: F, remembered: Remembered) -> ResponseFuture<F, B> {
        let calm = remembered.calm();
        let followed = Followed::Remembered(remembered);
        ResponseFuture { future: Some(future), calm, followed }
    }

    #[inline(always)]
    pub(super) fn clean(future: F, clean: Clean) -> ResponseFuture<F, B> {
        let calm = clean.calm();
        ResponseFuture { future: Some(future), calm, followed: Followed::Clean(clean) }
    }

    pub(super) fn watched(future: F, exchange: Exchange) -> ResponseFuture<F, B> {
        let calm = exchange.calm();
        ResponseFuture { future: Some(future), calm, followed: Followed::Whole(exchange) }
    }

    pub(super) fn denied(response: Response<B>) -> ResponseFuture<F, B> {
        let followed = Followed::Denied(Box::new(response));
        ResponseFuture { future: None, calm: Calm::Http1, followed }
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
            return Poll::Ready(Ok(this.followed.take_denied()));
        };
        match future.poll(cx) {
            Poll::Ready(Ok(response)) if !this.calm.is_quiet(response.headers()) => {
                Poll::Ready(Ok(this.followed.judge(response)))
            }
            polled => polled,
        }
    }
}

// === impl Followed ===

impl<B> Followed<B> {
    #[cold]
    fn take_denied(&mut self) -> Response<B> {
        match mem::replace(self, Followed::Nothing) {
            Followed::Denied(response) => *response,
            _ => panic!("a future is not polled after it is ready"),
        }
    }

    /// The response is moved here rather than lent: so one that tells nothing stays where it is.
    #[cold]
    #[inline(never)]
    fn judge(&mut self, mut response: Response<B>) -> Response<B>
    where
        B: Body,
    {
        match self {
            Followed::Nothing | Followed::Denied(_) => {}
            Followed::Remembered(remembered) => remembered.answer(&mut response),
            Followed::Clean(clean) => clean.answer(&mut response),
            Followed::Whole(exchange) => exchange.answer(&mut response),
        }
        response
    }
}
