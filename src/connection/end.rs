use std::time::Duration;

use super::course::{Course, Phase};
use super::{Causes, Closer, EndCause, Pool, Side};

/// How a connection ended.
///
/// ```
/// use tower_conn_lint::connection::{EndCause, End};
///
/// fn is_our_fault(end: &End) -> bool {
///     end.cause == EndCause::UnreadRequestBody
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct End {
    /// The earliest of what was seen that is enough to end it.
    pub cause: EndCause,
    /// What else was seen that would have been enough, or nearly.
    pub beside: Causes,
    /// Who closed it first.
    pub closer: Closer,
    /// How long nothing had passed on it.
    pub idle: Duration,
}

/// All that is known of a connection as it ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending {
    pub(crate) side: Side,
    pub(crate) course: Course,
    pub(crate) requests: u64,
    /// Since the last exchange ended, or since it was opened.
    pub(crate) idle: Duration,
    /// Whether the socket was watched, or only the services above it.
    pub(crate) socket: bool,
    /// Whether nobody could ask the kernel what the peer had sent as we closed: a stream of TLS has
    /// its socket within.
    pub(crate) veiled: bool,
    /// Whether what passed was under TLS, and whether its handshake may not have been over.
    pub(crate) sealed: bool,
    pub(crate) shaking: bool,
    /// Whether the end itself was not seen: only what a message announced is known then.
    pub(crate) hidden: bool,
    /// Whether a read was polled just before the drop: whoever dropped it was running.
    pub(crate) polled: bool,
    /// Whether the thread panics.
    pub(crate) panicking: bool,
    /// Whether a handle or a cure asked for the response's `close`.
    pub(crate) close_asked: bool,
    /// Whether bytes came in since the last request started, or it may be no request at all,
    /// outbound; whether bytes came in and were answered with no request under way, inbound.
    pub(crate) stray_bytes: bool,
    /// Whether a request may be under way of which nothing was seen, or came so, inbound.
    pub(crate) may_be_asked: bool,
    pub(crate) multiplexed: bool,
    pub(crate) pool: Option<Pool>,
    /// Idle connections to the same upstream beside it.
    pub(crate) idle_beside: usize,
    /// Every clone of the client was dropped.
    pub(crate) client_dropped: bool,
}

impl End {
    /// How soon after an exchange a connection ends that ends because of it. hyper decides at
    /// once; the bound is for a busy machine, and below any idle timeout in use.
    pub(crate) const AT_ONCE: Duration = Duration::from_millis(250);

    /// Whether it was gone with its client at the latest.
    pub(crate) fn with_client(&self) -> bool {
        self.cause == EndCause::ClientDropped || self.beside.contains(EndCause::ClientDropped)
    }
}

/// How soon a connection is ended of a body that was dropped, where its client was dropped as well.
const SOON: Duration = Duration::from_millis(5);

/// From here on a wait for a request's head can be a timeout.
const TIMEOUT_AT_LEAST: Duration = Duration::from_millis(10);

// === impl Ending ===

impl Ending {
    /// The cause and the closer.
    pub(crate) fn conclude(&self) -> End {
        let closer = self.closer();
        let cause = self.cause(closer);
        End { cause, beside: self.course.causes().without(cause), closer, idle: self.idle }
    }

    fn closer(&self) -> Closer {
        // Dropped without a word: the kernel closes it.
        match self.course.closer().unwrap_or(Closer::Local) {
            _ if !self.socket => Closer::Unknown,
            Closer::Local if self.veiled && self.was_awaited() => Closer::Unknown,
            closer => closer,
        }
    }

    /// Whether the peer knew of the end, and may have been first. Of a client of HTTP/2 nobody hears
    /// that it is leaving.
    fn was_awaited(&self) -> bool {
        let is_drained =
            |cause| cause == EndCause::Drain && (self.multiplexed || self.idle < End::AT_ONCE);
        self.course.log().any(|cause| cause.is_announced() || is_drained(cause))
            || self.multiplexed && self.side == Side::Inbound
    }

    fn cause(&self, closer: Closer) -> EndCause {
        let sufficient = self.course.log().find(|cause| self.suffices(*cause, closer));
        if self.hidden {
            return sufficient.unwrap_or(EndCause::Unknown);
        }
        sufficient.or_else(|| self.goodbye()).unwrap_or_else(|| match (self.side, closer) {
            (_, Closer::Local) if self.panicking && self.course.phase().is_active() => {
                EndCause::HandlerFailed
            }
            (_, Closer::Local) if self.course.is_peer_ending() => self.closed_on_word(),
            (Side::Inbound, Closer::Local) => self.closed_by_server(),
            _ if self.may_be_asked && closer != Closer::Local => EndCause::Unknown,
            (Side::Outbound, Closer::Local) => self.closed_by_client(),
            _ if self.requests == 0 && self.course.closed_in() == Phase::Idle => {
                EndCause::NeverUsed
            }
            _ => EndCause::Unknown,
        })
    }

