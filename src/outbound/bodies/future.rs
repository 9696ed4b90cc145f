use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use crate::connection::{Side, TrackedBody};
use crate::exchange::{Sent, Shared};
use crate::field::CameIn;
use crate::heal::{Download, Reader};
use crate::wired::{Called, Mark, Stopwatch};

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
        // There where nobody else reads the heads.
        sent: Option<Sent>,
        // There where the times of requests are taken: apart, since others carry it for nothing.
        called: Option<Box<Called>>,
    }
}

// === impl ResponseBodiesFuture ===

impl<F> ResponseBodiesFuture<F> {
    pub(super) fn new(
        future: F,
        shared: Arc<Shared>,
        sent: Option<Sent>,
        called: Option<Box<Called>>,
    ) -> ResponseBodiesFuture<F> {
        ResponseBodiesFuture { future, shared, sent, called }
    }
}

impl<F, R, E> Future for ResponseBodiesFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body + Send + 'static,
{
    type Output = Result<Response<TrackedBody<R>>, E>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Poll::Ready(result) = this.future.poll(cx) else { return Poll::Pending };
        Poll::Ready(result.map(|mut response| {
            let came = if this.shared.is_gateway { came_in(&mut response) } else { None };
            let Some(handle) = this.shared.answered(&mut response) else {
                return response.map(|body| match came {
                    Some(came) => TrackedBody::new(body, Mark::passing_on(None, came)),
                    None => TrackedBody::untracked(body),
                });
            };
            let (record, hold) = (handle.record().clone(), handle.take_hold());
            let (reused, is_fresh) = (handle.reused(), handle.fresh());
            if let Some(sent) = this.sent {
                sent.answered(this.shared, &record, &response);
            }
            record.answering();
            let stopwatch = this.called.take().map(|called| {
                let phases = called.answered(&record, is_fresh, this.shared.clock.now());
                let watch = Stopwatch::new(this.shared.clone(), record.clone(), called.at, reused);
                Arc::new(watch.with_phases(phases))
            });
            let drains = this.shared.drains(Side::Outbound) && !record.is_multiplexed();
            let reader = drains.then(|| {
                Reader::Client(Download { shared: this.shared.clone(), record: record.clone() })
            });
            let mut mark = Mark::Response { record, hold };
            if let Some(came) = came {
                mark = Mark::passing_on(Some(mark), came);
            }
            response.map(|body| match reader {
                None => TrackedBody::timed(body, mark, stopwatch),
                Some(reader) => TrackedBody::read_on(body, mark, stopwatch, reader),
            })
        }))
    }
}

/// What a response says of its hop, remembered with it by whoever sees it first.
#[cold]
fn came_in<R>(response: &mut Response<R>) -> Option<CameIn> {
    if let Some(came) = response.extensions().get::<CameIn>() {
        return Some(came.clone());
    }
    let came = CameIn::of_response(response.status(), response.headers())?;
    response.extensions_mut().insert(came.clone());
    Some(came)
}
