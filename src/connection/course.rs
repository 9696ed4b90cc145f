use super::{Causes, Closer, EndCause};

/// How far a connection has come, and what was seen on it that may end it, in the order in which
/// it was seen: 64 bits, so that it fits one atomic.
///
/// A candidate that another request survived was none: each request starts with an empty log, but
/// for what was decided on the connection as a whole.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Course(u64);

/// What happens on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// Inbound the server called its service, outbound the first byte of a request was written.
    RequestStarted,
    /// A part of an exchange after which the connection may, or must, end.
    Seen(EndCause),
    /// The head of a response, whose body is watched.
    ResponseStarted,
    /// The head of a response, whose body nobody watches.
    ResponseUnwatched,
    /// The last response that was under way passed, to its end.
    ResponseEnded,
    /// A response's body was given up before its end.
    ResponseLeft,
    /// The connection went on in another protocol.
    Upgraded,
    /// The peer said within TLS that it ends.
    PeerEnding,
    /// The peer's end was read.
    Eof,
    /// Reading or writing failed: the peer reset the connection, or something else.
    Failed {
        /// It was the peer's doing.
        reset: bool,
    },
    /// We end the connection, and saw no end of the peer's yet.
    Leaving,
    /// We shut the connection down.
    ShutDown,
    /// What was under way as the end was seen went on after it: a client's code reads a response
    /// later than the library below, which may have closed by then.
    Settled,
}

/// Where in an exchange a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    /// No request is under way.
    Idle,
    /// A request is under way, and no response has begun.
    Asked,
    /// A response is under way.
    Answering,
    /// A response has begun, and nobody watches where its body ends.
    Unwatched,
    /// A response's body was given up: what becomes of the rest, the library below decides.
    Left,
    /// No longer HTTP.
    Tunnel,
}

// === impl Course ===

// From the low end: 4 bits of phase, 4 of the phase at the first sign of the end, 2 of who
// closed first, 1 for our own shutdown, 1 for the peer's word that it ends, 1 for our leaving; from
// bit 16 the log.
const CLOSED_IN: u32 = 4;
const CLOSER: u32 = 8;
const SHUT_DOWN: u64 = 1 << 10;
const PEER_ENDING: u64 = 1 << 11;
const LEAVING: u64 = 1 << 12;
const LOG: u32 = 16;

/// A cause in the log: its number plus one, so that zero is an empty place.
const ENTRY: u32 = 5;
const ENTRIES: u32 = 9;

impl Course {
    pub(crate) const START: Course = Course(0);

    pub(crate) const fn from_bits(bits: u64) -> Course {
        Course(bits)
    }

    pub(crate) const fn bits(self) -> u64 {
        self.0
    }

    /// The course after an event.
    #[must_use]
    #[inline]
    pub(crate) fn after(self, event: Event) -> Course {
        match event {
            Event::RequestStarted => {
                let fresh = Course(self.0 & ((1 << LOG) - 1) & !PEER_ENDING).at(Phase::Asked);
                if self.0 >> LOG == 0 { fresh } else { self.outlasting(fresh) }
            }
            // What was given up after the end can't have led to it.
            Event::Seen(
                EndCause::UnreadRequestBody
                | EndCause::DroppedResponseBody
                | EndCause::DroppedRequest,
            ) if self.closer().is_some() => self,
            Event::Seen(cause) => self.noting(cause),
            Event::ResponseStarted => self.at(Phase::Answering),
            Event::ResponseUnwatched => self.at(Phase::Unwatched),
            Event::ResponseEnded => self.at(Phase::Idle),
            Event::ResponseLeft => self.at(Phase::Left),
            Event::Upgraded => self.at(Phase::Tunnel).noting(EndCause::Upgrade),
            Event::PeerEnding => Course(self.0 | PEER_ENDING),
            Event::Eof => self.noting_eof().closing(Closer::Peer),
            Event::Failed { reset: true } => self.noting(EndCause::Reset).closing(Closer::Peer),
            Event::Failed { reset: false } => {
                self.noting(EndCause::IoError).closing(Closer::Unknown)
            }
            Event::Leaving => Course(self.0 | LEAVING),
            Event::ShutDown => Course(self.0 | SHUT_DOWN).closing(Closer::Local),
            Event::Settled => self.settled(),
        }
    }

