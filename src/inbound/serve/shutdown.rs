use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::exchange::Shared;

pin_project! {
    /// A signal to shut down, whose coming is seen: made by
    /// [`ConnLint::shutdown_signal`](crate::ConnLint::shutdown_signal).
    ///
    /// ```
    /// use tower_conn_lint::inbound::ShutdownSignal;
    ///
    /// fn is_named<F>(_: ShutdownSignal<F>) {}
    /// ```
    #[derive(Debug)]
    pub struct ShutdownSignal<F> {
        #[pin]
        signal: F,
        shared: Arc<Shared>,
    }
}

// === impl ShutdownSignal ===

impl<F> ShutdownSignal<F> {
    pub(crate) fn new(signal: F, shared: Arc<Shared>) -> ShutdownSignal<F> {
        ShutdownSignal { signal, shared }
    }
}

impl<F: Future> Future for ShutdownSignal<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let polled = this.signal.poll(cx);
        if polled.is_ready() {
            this.shared.drain();
        }
        polled
    }
}
