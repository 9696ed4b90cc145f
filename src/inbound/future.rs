use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use crate::exchange::Exchange;

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
        #[pin]
        state: State<F, B>,
    }
}

pin_project! {
    #[project = StateProj]
    #[derive(Debug)]
    enum State<F, B> {
        Handler { #[pin] future: F, exchange: Option<Exchange> },
        Denied { response: Option<Response<B>> },
    }
}

impl<F, B> ResponseFuture<F, B> {
    pub(super) fn unwatched(future: F) -> ResponseFuture<F, B> {
        ResponseFuture { state: State::Handler { future, exchange: None } }
    }

    pub(super) fn watched(future: F, exchange: Exchange) -> ResponseFuture<F, B> {
        ResponseFuture { state: State::Handler { future, exchange: Some(exchange) } }
    }

    pub(super) fn denied(response: Response<B>) -> ResponseFuture<F, B> {
        ResponseFuture { state: State::Denied { response: Some(response) } }
    }
}

impl<F, B, E> Future for ResponseFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Handler { future, exchange } => {
                let mut polled = future.poll(cx);
                if let (Poll::Ready(Ok(response)), Some(exchange)) = (&mut polled, exchange) {
                    exchange.answer(response);
                }
                polled
            }
            StateProj::Denied { response } => {
                Poll::Ready(Ok(response.take().expect("a future is not polled after it is ready")))
            }
        }
    }
}