    #[inline]
    pub(crate) fn phase(self) -> Phase {
        Phase::from_bits(self.0)
    }

    /// The phase at the first sign of the end; the present one where there was none.
    pub(crate) fn closed_in(self) -> Phase {
        if self.closer().is_some() { Phase::from_bits(self.0 >> CLOSED_IN) } else { self.phase() }
    }

    /// Who gave the first sign of the end.
    #[inline]
    pub(crate) fn closer(self) -> Option<Closer> {
        match self.0 >> CLOSER & 0b11 {
            0 => None,
            1 => Some(Closer::Local),
            2 => Some(Closer::Peer),
            _ => Some(Closer::Unknown),
        }
    }

    /// Whether we shut it down.
    pub(crate) fn is_shut_down(self) -> bool {
        self.0 & SHUT_DOWN != 0
    }

    /// Whether we were ending it before an end of the peer's was seen.
    pub(crate) fn is_leaving(self) -> bool {
        self.0 & LEAVING != 0
    }

    /// Whether the peer said that it ends, and no request began after that.
    pub(crate) fn is_peer_ending(self) -> bool {
        self.0 & PEER_ENDING != 0
    }

    /// What was seen, in its order.
    pub(crate) fn log(self) -> impl Iterator<Item = EndCause> {
        (0..ENTRIES).map_while(move |place| {
            let entry = self.0 >> (LOG + place * ENTRY) & ((1 << ENTRY) - 1);
            entry.checked_sub(1).and_then(|cause| EndCause::ALL.get(cause as usize).copied())
        })
    }

    #[inline]
    pub(crate) fn has_seen(self, cause: EndCause) -> bool {
        self.0 >> LOG != 0 && self.log_has(cause)
    }

    fn log_has(self, cause: EndCause) -> bool {
        self.log().any(|seen| seen == cause)
    }

    pub(crate) fn causes(self) -> Causes {
        self.log().collect()
    }

    #[inline]
    fn at(self, phase: Phase) -> Course {
        // A tunnel is no more HTTP, whatever still comes in from the exchange that opened it.
        if self.0 & 0b1111 == Phase::Tunnel as u64 {
            return self;
        }
        Course(self.0 & !0b1111 | phase as u64)
    }

    /// With what one more request does not survive.
    fn outlasting(self, fresh: Course) -> Course {
        self.log().filter(|cause| cause.outlasts_requests()).fold(fresh, Course::noting)
    }

    /// As if the end had been seen in the present phase.
    fn settled(self) -> Course {
        let Some(closer) = self.closer() else { return self };
        let closed_in = (self.phase() as u64) << CLOSED_IN;
        let rest = Course(self.0 & ((1 << LOG) - 1) & !(0b1111 << CLOSED_IN) | closed_in);
        let is_eof = |cause| matches!(cause, EndCause::PeerClosedActive | EndCause::PeerClosedIdle);
        let others = self.log().filter(|cause| !is_eof(*cause)).fold(rest, Course::noting);
        let was_eof = closer == Closer::Peer && !self.has_seen(EndCause::Reset);
        if was_eof { others.noting_eof() } else { others }
    }

    fn noting_eof(self) -> Course {
        match self.phase() {
            Phase::Asked | Phase::Answering => self.noting(EndCause::PeerClosedActive),
            Phase::Idle | Phase::Left => self.noting(EndCause::PeerClosedIdle),
            // Which of the two, nobody saw.
            Phase::Unwatched | Phase::Tunnel => self,
        }
    }

