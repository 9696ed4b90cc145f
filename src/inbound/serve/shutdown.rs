use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::exchange::Shared;
use crate::heal::Spread;

pin_project! {
    /// A signal to shut down, whose coming is seen: made by
    /// [`ConnLint::shutdown_signal`](crate::ConnLint::shutdown_signal).
    ///
    /// ```
    /// use std::future::Ready;
    /// use tower_conn_lint::inbound::ShutdownSignal;
    ///
    /// fn is_named(_: ShutdownSignal<Ready<()>>) {}
    /// ```
    pub struct ShutdownSignal<F: Future> {
        #[pin]
        signal: F,
        // What came of it, as long as the drain lasts.
        came: Option<F::Output>,
        spread: Spread,
        shared: Arc<Shared>,
    }
}

// === impl ShutdownSignal ===

impl<F: Future> ShutdownSignal<F> {
    pub(crate) fn new(signal: F, shared: Arc<Shared>) -> ShutdownSignal<F> {
        ShutdownSignal { signal, came: None, spread: Spread::default(), shared }
    }
}

impl<F: Future> Future for ShutdownSignal<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if this.came.is_none() {
            *this.came = Some(ready!(this.signal.poll(cx)));
            this.shared.drain();
            *this.spread = Spread::begin(this.shared);
        }
        ready!(this.spread.poll(cx));
        this.came.take().map_or(Poll::Pending, Poll::Ready)
    }
}

impl<F: Future + fmt::Debug> fmt::Debug for ShutdownSignal<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ShutdownSignal { signal, came, spread, shared: _ } = self;
        f.debug_struct("ShutdownSignal")
            .field("signal", signal)
            .field("came", &came.is_some())
            .field("spread", spread)
            .finish_non_exhaustive()
    }
}
