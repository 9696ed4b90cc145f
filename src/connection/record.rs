mod bytes;
mod exchange;
mod flag;
mod graceful;

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::Waker;
use std::time::{Duration, Instant};

use http::Version;

pub(crate) use self::exchange::{Finish, Turn};
pub(crate) use self::flag::Flag;
use super::course::{Course, Event, Phase};
use super::dialler::Dialler;
use super::ends::{Addresses, Ends};
use super::last::Last;
use super::standing::{Changes, Kind, Standing};
use super::window::{RouteCache, Served, nanos};
use super::{AtDial, Closer, EndCause, Ending, Party, Side, State};
use crate::clock::Clock;
use crate::lint::{Circumstances, RequestBody};

/// What is known of one connection: one small allocation, written without a lock by whoever sees
/// something of it.
///
/// Everything in it is a count, a flag or a time of its own, and the course is one word: no
/// reader draws a conclusion from two of them that a write in between could spoil. So all
/// accesses are relaxed.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) id: u64,
    pub(crate) side: Side,
    /// For the shell, which asks it; nothing in here does.
    pub(crate) clock: Clock,
    pub(crate) opened: Instant,
    /// The same, in nanoseconds after the epoch of the lint's windows.
    pub(crate) born: u64,
    ends: Ends,
    /// How long the dial took, outbound.
    pub(crate) dial: Option<Duration>,
    /// What the kernel had counted then.
    pub(crate) at_dial: Option<AtDial>,
    pub(crate) dialler: Option<Arc<Dialler>>,
    party: OnceLock<Party>,
    course: AtomicU64,
    flags: AtomicU32,
    version: AtomicU8,
    standing: Standing,
    in_flight: AtomicU32,
    /// Among the live ones of its party, under their lock.
    place: AtomicU32,
    requests: AtomicU64,
    /// When the last exchange began or ended: nanoseconds after it was opened.
    touched: AtomicU64,
    /// Inbound when a read was polled in vain; outbound when the handshake of TLS ended, where the dial
    /// was over before it. As much after it was opened.
    polled: AtomicU64,
    /// How long it had been idle before the request under way, outbound: in nanoseconds.
    rested: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    pub(crate) served: Served,
    /// The routes of late, by path.
    pub(crate) paths: RouteCache,
    /// Of the last request: see [`Last`].
    last: AtomicU32,
    /// The last request whose route was counted.
    routed: AtomicU64,
    /// Of the task that serves it, where that can end it gracefully.
    server: Mutex<Option<Waker>>,
    /// What code excepts for the last request, as bits that the shell gives a meaning.
    excepted: AtomicU64,
}

/// A connection that is gone answers so soon with a reset, though a packet is lost.
const SOON: Duration = Duration::from_secs(1);

/// A SYN is sent again after a second, by a timer that is about as exact as this.
const SYN_TIMEOUT: Duration = Duration::from_millis(900);

/// A drop so soon after a poll in vain is the poller's doing.
const JUST_NOW: Duration = Duration::from_millis(5);

/// The number of the next one of the process, so that no two lints in it name the same connection.
static NEXT: AtomicU64 = AtomicU64::new(FIRST);

const FIRST: u64 = 1;

// === impl Record ===

impl Record {
    /// Whether this process made any: where not, no request tells of one.
    #[inline]
    pub(crate) fn exist() -> bool {
        NEXT.load(Ordering::Relaxed) != FIRST
    }

    pub(crate) fn new(side: Side, clock: Clock, opened: Instant, addresses: Addresses) -> Record {
        Record {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            side,
            clock,
            opened,
            born: 0,
            ends: addresses.into(),
            dial: None,
            at_dial: None,
            dialler: None,
            party: OnceLock::new(),
            course: AtomicU64::new(Course::START.bits()),
            flags: AtomicU32::new(0),
            version: AtomicU8::new(0),
            standing: Standing::default(),
            in_flight: AtomicU32::new(0),
            place: AtomicU32::new(u32::MAX),
            requests: AtomicU64::new(0),
            touched: AtomicU64::new(0),
            polled: AtomicU64::new(0),
            rested: AtomicU64::new(0),
            bytes_in: AtomicU64::new(0),
            bytes_out: AtomicU64::new(0),
            served: Served::default(),
            paths: RouteCache::default(),
            last: AtomicU32::new(0),
            routed: AtomicU64::new(0),
            server: Mutex::new(None),
            excepted: AtomicU64::new(0),
        }
    }

