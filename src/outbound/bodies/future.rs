use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use crate::connection::TrackedBody;
use crate::exchange::Shared;
use crate::handle::ConnHandle;
use crate::wired::Mark;

pin_project! {
    /// The response of a [`ResponseBodies`](super::ResponseBodies) client.
    ///
    /// ```
    /// use tower_conn_lint::outbound::ResponseBodiesFuture;
    ///
    /// fn is_named<F>(_: ResponseBodiesFuture<F>) {}
    /// ```
    #[derive(Debug)]
    pub struct ResponseBodiesFuture<F> {
        #[pin]
        future: F,
        shared: Arc<Shared>,
    }
}

// === impl ResponseBodiesFuture ===

impl<F> ResponseBodiesFuture<F> {
    pub(super) fn new(future: F, shared: Arc<Shared>) -> ResponseBodiesFuture<F> {
        ResponseBodiesFuture { future, shared }
    }
}

impl<F, R, E> Future for ResponseBodiesFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body,
{
    type Output = Result<Response<TrackedBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Poll::Ready(result) = this.future.poll(cx) else { return Poll::Pending };
        Poll::Ready(result.map(|mut response| {
            let mark = match this.shared.answered(&mut response) {
                Some(record) => {
                    record.answering();
                    let handle = response.extensions_mut().get_mut::<ConnHandle>();
                    Mark::Response(record, handle.map(ConnHandle::take_hold).unwrap_or_default())
                }
                None => Mark::None,
            };
            response.map(|body| TrackedBody::new(body, mark))
        }))
    }
}