    /// Whether what was seen is enough to end the connection, as it ended.
    fn suffices(&self, cause: EndCause, closer: Closer) -> bool {
        let at_once = self.idle < End::AT_ONCE;
        if self.hidden && !cause.is_announced() {
            return false;
        }
        match cause {
            // These end it once the exchange is over, and not before.
            EndCause::RequestClose
            | EndCause::ResponseClose
            | EndCause::Http10
            | EndCause::CloseDelimited
            | EndCause::MaxRequests
            | EndCause::MaxAge
            | EndCause::Drain
            | EndCause::GracefulClose => {
                let closed_in = self.course.closed_in();
                self.requests > 0 && !closed_in.is_active() && closed_in != Phase::Tunnel
            }
            // The library below ends it once all streams did, of which callers may read on.
            EndCause::GoAway => closer == Closer::Local || !self.course.closed_in().is_active(),
            EndCause::UnreadRequestBody if self.ends_anyway() => false,
            // What hyper had read already, it reads away, and its connection ends with the client.
            EndCause::DroppedResponseBody if self.client_dropped && self.idle >= SOON => false,
            // The library below may read the rest away and go on.
            EndCause::UnreadRequestBody
            | EndCause::DroppedResponseBody
            | EndCause::DroppedRequest => {
                let is_ours = closer != Closer::Peer || self.course.is_leaving();
                !self.multiplexed && at_once && is_ours
            }
            EndCause::HandlerFailed => !self.multiplexed,
            EndCause::PeerClosedIdle => {
                self.requests > 0 && !self.may_be_asked && self.goodbye().is_none()
            }
            EndCause::PeerClosedActive => !self.may_be_preface(),
            _ => true,
        }
    }

    /// Whether our server ends it, though it read the whole request away: its handler failed, and left
    /// the body behind by that, or said `close`.
    fn ends_anyway(&self) -> bool {
        let panics = self.panicking && self.course.phase().is_active();
        let says_close = self.course.has_seen(EndCause::ResponseClose) && !self.close_asked;
        panics || says_close || self.course.has_seen(EndCause::HandlerFailed)
    }

    /// The peer said that it ends, and we were faster.
    fn closed_on_word(&self) -> EndCause {
        match self.course.closed_in() {
            Phase::Idle | Phase::Left if self.requests == 0 => EndCause::NeverUsed,
            Phase::Idle | Phase::Left => EndCause::PeerClosedIdle,
            Phase::Asked | Phase::Answering if !self.may_be_preface() => EndCause::PeerClosedActive,
            _ => EndCause::Unknown,
        }
    }

    /// Whether what looks like a request may be the beginning of HTTP/2, of which TLS shows nothing.
    fn may_be_preface(&self) -> bool {
        self.sealed && self.side == Side::Outbound && self.requests == 0
    }

    fn closed_by_server(&self) -> EndCause {
        let dropped = !self.course.is_shut_down();
        let decided = self.course.log().find(|cause| cause.outlasts_requests());
        match self.course.closed_in() {
            Phase::Idle | Phase::Left if self.shaking => EndCause::Unknown,
            Phase::Idle | Phase::Left if dropped => match decided {
                _ if self.polled && self.idle >= TIMEOUT_AT_LEAST => EndCause::HeaderTimeout,
                Some(cause) => cause,
                None if self.requests == 0 && !self.may_be_asked => EndCause::NeverUsed,
                None => EndCause::Unknown,
            },
            Phase::Idle | Phase::Left => match decided {
                _ if self.stray_bytes && !self.multiplexed => EndCause::BadRequest,
                Some(cause) => cause,
                None if self.requests == 0 && self.may_be_asked => EndCause::Unknown,
                None if self.requests == 0 => EndCause::NeverUsed,
                None => EndCause::ClosedIdleLocal,
            },
            _ => EndCause::Unknown,
        }
    }

    fn closed_by_client(&self) -> EndCause {
        match self.course.closed_in() {
            Phase::Idle | Phase::Left if self.may_be_asked && !self.multiplexed => {
                EndCause::Unknown
            }
            Phase::Asked if !self.stray_bytes && !self.multiplexed && !self.may_be_preface() => {
                EndCause::DroppedRequest
            }
            // A response may be on its way to who asked.
            Phase::Idle | Phase::Left if self.requests == 0 && self.multiplexed => {
                EndCause::Unknown
            }
            Phase::Idle | Phase::Left if self.requests == 0 => EndCause::NeverUsed,
            Phase::Idle | Phase::Left => self.closed_by_pool(),
            _ => EndCause::Unknown,
        }
    }

    /// Why a client left that said so before it closed, by GOAWAY or under TLS, upon which its peer was
    /// the first to close.
    fn goodbye(&self) -> Option<EndCause> {
        let course = self.course;
        let says_so = self.side == Side::Outbound && (self.multiplexed || self.sealed);
        let has_said = says_so && course.is_leaving() && course.is_shut_down();
        if !has_said || course.is_peer_ending() || course.closer() != Some(Closer::Peer) {
            return None;
        }
        let cause = self.closed_by_client();
        matches!(cause, EndCause::ClientDropped | EndCause::IdleTimeout).then_some(cause)
    }

    /// A pool's reasons look alike at the socket: one of them is named only where it was seen, or
    /// where the declared settings explain it.
    fn closed_by_pool(&self) -> EndCause {
        let Some(pool) = self.pool else {
            return if self.client_dropped {
                EndCause::ClientDropped
            } else {
                EndCause::ClosedIdleLocal
            };
        };
        match () {
            () if self.idle >= pool.idle_timeout => EndCause::IdleTimeout,
            () if self.client_dropped => EndCause::ClientDropped,
            () if self.idle < End::AT_ONCE && self.idle_beside >= pool.max_idle => {
                EndCause::PoolFull
            }
            () => EndCause::ClosedIdleLocal,
        }
    }
}

#[cfg(test)]
mod tests;
