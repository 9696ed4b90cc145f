use std::time::{Duration, Instant};

#[cfg(feature = "hyper")]
use http::Request;

use crate::connection::{Flag, Record};
#[cfg(feature = "hyper")]
use crate::exchange::{Sent, Shared};
use crate::report::{Phase, RequestPhases};

/// When a request of ours was called, for who takes its time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Called {
    pub(crate) at: Instant,
    /// Nothing where no phases are told.
    may_have_content: Option<bool>,
}

/// The parts of a request that was answered, until its body ends.
#[derive(Debug)]
pub(crate) struct Phases {
    took: [Option<Duration>; Phase::ALL.len()],
    answered: Instant,
}

// === impl Called ===

impl Called {
    #[cfg(feature = "hyper")]
    #[cold]
    pub(crate) fn now<B>(shared: &Shared, request: &Request<B>) -> Box<Called> {
        let may_have_content = shared.phases.then(|| Sent::of(request).may_have_content());
        Box::new(Called { at: shared.clock.now(), may_have_content })
    }

    /// The response came, on a connection that is fresh for it, or isn't known to be.
    pub(crate) fn answered(
        &self,
        record: &Record,
        is_fresh: bool,
        now: Instant,
    ) -> Option<Box<Phases>> {
        let may_have_content = self.may_have_content?;
        let mut phases = Phases::hidden(record, is_fresh, now);
        // A request with content may be written in pieces after another one, and then nobody knows
        // which of them was its first.
        let is_seen = record.is(Flag::Socket) && !record.is_multiplexed();
        let written = record.touched();
        if is_seen && (is_fresh || !may_have_content) && written >= self.at && written <= now {
            phases.took[Phase::Wait as usize] = Some(written - self.at);
            phases.took[Phase::FirstByte as usize] = Some(now - written);
        }
        Some(phases)
    }
}

// === impl Phases ===

impl Phases {
    /// Of a client that hides its sockets, too.
    pub(crate) fn hidden(record: &Record, is_fresh: bool, now: Instant) -> Box<Phases> {
        let mut took = [None; Phase::ALL.len()];
        if is_fresh {
            took[Phase::Dial as usize] = record.dial;
            took[Phase::Tls as usize] = record.handshake();
        }
        Box::new(Phases { took, answered: now })
    }

    /// The body ended.
    pub(crate) fn end<'a>(
        &self,
        record: &'a Record,
        reused: bool,
        now: Instant,
    ) -> RequestPhases<'a> {
        let mut took = self.took;
        took[Phase::Body as usize] = Some(now.saturating_duration_since(self.answered));
        RequestPhases {
            client: record.dialler.as_ref().map(|dialler| dialler.client),
            upstream: record.party(),
            connection: record.id,
            reused,
            took,
        }
    }
}