    fn closing(self, closer: Closer) -> Course {
        if self.closer().is_some() {
            return self;
        }
        let closer: u64 = match closer {
            Closer::Local => 1,
            Closer::Peer => 2,
            Closer::Both | Closer::Unknown => 3,
        };
        Course(self.0 | closer << CLOSER | (self.phase() as u64) << CLOSED_IN)
    }

    /// With a cause in the log, once; a full log takes no more.
    fn noting(self, cause: EndCause) -> Course {
        let mut places = 0;
        for seen in self.log() {
            if seen == cause {
                return self;
            }
            places += 1;
        }
        if places == ENTRIES {
            return self;
        }
        Course(self.0 | (cause as u64 + 1) << (LOG + places * ENTRY))
    }
}

impl std::fmt::Debug for Course {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Course")
            .field("phase", &self.phase())
            .field("closer", &self.closer())
            .field("log", &self.log().collect::<Vec<_>>())
            .finish()
    }
}

// === impl Phase ===

impl Phase {
    fn from_bits(bits: u64) -> Phase {
        match bits & 0b1111 {
            0 => Phase::Idle,
            1 => Phase::Asked,
            2 => Phase::Answering,
            3 => Phase::Unwatched,
            4 => Phase::Left,
            _ => Phase::Tunnel,
        }
    }

    /// Whether an exchange is surely under way.
    pub(crate) fn is_active(self) -> bool {
        matches!(self, Phase::Asked | Phase::Answering)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(events: &[Event]) -> Course {
        events.iter().fold(Course::START, |course, event| course.after(*event))
    }

    #[test]
    fn each_request_starts_with_an_empty_log_but_for_what_ends_the_connection_anyway() {
        let survived = [
            Event::RequestStarted,
            Event::Seen(EndCause::UnreadRequestBody),
            Event::ResponseEnded,
            Event::RequestStarted,
        ];
        assert_eq!(course(&survived).log().count(), 0, "what a request survived was no cause");
        for cause in [EndCause::Drain, EndCause::GracefulClose] {
            let decided = [Event::Seen(cause), Event::RequestStarted];
            assert!(course(&decided).has_seen(cause), "{cause} ends it all the same");
        }
    }

    #[test]
    fn the_first_sign_of_the_end_decides_over_closer_and_phase() {
        for (events, closer, phase) in [
            (&[Event::Eof, Event::ShutDown][..], Closer::Peer, Phase::Idle),
            (&[Event::ShutDown, Event::Eof], Closer::Local, Phase::Idle),
            (
                &[Event::RequestStarted, Event::Eof, Event::ResponseEnded],
                Closer::Peer,
                Phase::Asked,
            ),
            (&[Event::Failed { reset: true }, Event::ShutDown], Closer::Peer, Phase::Idle),
            (&[Event::Failed { reset: false }], Closer::Unknown, Phase::Idle),
        ] {
            let course = course(events);
            assert_eq!(course.closer(), Some(closer), "{events:?}");
            assert_eq!(course.closed_in(), phase, "{events:?}");
        }
    }

    #[test]
    fn the_log_keeps_order_takes_each_cause_once_and_never_overflows() {
        let mut course = Course::START;
        for cause in EndCause::ALL.iter().chain(EndCause::ALL) {
            course = course.after(Event::Seen(*cause));
        }
        let seen: Vec<EndCause> = course.log().collect();
        assert_eq!(seen, EndCause::ALL[..ENTRIES as usize], "the first ones stay");
        assert_eq!(course.phase(), Phase::Idle, "and nothing else is touched");
        assert_eq!(course.closer(), None, "nothing closed it");
    }

    #[test]
    fn a_tunnel_stays_one() {
        let course = course(&[Event::RequestStarted, Event::Upgraded, Event::ResponseEnded]);
        assert_eq!(course.phase(), Phase::Tunnel, "the end of the answer is not the tunnel's");
        assert!(course.has_seen(EndCause::Upgrade), "it is why the connection is no more HTTP");
    }
}
