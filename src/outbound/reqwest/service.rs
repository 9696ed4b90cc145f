use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use reqwest::{Request, Response};
use tower_service::Service;

use super::call::Call;
use crate::denied::Denied;
use crate::outbound::{Error, Outbound};

pin_project! {
    /// The response of a client of reqwest under the lint as a service. Dropped before its end, it
    /// reports what was found on the request.
    ///
    /// ```
    /// use tower_conn_lint::outbound::reqwest::ResponseFuture;
    ///
    /// fn is_named<F>(_: ResponseFuture<F>) {}
    /// ```
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        // Of the client; there is none where the request was denied.
        #[pin]
        future: Option<F>,
        call: Option<Call>,
        denied: Option<Denied>,
    }
}

impl<S> Service<Request> for Outbound<S>
where
    S: Service<Request, Response = Response>,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    type Response = Response;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(|error| Error::Inner(error.into()))
    }

    fn call(&mut self, mut request: Request) -> ResponseFuture<S::Future> {
        let placement = self.placed.placement();
        let mut call = None;
        if !placement.is_off() {
            match Call::begin(placement, &mut request, None) {
                Ok(begun) => call = Some(begun),
                Err(denied) => {
                    return ResponseFuture { future: None, call: None, denied: Some(denied) };
                }
            }
        }
        ResponseFuture { future: Some(self.inner.call(request)), call, denied: None }
    }
}

// === impl ResponseFuture ===

impl<F, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response, E>>,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    type Output = Result<Response, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(future) = this.future.as_pin_mut() else {
            let denied = this.denied.take().expect("a future is not polled after it is ready");
            return Poll::Ready(Err(Error::Denied(denied)));
        };
        let polled = match this.call {
            Some(call) => call.scope.poll(|| future.poll(cx)),
            None => future.poll(cx),
        };
        let Poll::Ready(result) = polled else { return Poll::Pending };
        let call = this.call.take();
        Poll::Ready(match result {
            Ok(response) => Ok(match call {
                Some(call) => call.answered(response),
                None => response,
            }),
            Err(error) => Err(Error::Inner(error.into())),
        })
    }
}
