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
use crate::wired::{Link, Mark, Stopwatch};

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
        exchange: Exchange,
        bodies: PhantomData<fn() -> T>,
    }
}

/// A request that a handler works on. Dropped before its answer, it was given up.
#[derive(Debug)]
pub(super) struct Exchange {
    /// There until the answer; none where nothing is wired.
    link: Option<Arc<Link>>,
    signs: Signs,
    stopwatch: Option<Arc<Stopwatch>>,
}

// === impl ServingFuture ===

impl<F, T> ServingFuture<F, T> {
    pub(in crate::inbound) fn unwatched(future: F) -> ServingFuture<F, T> {
        ServingFuture::watched(future, Exchange { link: None, signs: Signs::NONE, stopwatch: None })
    }

    #[inline(always)]
    pub(super) fn watched(future: F, exchange: Exchange) -> ServingFuture<F, T> {
        ServingFuture { future, exchange, bodies: PhantomData }
    }
}

impl<F, T, R, E> Future for ServingFuture<F, T>
where
    F: Future<Output = Result<Response<R>, E>>,
    T: Bodies<R>,
    R: Body,
{
    type Output = Result<Response<<T as Bodies<R>>::Body>, E>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.future.poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(mut response)) => {
                if this.exchange.may_end(&response) {
                    response = this.exchange.say(response);
                }
                let watched = this.exchange.answer(&response);
                Poll::Ready(Ok(response.map(|body| match watched {
                    None => T::plain(body),
                    Some((mark, stopwatch)) => {
                        T::tracked(TrackedBody::timed(body, mark, stopwatch))
                    }
                })))
            }
            Poll::Ready(Err(error)) => {
                this.exchange.fail();
                Poll::Ready(Err(error))
            }
        }
    }
}

// === impl Exchange ===

impl Exchange {
    pub(super) fn new(
        link: Arc<Link>,
        signs: Signs,
        stopwatch: Option<Arc<Stopwatch>>,
    ) -> Exchange {
        Exchange { link: Some(link), signs, stopwatch }
    }

    /// Takes the answer in; what is to watch its body, if there is any.
    #[inline(always)]
    fn answer<R: Body>(
        &mut self,
        response: &Response<R>,
    ) -> Option<(Mark, Option<Arc<Stopwatch>>)> {
        let link = self.link.take()?;
        let record = &link.record;
        record.note(Event::ResponseStarted);
        let status = response.status();
        // hyper drops these without a poll (1.12): there is no content to send.
        let has_none = self.signs.contains(Signs::HEAD)
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
            || status.is_informational();
        let stopwatch = self.stopwatch.take();
        if has_none || response.body().is_end_stream() {
            record.finish(|| record.clock.now(), Finish::Whole);
            if let Some(stopwatch) = stopwatch {
                stopwatch.stop();
            }
            return None;
        }
        Some((Mark::Answer(link), stopwatch))
    }

    /// Says what there is to say in a response. It is moved here rather than lent, so that a response
    /// which says nothing stays where it is.
    #[cold]
    #[inline(never)]
    fn say<R>(&self, mut response: Response<R>) -> Response<R> {
        if let Some(link) = &self.link {
            link.answer(self.signs, &mut response);
        }
        response
    }

    /// Whether the response has something to say on what becomes of the connection.
    #[inline]
    fn may_end<R>(&self, response: &Response<R>) -> bool {
        let Some(link) = &self.link else { return false };
        let record = &link.record;
        response.status().is_informational()
            || self.signs.contains(Signs::CONNECT)
            || record.is_any(Flag::CloseAsked, Flag::Cured)
            || Signs::has_persistence_field(response.headers())
    }

    #[cold]
    fn fail(&mut self) {
        if let Some(link) = self.link.take() {
            link.record.see(EndCause::HandlerFailed);
            link.record.finish(|| link.record.clock.now(), Finish::Cut);
        }
    }
}

impl Drop for Exchange {
    #[inline]
    fn drop(&mut self) {
        if let Some(link) = self.link.take() {
            give_up(&link.record);
        }
    }
}

#[cold]
fn give_up(record: &Record) {
    if thread::panicking() {
        record.see(EndCause::HandlerFailed);
    }
    record.finish(|| record.clock.now(), Finish::Cut);
}

// === impl Link ===

impl Link {
    /// What cures have to say in a response.
    fn heal<R>(&self, response: &mut Response<R>) {
        let (shared, record) = (&self.shared, &self.record);
        if self.upload().take().is_some_and(|upload| upload.ends_connection()) {
            shared.close_honestly(record);
        }
        shared.announce(record, response.headers_mut());
    }

    /// Writes down what a response says of the connection, and says what a handler asked for.
    #[cold]
    fn answer<R>(&self, request: Signs, response: &mut Response<R>) {
        let record = &self.record;
        if record.is(Flag::Cured) {
            self.heal(response);
        }
        let status = response.status();
        let opens_tunnel = request.contains(Signs::CONNECT) && status.is_success();
        let speaks_on = status.is_informational() || opens_tunnel;
        if record.is(Flag::CloseAsked) && !record.is_multiplexed() && !speaks_on {
            response.headers_mut().append(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if !record.is_multiplexed() {
            let signs = Signs::of_response(Version::HTTP_11, response.headers());
            if signs.contains(Signs::CLOSE_OPTION) {
                record.see(EndCause::ResponseClose);
            }
        }
        if status == StatusCode::SWITCHING_PROTOCOLS || opens_tunnel {
            record.note(Event::Upgraded);
        }
    }
}
