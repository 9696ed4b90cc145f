//! What is written down of exchanges, as their parts pass.

use std::sync::atomic::Ordering;
use std::time::Instant;

use super::{Flag, Record};
use crate::connection::course::{Course, Event, Phase};
use crate::connection::last::Last;
use crate::connection::window::nanos;
use crate::connection::{EndCause, Side};

/// A request on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    /// Counted from one.
    pub(crate) number: u64,
    /// How long no request had been under way before it, in nanoseconds.
    pub(crate) idle: u64,
    /// How old the connection was as it began, or as its response came, in nanoseconds.
    pub(crate) age: u64,
    /// A message before it said that the connection ends.
    pub(crate) after_close: bool,
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    /// The response passed to its end.
    Whole,
    /// Its body was given up, and the library below may still read the rest.
    Left,
    /// It can't go on.
    Cut,
}

impl Record {
    /// A server called its service with a request, of whose body this is known.
    #[inline(always)]
    pub(crate) fn begin(&self, now: Instant, body: Flag) -> Turn {
        const OF_REQUEST: u32 = Flag::BodyUnread as u32
            | Flag::BodyRead as u32
            | Flag::CloseAsked as u32
            | Flag::Cured as u32
            | Flag::ReadIdle as u32
            | Flag::JustEnded as u32
            | Flag::MayBeRest as u32
            | Flag::Stray as u32
            | Flag::Shaking as u32
            | Flag::Rests as u32;
        let age = self.since_opened(now);
        let flags = self.flags.load(Ordering::Relaxed);
        let idle = match flags & Flag::JustEnded as u32 {
            0 => age.saturating_sub(self.touched.load(Ordering::Relaxed)),
            _ => 0,
        };
        let others = OF_REQUEST & !(body as u32);
        if flags & others != 0 {
            self.flags.fetch_and(!others, Ordering::Relaxed);
        }
        if flags & body as u32 == 0 {
            self.raise(body);
        }
        // What was told of the request before is not true of this one.
        self.went(Last::Unknown);
        self.excepted.store(0, Ordering::Relaxed);
        // Counted first, for a stream that ends meanwhile.
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        let after_close = said_close(self.note(Event::RequestStarted));
        Turn { number: self.next(), idle, age, after_close }
    }

    /// The head of a response to a request of ours came.
    pub(crate) fn answer(&self, now: Instant) -> Turn {
        if self.is_multiplexed() {
            self.note(Event::RequestStarted);
        } else if self.is(Flag::MayBeRest) {
            self.lower(Flag::MayBeRest);
            self.ask_anew();
        }
        let idle = self.rested.load(Ordering::Relaxed);
        let after_close = self.is(Flag::AfterClose);
        self.note(Event::ResponseUnwatched);
        self.settle();
        Turn { number: self.next(), idle, age: self.since_opened(now), after_close }
    }

    /// The same, where nobody saw the request being written: when it began is known or not.
    #[cfg(feature = "reqwest")]
    pub(crate) fn answer_hidden(&self, now: Instant, began: Option<Instant>) -> Turn {
        let rested = began.map(|began| began.saturating_duration_since(self.touched()));
        self.rested.store(rested.map_or(0, nanos), Ordering::Relaxed);
        self.went(Last::Unknown);
        self.note(Event::RequestStarted);
        self.answer(now)
    }

    /// Whether the request that was answered had content.
    pub(crate) fn had_content(&self, content: bool) {
        if content {
            self.raise(Flag::Content);
        } else if self.is(Flag::Content) {
            self.lower(Flag::Content);
        }
    }

    /// The body of that response is watched from here on.
    pub(crate) fn answering(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.note(Event::ResponseStarted);
        self.settle();
        if let Some(dialler) = &self.dialler {
            dialler.watches_a_body();
        }
    }

    /// An exchange ended: the response passed whole, or was left, or could not be read on.
    ///
    /// What a server has yet to write of a response it writes after that, so its end, and the time
    /// of it, is taken as all of that was flushed.
    pub(crate) fn finish(&self, now: impl FnOnce() -> Instant, how: Finish) {
        let last = self.in_flight.fetch_sub(1, Ordering::Relaxed) == 1;
        // What is left of the response has yet to be written.
        let is_written_later = self.side == Side::Inbound && self.is(Flag::Socket);
        if is_written_later && how == Finish::Whole && !self.is_multiplexed() {
            self.raise(Flag::JustEnded);
            return;
        }
        self.touch(now());
        match how {
            // Streams end each for themselves.
            _ if self.is_multiplexed() => {
                if last {
                    self.note(Event::ResponseEnded);
                    // One that began meanwhile may have been noted before that.
                    if self.in_flight() > 0 {
                        self.note(Event::RequestStarted);
                    }
                }
            }
            Finish::Whole => _ = self.note(Event::ResponseEnded),
            Finish::Left => _ = self.note(Event::ResponseLeft),
            Finish::Cut => {}
        }
        if self.side == Side::Outbound {
            self.settle();
        }
    }

    /// Whether a request is under way that was not answered yet.
    pub(crate) fn is_asked(&self) -> bool {
        self.course().phase() == Phase::Asked
    }

    /// Whether a response may be on its way to who asked, though its socket is gone: of HTTP/1
    /// the library below reads it before its caller does.
    pub(crate) fn is_awaited(&self) -> bool {
        let may_come = match self.course().phase() {
            Phase::Asked => self.is(Flag::Stray),
            Phase::Answering => self.in_flight() > 0,
            // Between two layers of one client, on its way to the outer one.
            Phase::Unwatched => {
                self.dialler.as_ref().is_some_and(|dialler| dialler.watches_bodies())
            }
            Phase::Idle | Phase::Left | Phase::Tunnel => false,
        };
        self.side == Side::Outbound && may_come && !self.is_multiplexed()
    }

    /// All that was to be written has left.
    pub(crate) fn flushed(&self, now: impl FnOnce() -> Instant) {
        if self.is(Flag::JustEnded) {
            self.lower(Flag::JustEnded);
            self.touch(now());
            self.note(Event::ResponseEnded);
        }
    }

    /// Something that may end it, just now: what came before is no idleness.
    pub(crate) fn see_now(&self, cause: EndCause, now: Instant) {
        self.see(cause);
        self.touch(now);
    }

    pub(crate) fn touch(&self, now: Instant) {
        self.touched.store(self.since_opened(now), Ordering::Relaxed);
    }

    /// A client wrote the first byte of a request, or more of one whose response came before it was
    /// written: which of the two, its answer tells.
    pub(super) fn ask(&self, now: Instant) {
        if self.is(Flag::Content) {
            self.raise(Flag::MayBeRest);
        } else {
            self.ask_anew();
        }
        self.lower(Flag::Stray);
        self.rested.store(nanos(self.idle(now)), Ordering::Relaxed);
        self.touch(now);
    }

    /// A request of ours began.
    fn ask_anew(&self) {
        self.went(Last::Unknown);
        match said_close(self.note(Event::RequestStarted)) {
            true => _ = self.raise(Flag::AfterClose),
            false => _ = self.lower(Flag::AfterClose),
        }
    }

    /// An exchange of ours went on after the end was seen.
    fn settle(&self) {
        if self.course().closer().is_some() {
            self.note(Event::Settled);
        }
    }

    /// The number of one more request.
    fn next(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }
}

fn said_close(course: Course) -> bool {
    course.has_seen(EndCause::RequestClose) || course.has_seen(EndCause::ResponseClose)
}