    /// Both its ends.
    pub(crate) fn addresses(&self) -> Addresses {
        self.ends.addresses()
    }

    /// When it was opened, by the windows that it counts in.
    pub(crate) fn born(mut self, nanos: u64) -> Record {
        self.born = nanos;
        self
    }

    /// A connection of a client: how long its dial took, and whose it is.
    pub(crate) fn dialled(mut self, dialler: Arc<Dialler>, dial: Duration) -> Record {
        self.dialler = Some(dialler);
        self.dial = Some(dial);
        self
    }

    /// What the kernel knows of its dial.
    #[cfg(feature = "hyper-util")]
    pub(crate) fn counted(self, at_dial: Option<AtDial>) -> Record {
        Record { at_dial, ..self }
    }

    /// Whether the dial was dropped on its way: its SYN was sent again, and that took its time. A
    /// fast dial, too, may have sent one twice behind a NAT.
    pub(crate) fn is_syn_retransmitted(&self) -> bool {
        let is_slow = self.dial.is_some_and(|dial| dial >= SYN_TIMEOUT);
        is_slow && self.at_dial.is_some_and(|at_dial| at_dial.syn_retransmitted == Some(true))
    }

    /// Whether its client shows no more of it than its dial and the responses that come on it.
    #[inline]
    pub(crate) fn hides_end(&self) -> bool {
        self.dialler.as_ref().is_some_and(|dialler| dialler.hides_ends())
    }

    #[inline]
    pub(crate) fn party(&self) -> Option<&Party> {
        self.party.get()
    }

    /// Says who is at the other end; the first word counts. Whether this was it.
    pub(crate) fn meet(&self, party: Party) -> bool {
        self.party.set(party).is_ok()
    }

    #[inline]
    pub(crate) fn course(&self) -> Course {
        Course::from_bits(self.course.load(Ordering::Relaxed))
    }

    /// Takes an event in; returns the course before it.
    #[inline]
    pub(crate) fn note(&self, event: Event) -> Course {
        // Not `fetch_update`, which the compiler leaves a call, with the event looked at in it.
        let mut before = self.course();
        loop {
            let after = before.after(event).bits();
            // Whoever sees an event sees what was counted before it.
            let (seen, order) = (before.bits(), Ordering::AcqRel);
            match self.course.compare_exchange_weak(seen, after, order, Ordering::Relaxed) {
                Ok(_) => return before,
                Err(other) => before = Course::from_bits(other),
            }
        }
    }

