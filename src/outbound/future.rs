use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use pin_project_lite::pin_project;

use super::Error;
use super::captured::{Captured, record_of};
use crate::denied::Denied;
use crate::exchange::{Clean, Exchange};
use crate::field::Signs;

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
        followed: Followed,
        captured: Option<Captured>,
        denied: Option<Denied>,
    }
}

/// What is known of the request until its response comes.
#[derive(Debug)]
enum Followed {
    Nothing,
    Clean(Clean),
    Whole(Exchange),
}

impl<F> ResponseFuture<F> {
    pub(super) fn unwatched(future: F) -> ResponseFuture<F> {
        ResponseFuture::new(future, Followed::Nothing, None)
    }

    #[inline(always)]
    pub(super) fn clean(future: F, clean: Clean) -> ResponseFuture<F> {
        ResponseFuture::new(future, Followed::Clean(clean), None)
    }

    pub(super) fn watched(
        future: F,
        exchange: Exchange,
        captured: Option<Captured>,
    ) -> ResponseFuture<F> {
        ResponseFuture::new(future, Followed::Whole(exchange), captured)
    }

    pub(super) fn denied(denied: Denied) -> ResponseFuture<F> {
        let (followed, denied) = (Followed::Nothing, Some(denied));
        ResponseFuture { future: None, followed, captured: None, denied }
    }

    #[inline(always)]
    fn new(future: F, followed: Followed, captured: Option<Captured>) -> ResponseFuture<F> {
        ResponseFuture { future: Some(future), followed, captured, denied: None }
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    type Output = Result<Response<R>, Error>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(future) = this.future.as_pin_mut() else {
            let denied = this.denied.take().expect("a future is not polled after it is ready");
            return Poll::Ready(Err(Error::Denied(denied)));
        };
        let polled = future.poll(cx);
        if let (Poll::Ready(_), Some(captured)) = (&polled, this.captured) {
            captured.settle();
        }
        match polled {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(response)) => {
                let names = Signs::of_names(response.headers());
                match this.followed.is_quiet(names, &response) {
                    true => Poll::Ready(Ok(response)),
                    false => Poll::Ready(Ok(this.followed.receive(names, response))),
                }
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(this.followed.fail(error.into()))),
        }
    }
}

// === impl Followed ===

impl Followed {
    /// Whether nothing is to be made of the response, by the names of its fields.
    #[inline(always)]
    fn is_quiet<B>(&self, names: Signs, response: &Response<B>) -> bool {
        matches!(self, Followed::Clean(_)) && Clean::is_quiet(names, response)
    }

    /// The response is moved here rather than lent: so one that is quiet stays where it is.
    #[inline(never)]
    fn receive<B>(&mut self, names: Signs, mut response: Response<B>) -> Response<B> {
        match self {
            Followed::Nothing => {}
            Followed::Clean(clean) => clean.receive(names, &mut response),
            Followed::Whole(exchange) => exchange.receive_response(&mut response),
        }
        response
    }

    #[cold]
    fn fail(&self, error: Box<dyn StdError + Send + Sync>) -> Error {
        if let Some(record) = record_of(&*error) {
            match self {
                Followed::Nothing => {}
                Followed::Clean(clean) => clean.fail(&record),
                Followed::Whole(exchange) => exchange.fail(&record),
            }
        }
        Error::Inner(error)
    }
}
