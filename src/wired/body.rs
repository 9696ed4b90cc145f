use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::{Hold, Link, Stopwatch};
use crate::body::{Handed, Watch, Watched};
use crate::connection::{EndCause, Finish, Flag, Record};
#[cfg(feature = "reqwest")]
use crate::exchange::Hidden;
use crate::field::CameIn;
use crate::heal::Reader;

pin_project! {
    /// A body whose end is noticed, whether it was read, failed or dropped before. Its data,
    /// errors, length and trailers are those of the body within.
    ///
    /// ```
    /// use tower_conn_lint::connection::TrackedBody;
    ///
    /// fn is_named<B>(_: TrackedBody<B>) {}
    /// ```
    #[derive(Debug)]
    pub struct TrackedBody<B> {
        #[pin]
        body: Watched<Handed<B, Reader>, Timed>,
    }
}

/// A mark, and the time of the request where it is taken.
#[derive(Debug)]
struct Timed {
    mark: Mark,
    stopwatch: Option<Arc<Stopwatch>>,
}

/// Whose body it is, and what its end means for the connection.
#[derive(Debug)]
pub(crate) enum Mark {
    /// A request's, that our server received.
    Received(Arc<Record>),
    /// A response's, of our server.
    Answer(Arc<Link>),
    /// A response's, that our client received.
    Response { record: Arc<Record>, hold: Hold },
    /// The same, on a connection that our client hides.
    #[cfg(feature = "reqwest")]
    Hidden(Hidden),
    /// What a gateway passes on.
    PassedOn(Box<PassedOn>),
}

#[derive(Debug)]
pub(crate) struct PassedOn {
    /// None where the connection has no record.
    mark: Option<Mark>,
    came: CameIn,
}

// === impl TrackedBody ===

impl<B: Body> TrackedBody<B> {
    #[inline]
    pub(crate) fn new(body: B, mark: Mark) -> TrackedBody<B> {
        TrackedBody::timed(body, mark, None)
    }

    /// A response's body, with whose end its request does.
    #[inline]
    pub(crate) fn timed(body: B, mark: Mark, stopwatch: Option<Arc<Stopwatch>>) -> TrackedBody<B> {
        TrackedBody { body: Watched::new(Handed::plain(body), Timed { mark, stopwatch }) }
    }

    /// One whose rest is read where it is dropped.
    #[cold]
    pub(crate) fn read_on(
        body: B,
        mark: Mark,
        stopwatch: Option<Arc<Stopwatch>>,
        reader: Reader,
    ) -> TrackedBody<B>
    where
        B: Send + 'static,
    {
        let body = Handed::new(body, reader, Reader::inherit);
        TrackedBody { body: Watched::new(body, Timed { mark, stopwatch }) }
    }

    #[inline]
    pub(crate) fn untracked(body: B) -> TrackedBody<B> {
        TrackedBody { body: Watched::unwatched(Handed::plain(body)) }
    }
}

impl<B: Body> Body for TrackedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    #[inline]
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        self.project().body.poll_frame(cx)
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

// === impl Timed ===

impl Timed {
    #[inline]
    fn tell(self, how: impl FnOnce(Mark)) {
        how(self.mark);
        if let Some(stopwatch) = self.stopwatch {
            stopwatch.stop();
        }
    }
}

impl Watch for Timed {
    fn ended(self) {
        self.tell(Mark::ended);
    }

    fn failed(self) {
        self.tell(Mark::failed);
    }

    fn dropped(self) {
        self.tell(Mark::dropped);
    }

    fn trailers(&self, trailers: &mut HeaderMap) {
        self.mark.trailers(trailers);
    }
}

// === impl Mark ===

impl Mark {
    /// The same, and what is nominated goes from the trailers once that is asked for.
    #[cold]
    pub(crate) fn passing_on(mark: Option<Mark>, came: CameIn) -> Mark {
        Mark::PassedOn(Box::new(PassedOn { mark, came }))
    }

    fn finish(record: &Record, how: Finish) {
        record.finish(|| record.clock.now(), how);
    }

    fn read(record: &Record, hold: Hold, how: Finish) {
        Mark::finish(record, how);
        hold.let_go();
    }
}

impl Watch for Mark {
    fn ended(self) {
        match self {
            Mark::Received(record) => _ = record.raise(Flag::BodyRead),
            Mark::Answer(link) => Mark::finish(&link.record, Finish::Whole),
            Mark::PassedOn(passed) => passed.tell(Mark::ended),
            Mark::Response { record, hold } => Mark::read(&record, hold, Finish::Whole),
            #[cfg(feature = "reqwest")]
            Mark::Hidden(exchange) => exchange.finish(Finish::Whole),
        }
    }

    fn failed(self) {
        match self {
            Mark::Received(_) => {}
            Mark::Answer(link) => {
                link.record.see(EndCause::HandlerFailed);
                Mark::finish(&link.record, Finish::Cut);
            }
            // What made it fail, the socket tells.
            Mark::PassedOn(passed) => passed.tell(Mark::failed),
            Mark::Response { record, hold } => Mark::read(&record, hold, Finish::Cut),
            #[cfg(feature = "reqwest")]
            Mark::Hidden(exchange) => exchange.finish(Finish::Cut),
        }
    }

    fn dropped(self) {
        match self {
            Mark::Received(record) => record.see(EndCause::UnreadRequestBody),
            Mark::Answer(link) => {
                let record = &link.record;
                // The server below gives an answer up when its connection is gone. One of which it wrote all
                // that its `Content-Length` announces, it drops unasked for its end (hyper 1.12).
                let is_gone = record.is(Flag::Gone) || record.course().closer().is_some();
                Mark::finish(record, if is_gone { Finish::Cut } else { Finish::Whole });
            }
            Mark::Response { record, hold } => {
                record.see(EndCause::DroppedResponseBody);
                Mark::read(&record, hold, Finish::Left);
            }
            #[cfg(feature = "reqwest")]
            Mark::Hidden(exchange) => exchange.drop_body(),
            Mark::PassedOn(passed) => passed.tell(Mark::dropped),
        }
    }

    #[cold]
    fn trailers(&self, trailers: &mut HeaderMap) {
        if let Mark::PassedOn(passed) = self {
            passed.came.strip_trailers(trailers);
        }
    }
}

// === impl PassedOn ===

impl PassedOn {
    #[cold]
    fn tell(self, how: impl FnOnce(Mark)) {
        self.mark.map(how);
    }
}