    pub(crate) fn see(&self, cause: EndCause) {
        self.note(Event::Seen(cause));
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(crate) fn bytes(&self) -> (u64, u64) {
        (self.bytes_in.load(Ordering::Relaxed), self.bytes_out.load(Ordering::Relaxed))
    }

    /// When an exchange last began or ended.
    pub(crate) fn touched(&self) -> Instant {
        self.after(self.touched.load(Ordering::Relaxed))
    }

    /// So many nanoseconds after it was opened, as far as a clock that jumps lets that be said.
    pub(crate) fn after(&self, nanos: u64) -> Instant {
        self.opened.checked_add(Duration::from_nanos(nanos)).unwrap_or(self.opened)
    }

    pub(crate) fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.opened)
    }

    /// Where it stands among the live ones of its party.
    pub(super) fn place(&self) -> usize {
        self.place.load(Ordering::Relaxed) as usize
    }

    pub(super) fn stands_at(&self, place: usize) {
        self.place.store(u32::try_from(place).unwrap_or(u32::MAX), Ordering::Relaxed);
    }

    /// Whether a request is under way, or was at some time after this instant.
    pub(crate) fn is_in_use_since(&self, since: Instant) -> bool {
        self.in_flight() > 0
            || self.course().phase().is_active()
            || self.is(Flag::JustEnded)
            || self.touched() >= since
    }

    /// Whether a pool may have had it as free at some time after this instant: its next request
    /// may be on its way since, and its last response to a caller that did not read it yet.
    pub(crate) fn was_pooled_since(&self, since: Instant) -> bool {
        self.course().phase() == Phase::Idle || self.is_awaited() || self.touched() >= since
    }

    /// Whether a request is under way on it, as far as can be told.
    pub(crate) fn state(&self) -> State {
        let phase = self.course().phase();
        let active = self.in_flight() > 0 || phase.is_active() || phase == Phase::Tunnel;
        if active { State::Active } else { State::Idle }
    }

    /// Counts it among the open connections as what it is now.
    pub(crate) fn stand(&self, changes: &mut Changes) {
        if self.is(Flag::Closed) {
            self.standing.leave(changes);
        } else if !self.hides_end() {
            self.standing.enter(Kind::new(self.version(), self.state()), changes);
        }
    }

    /// How long no exchange has begun or ended.
    pub(crate) fn idle(&self, now: Instant) -> Duration {
        if self.is(Flag::JustEnded) {
            return Duration::ZERO;
        }
        now.saturating_duration_since(self.touched())
    }

    pub(crate) fn version(&self) -> Option<Version> {
        match self.version.load(Ordering::Relaxed) {
            1 => Some(Version::HTTP_10),
            2 => Some(Version::HTTP_11),
            3 => Some(Version::HTTP_2),
            4 => Some(Version::HTTP_3),
            _ => None,
        }
    }

    #[inline]
    pub(crate) fn speaks(&self, version: Version) {
        let version = match version {
            Version::HTTP_10 => 1,
            Version::HTTP_11 => 2,
            Version::HTTP_2 => 3,
            Version::HTTP_3 => 4,
            _ => 0,
        };
        self.version.store(version, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn is_multiplexed(&self) -> bool {
        self.version.load(Ordering::Relaxed) >= 3
    }

    #[inline]
    pub(crate) fn is(&self, flag: Flag) -> bool {
        self.flags.load(Ordering::Relaxed) & flag as u32 != 0
    }

    #[inline]
    pub(crate) fn is_any(&self, one: Flag, other: Flag) -> bool {
        self.flags.load(Ordering::Relaxed) & (one as u32 | other as u32) != 0
    }

    /// Raises a flag; returns whether it was up before.
    #[inline]
    pub(crate) fn raise(&self, flag: Flag) -> bool {
        self.flags.fetch_or(flag as u32, Ordering::Relaxed) & flag as u32 != 0
    }

    /// Lowers a flag; returns whether it was up before.
    pub(crate) fn lower(&self, flag: Flag) -> bool {
        self.flags.fetch_and(!(flag as u32), Ordering::Relaxed) & flag as u32 != 0
    }

    /// Where the last request went.
    pub(crate) fn last(&self) -> Last {
        Last::from_bits(self.last.load(Ordering::Relaxed))
    }

    #[inline]
    pub(crate) fn went(&self, last: Last) {
        self.last.store(last.bits(), Ordering::Relaxed);
    }

    /// Whether the route of this request is still to be counted: the first layer to ask does.
    pub(crate) fn takes_route(&self, request: u64) -> bool {
        self.routed.fetch_max(request, Ordering::Relaxed) < request
    }

    /// Excepts something for the request that is under way.
    pub(crate) fn except(&self, bits: u64) {
        self.excepted.fetch_or(bits, Ordering::Relaxed);
    }

    pub(crate) fn excepted(&self) -> u64 {
        self.excepted.load(Ordering::Relaxed)
    }

    /// How long it was idle before the request of ours that is under way.
    pub(crate) fn rested(&self) -> Duration {
        Duration::from_nanos(self.rested.load(Ordering::Relaxed))
    }

    /// Whether the peer closed under a request of ours on a connection that served others, and no
    /// byte of a response came. It takes no longer than the connection had rested, or than a
    /// packet may: what takes longer, the request itself may have brought about.
    pub(crate) fn went_stale(&self, now: Instant) -> bool {
        self.requests() > 0
            && self.idle(now) <= self.rested().max(SOON)
            && self.course().closed_in() == Phase::Asked
            && self.course().closer() == Some(Closer::Peer)
            && !self.is(Flag::Stray)
            && !self.is_multiplexed()
    }

    /// What is known around the messages of the request that is under way.
    pub(crate) fn circumstances(&self) -> Circumstances {
        let body = match () {
            () if self.is(Flag::BodyRead) => RequestBody::Read,
            () if self.is(Flag::BodyUnread) => RequestBody::Unread,
            () => RequestBody::Unknown,
        };
        Circumstances {
            draining: self.is(Flag::Draining),
            last_request: self.is(Flag::LastRequest),
            body,
            ..Circumstances::default()
        }
    }

    /// What is known of it as it ends; whoever knows of clients and siblings adds to it.
    pub(crate) fn ending(&self, now: Instant, panicking: bool) -> Ending {
        let polled = Duration::from_nanos(self.polled.load(Ordering::Relaxed));
        let polled = self.age(now).saturating_sub(polled);
        Ending {
            side: self.side,
            course: self.course(),
            requests: self.requests(),
            idle: self.idle(now),
            socket: self.is(Flag::Socket),
            veiled: self.is(Flag::Veiled),
            shaking: self.is(Flag::Shaking),
            sealed: self.is(Flag::Sealed),
            hidden: self.hides_end(),
            polled: polled < JUST_NOW,
            panicking,
            close_asked: self.is(Flag::CloseAsked),
            stray_bytes: self.is(Flag::Stray),
            may_be_asked: self.is(Flag::MayBeRest)
                || self.side == Side::Outbound && (self.is_multiplexed() || self.is(Flag::Shaking)),
            multiplexed: self.is_multiplexed(),
            pool: self.dialler.as_ref().and_then(|dialler| dialler.pool),
            idle_beside: 0,
            client_dropped: self.dialler.as_ref().is_some_and(|dialler| dialler.is_dropped()),
        }
    }

    fn since_opened(&self, now: Instant) -> u64 {
        nanos(self.age(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "reqwest")]
    #[test]
    fn what_a_hidden_request_survived_was_no_cause() {
        let now = Instant::now();
        let (clock, addresses) = (Clock::default(), Addresses::default());
        let record = Record::new(Side::Outbound, clock, now, addresses);
        record.answer_hidden(now, Some(now));
        record.see(EndCause::DroppedResponseBody);
        record.answer_hidden(now, Some(now));
        assert!(!record.course().has_seen(EndCause::DroppedResponseBody), "another came after it");
    }

    #[test]
    fn a_piece_of_a_message_is_no_word_that_the_peer_ends() {
        let now = Instant::now();
        let record = |side| Record::new(side, Clock::default(), now, Addresses::default());
        let is_heeded = |record: &Record| {
            record.read_alert(24);
            record.course().is_peer_ending()
        };
        let client = record(Side::Outbound);
        client.wrote(100, || now);
        client.read(100);
        assert!(!is_heeded(&client), "a response comes in, though no layer saw it yet");
        client.answer(now);
        assert!(!is_heeded(&client), "its body does");
        client.answering();
        client.finish(|| now, Finish::Whole);
        assert!(is_heeded(&client), "nothing is under way");
        client.wrote(100, || now);
        assert!(!client.course().is_peer_ending(), "another request went out");
        assert!(is_heeded(&client), "nothing of its response came");

        let server = record(Side::Inbound);
        assert!(is_heeded(&server), "nothing is under way");
        server.begin(now, Flag::BodyUnread);
        assert!(!is_heeded(&server), "it may be a piece of the request");
    }

    #[test]
    fn a_record_is_small() {
        // With the two counts of its `Arc`.
        let size = size_of::<Record>() + 2 * size_of::<usize>();
        assert!(size <= 360, "{size} bytes");
    }
}
