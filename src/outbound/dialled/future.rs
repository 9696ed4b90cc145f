use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;
use tokio::io::AsyncRead;

use super::{Dialled, Source};
use crate::connection::{Addresses, Dialler, EndCause, Io};
use crate::exchange::Shared;
use crate::lint::Client;
use crate::outbound::connect::{Dial, failure};

pin_project! {
    /// A dial of [`ConnLint::dial`](crate::ConnLint::dial), timed.
    ///
    /// ```
    /// use tower_conn_lint::outbound::Dials;
    ///
    /// fn is_named<F>(_: Dials<F>) {}
    /// ```
    #[derive(Debug)]
    #[must_use = "nothing is dialled before it is awaited"]
    pub struct Dials<F> {
        #[pin]
        future: F,
        shared: Arc<Shared>,
        dialler: Arc<Dialler>,
        dial: Dial,
    }
}

pin_project! {
    /// The response of an [`OnConnection`](super::OnConnection).
    ///
    /// ```
    /// use tower_conn_lint::outbound::DialledFuture;
    ///
    /// fn is_named<F>(_: DialledFuture<F>) {}
    /// ```
    #[derive(Debug)]
    pub struct DialledFuture<F> {
        #[pin]
        future: F,
        awaited: Awaited,
    }
}

/// A response that is awaited. Dropped before it came, its request was given up.
#[derive(Debug)]
struct Awaited(Option<Arc<Source>>);

// === impl Dials ===

impl<F> Dials<F> {
    pub(crate) fn new(
        future: F,
        shared: Arc<Shared>,
        client: Client,
        upstream: String,
    ) -> Dials<F> {
        let dialler = Dialler::new(client, None);
        let dial = Dial::new(shared.clone(), dialler.clone(), upstream);
        Dials { future, shared, dialler, dial }
    }
}

impl<F, T, E> Future for Dials<F>
where
    F: Future<Output = Result<T, E>>,
    T: AsyncRead + 'static,
    E: StdError + 'static,
{
    type Output = Result<(Io<T>, Dialled), E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        Poll::Ready(match ready!(this.future.poll(cx)) {
            Ok(stream) => {
                let guard = this.dial.led_to(Addresses::of(&stream), None);
                let stream = Io::new(stream, guard);
                let handle = stream.handle_of_responses();
                Ok((stream, Dialled::new(this.shared.clone(), this.dialler.clone(), handle)))
            }
            Err(error) => {
                this.dial.failed(failure(&error));
                Err(error)
            }
        })
    }
}

// === impl DialledFuture ===

impl<F> DialledFuture<F> {
    pub(super) fn new(future: F, source: Option<Arc<Source>>) -> DialledFuture<F> {
        DialledFuture { future, awaited: Awaited(source) }
    }
}

impl<F, R, E> Future for DialledFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let result = ready!(this.future.poll(cx));
        let source = this.awaited.0.take();
        Poll::Ready(match (result, source) {
            (Ok(mut response), Some(source)) => {
                response.extensions_mut().insert(source.handle.clone());
                Ok(response)
            }
            (Err(error), Some(source)) => {
                source.shared.unanswered(source.handle.record());
                Err(error)
            }
            (result, None) => result,
        })
    }
}

// === impl Awaited ===

impl Drop for Awaited {
    fn drop(&mut self) {
        if let Some(source) = self.0.take() {
            source.handle.record().see(EndCause::DroppedRequest);
        }
    }
}
