use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;

use http::{HeaderValue, Response, StatusCode, Version, header};
use http_body::Body;
use pin_project_lite::pin_project;

use super::Bodies;
use crate::connection::{EndCause, Event, Finish, Flag, Record, TrackedBody};
use crate::field::Signs;
use crate::wired::{Mark, Stopwatch};

pin_project! {
    /// The response of a [`PerConnection`](super::PerConnection) service.
    ///
    /// ```
    /// use tower_conn_lint::inbound::{ServingFuture, Tracked};
    ///
    /// fn is_named<F>(_: ServingFuture<F, Tracked>) {}
    /// ```
    #[derive(Debug)]
    pub struct ServingFuture<F, T> {
        #[pin]
        future: F,
        exchange: Option<Exchange>,
        bodies: PhantomData<fn() -> T>,
    }
}

/// A request that a handler works on. Dropped before its answer, it was given up.
#[derive(Debug)]
pub(super) struct Exchange {
    record: Arc<Record>,
    is_connect: bool,
    is_head: bool,
    is_answered: bool,
    stopwatch: Option<Arc<Stopwatch>>,
}

// === impl ServingFuture ===

impl<F, T> ServingFuture<F, T> {
    pub(super) fn unwatched(future: F) -> ServingFuture<F, T> {
        ServingFuture { future, exchange: None, bodies: PhantomData }
    }

    pub(super) fn watched(future: F, exchange: Exchange) -> ServingFuture<F, T> {
        ServingFuture { future, exchange: Some(exchange), bodies: PhantomData }
    }
}

impl<F, T, R, E> Future for ServingFuture<F, T>
where
    F: Future<Output = Result<Response<R>, E>>,
    T: Bodies<R>,
    R: Body,
{
    type Output = Result<Response<<T as Bodies<R>>::Body>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Poll::Ready(result) = this.future.poll(cx) else { return Poll::Pending };
        let Some(mut exchange) = this.exchange.take() else {
            return Poll::Ready(result.map(|response| response.map(T::plain)));
        };
        Poll::Ready(match result {
            Ok(response) => Ok(exchange.answer::<T, R>(response)),
            Err(error) => {
                exchange.fail();
                Err(error)
            }
        })
    }
}

// === impl Exchange ===

impl Exchange {
    pub(super) fn new(record: Arc<Record>, is_connect: bool, is_head: bool) -> Exchange {
        Exchange { record, is_connect, is_head, is_answered: false, stopwatch: None }
    }

    /// The same, with the time taken.
    pub(super) fn timed(mut self, stopwatch: Option<Arc<Stopwatch>>) -> Exchange {
        self.stopwatch = stopwatch;
        self
    }

    fn answer<T: Bodies<R>, R: Body>(
        &mut self,
        mut response: Response<R>,
    ) -> Response<<T as Bodies<R>>::Body> {
        self.is_answered = true;
        let record = &self.record;
        let status = response.status();
        let is_tunnel = status.is_informational() || self.is_connect && status.is_success();
        if record.is(Flag::CloseAsked) && !record.is_multiplexed() && !is_tunnel {
            response.headers_mut().append(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if Signs::has_persistence_field(response.headers()) && !record.is_multiplexed() {
            let signs = Signs::of_response(Version::HTTP_11, response.headers());
            if signs.contains(Signs::CLOSE_OPTION) {
                record.see(EndCause::ResponseClose);
            }
        }
        if status == StatusCode::SWITCHING_PROTOCOLS || self.is_connect && status.is_success() {
            record.note(Event::Upgraded);
        }
        record.note(Event::ResponseStarted);
        // hyper drops these without a poll (1.12): there is no content to send.
        let has_none = self.is_head
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
            || status.is_informational();
        if has_none || response.body().is_end_stream() {
            record.finish(|| record.clock.now(), Finish::Whole);
            if let Some(stopwatch) = &self.stopwatch {
                stopwatch.stop();
            }
            return response.map(T::plain);
        }
        let mark = Mark::Answer(record.clone());
        let stopwatch = self.stopwatch.take();
        response.map(|body| T::tracked(TrackedBody::timed(body, mark, stopwatch)))
    }

    fn fail(&mut self) {
        self.is_answered = true;
        self.record.see(EndCause::HandlerFailed);
        self.record.finish(|| self.record.clock.now(), Finish::Cut);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if self.is_answered {
            return;
        }
        if thread::panicking() {
            self.record.see(EndCause::HandlerFailed);
        }
        self.record.finish(|| self.record.clock.now(), Finish::Cut);
    }
}
