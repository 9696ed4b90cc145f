use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

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
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProj]
    #[derive(Debug)]
    enum State<F> {
        Client { #[pin] future: F, exchange: Option<Exchange> },
        Denied { denied: Denied },
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn unwatched(future: F) -> ResponseFuture<F> {
        ResponseFuture { state: State::Client { future, exchange: None } }
    }

    pub(super) fn watched(future: F, exchange: Exchange) -> ResponseFuture<F> {
        ResponseFuture { state: State::Client { future, exchange: Some(exchange) } }
    }

    pub(super) fn denied(denied: Denied) -> ResponseFuture<F> {
        ResponseFuture { state: State::Denied { denied } }
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Client { future, exchange } => {
                let mut response =
                    ready!(future.poll(cx)).map_err(|error| Error::Inner(error.into()))?;
                if let Some(exchange) = exchange {
                    exchange.receive_response(&mut response);
                }
                Poll::Ready(Ok(response))
            }
            StateProj::Denied { denied } => Poll::Ready(Err(Error::Denied(*denied))),
        }
    }
}
