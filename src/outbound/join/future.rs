use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;

use super::{Current, Dialled};

pin_project! {
    /// The response of a [`Join`](super::Join).
    ///
    /// ```
    /// use tower_conn_lint::outbound::JoinFuture;
    ///
    /// fn is_named<F>(_: JoinFuture<F>) {}
    /// ```
    #[derive(Debug)]
    pub struct JoinFuture<F> {
        #[pin]
        future: F,
        current: Arc<Current>,
        // As the request was sent.
        sent: Dialled,
    }
}

// === impl JoinFuture ===

impl<F> JoinFuture<F> {
    pub(super) fn new(future: F, current: Arc<Current>, sent: Dialled) -> JoinFuture<F> {
        JoinFuture { future, current, sent }
    }
}

impl<F, R, E> Future for JoinFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let result = ready!(this.future.poll(cx));
        Poll::Ready(result.map(|mut response| {
            let sent = mem::take(this.sent);
            if let Some(connection) = sent.of_request(this.current.now()) {
                response.extensions_mut().insert(connection);
            }
            response
        }))
    }
}
