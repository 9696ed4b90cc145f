use std::ops::AddAssign;

use super::{IdleEnds, Requests};
use crate::connection::{Closer, End, EndCause, Ended, Pool, Side};

/// What was counted of a caller, an upstream or all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) requests: u64,
    /// Requests that came first on their connection.
    pub(crate) fresh: u64,
    /// Fresh requests whose connection rising concurrency needed.
    pub(crate) excused: u64,
    /// Connections that were opened.
    pub(crate) connections: u32,
    /// Those of them that rising concurrency needed.
    pub(crate) rising: u32,
    pub(crate) dials: u32,
    pub(crate) failed_dials: u32,
    /// Slow dials whose SYN had been sent again.
    pub(crate) syn_retransmitted: u32,
    /// Connections that the peer closed right after a response that did not say so.
    pub(crate) silent: u32,
    /// Connections closed here right after use, for no other reason than a pool's.
    pub(crate) crowded_out: u32,
    /// Clients of ours that were dropped with their connections.
    pub(crate) clients: u32,
    /// How long connections had been idle that the peer closed.
    pub(crate) idle_ends: IdleEnds,
    /// Connections that ended, by [`EndCause`] as a number.
    pub(crate) ended: [u32; EndCause::COUNT],
    /// Connections that ended, by [`Closer`] as a number.
    pub(crate) closers: [u32; Closer::ALL.len()],
}

// === impl Sums ===

impl Sums {
    /// Counts the end of a connection; `pool` is what is declared of the pool that held it.
    pub(crate) fn end(&mut self, ended: &Ended, pool: Option<Pool>) {
        let End { cause, closer, idle, .. } = ended.end;
        grow(&mut self.silent, Sums::is_silent(ended).into());
        grow(&mut self.crowded_out, is_crowded_out(ended, pool).into());
        if cause == EndCause::PeerClosedIdle {
            self.idle_ends.add(idle);
        }
        grow(&mut self.ended[cause as usize], 1);
        grow(&mut self.closers[closer as usize], 1);
    }

    /// Whether the peer closed a connection right after a response that did not say so. A close
    /// of our own tells nothing: hyper says `close` below all layers, and a pool is its owner's.
    pub(crate) fn is_silent(ended: &Ended) -> bool {
        let by_peer = ended.end.cause == EndCause::PeerClosedIdle;
        by_peer && is_at_once(ended) && !ended.is_multiplexed()
    }

    /// How many connections ended.
    pub(crate) fn ends(&self) -> u64 {
        self.ended.iter().map(|times| u64::from(*times)).sum()
    }

    /// Connections that were opened though no more were needed than there had been.
    pub(crate) fn opened_anew(&self) -> u32 {
        self.connections.saturating_sub(self.rising)
    }

    /// Adds requests of connections that have not handed theirs over.
    pub(crate) fn add_requests(&mut self, of: Requests) {
        self.requests = self.requests.saturating_add(of.requests);
        self.fresh = self.fresh.saturating_add(of.fresh);
        self.excused = self.excused.saturating_add(of.excused);
    }

    /// The part about requests, which knows the reuse.
    pub(crate) fn of_requests(&self) -> Requests {
        Requests { requests: self.requests, fresh: self.fresh, excused: self.excused }
    }

    /// [`Requests::reuse`].
    pub(crate) fn reuse(&self) -> Option<f64> {
        self.of_requests().reuse()
    }

    /// [`Requests::reuse_excused`].
    pub(crate) fn reuse_excused(&self) -> Option<f64> {
        self.of_requests().reuse_excused()
    }

    /// How much would be lost with the one who did this. A dial that fails is no connection, but
    /// an upstream that can't be reached is worth its place.
    pub(super) fn weight(&self) -> u64 {
        let rest = u64::from(self.connections) + u64::from(self.failed_dials);
        self.requests.saturating_add(rest)
    }
}

impl AddAssign<&Sums> for Sums {
    fn add_assign(&mut self, other: &Sums) {
        // Taken apart, so that a new field can't be forgotten.
        let Sums {
            requests,
            fresh,
            excused,
            connections,
            rising,
            dials,
            failed_dials,
            syn_retransmitted,
            silent,
            crowded_out,
            clients,
            idle_ends,
            ended,
            closers,
        } = other;
        self.requests = self.requests.saturating_add(*requests);
        self.fresh = self.fresh.saturating_add(*fresh);
        self.excused = self.excused.saturating_add(*excused);
        grow(&mut self.connections, *connections);
        grow(&mut self.rising, *rising);
        grow(&mut self.dials, *dials);
        grow(&mut self.failed_dials, *failed_dials);
        grow(&mut self.syn_retransmitted, *syn_retransmitted);
        grow(&mut self.silent, *silent);
        grow(&mut self.crowded_out, *crowded_out);
        grow(&mut self.clients, *clients);
        self.idle_ends += *idle_ends;
        grow_all(&mut self.ended, ended);
        grow_all(&mut self.closers, closers);
    }
}

/// Whether a connection ended right after it was used.
fn is_at_once(ended: &Ended) -> bool {
    ended.requests > 0 && ended.end.idle < End::AT_ONCE
}

/// Whether a pool let go of a connection right after it was used. What the declared settings
/// don't explain is not the pool's doing.
fn is_crowded_out(ended: &Ended, pool: Option<Pool>) -> bool {
    let by_pool = match pool {
        Some(_) => ended.end.cause == EndCause::PoolFull,
        None => ended.end.cause == EndCause::ClosedIdleLocal,
    };
    ended.side == Side::Outbound && by_pool && is_at_once(ended) && !ended.is_multiplexed()
}

fn grow(count: &mut u32, by: u32) {
    *count = count.saturating_add(by);
}

fn grow_all(counts: &mut [u32], by: &[u32]) {
    for (count, by) in counts.iter_mut().zip(by) {
        grow(count, *by);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::Version;

    use super::*;

    fn ended(side: Side, cause: EndCause, closer: Closer, idle: Duration) -> Ended {
        Ended::example(side, 1, Version::HTTP_11, End::example(cause, closer, idle))
    }

    fn sums(of: u32) -> Sums {
        Sums {
            requests: of.into(),
            fresh: of.into(),
            excused: of.into(),
            connections: of,
            rising: of,
            dials: of,
            failed_dials: of,
            syn_retransmitted: of,
            silent: of,
            crowded_out: of,
            clients: of,
            idle_ends: IdleEnds::default(),
            ended: [of; EndCause::COUNT],
            closers: [of; 4],
        }
    }

    #[test]
    fn every_field_is_added_and_none_overflows() {
        let mut sum = sums(3);
        sum += &sums(4);
        assert_eq!(sum, sums(7));

        let most =
            Sums { requests: u64::MAX, fresh: u64::MAX, excused: u64::MAX, ..sums(u32::MAX) };
        sum += &most;
        assert_eq!(sum, most);
        sum.end(&ended(Side::Inbound, EndCause::Reset, Closer::Peer, Duration::ZERO), None);
        assert_eq!(sum, most);
        assert_eq!(sum.weight(), u64::MAX);
        assert_eq!(sum.ends(), u64::from(u32::MAX) * EndCause::COUNT as u64);
    }

    #[test]
    fn an_end_has_a_cause_and_a_closer() {
        let mut sums = Sums::default();
        for closer in [Closer::Peer, Closer::Unknown] {
            sums.end(&ended(Side::Inbound, EndCause::Reset, closer, Duration::ZERO), None);
        }
        assert_eq!(sums.ended[EndCause::Reset as usize], 2);
        assert_eq!(sums.ends(), 2);
        assert_eq!(sums.closers, [0, 1, 0, 1]);
    }

    #[test]
    fn an_end_is_silent_or_a_pools_only_where_that_was_seen() {
        use Closer::{Local, Peer};
        use EndCause::{ClosedIdleLocal, PeerClosedIdle, PoolFull, ResponseClose};
        use Side::{Inbound, Outbound};

        let (soon, late) = (Duration::from_millis(1), Duration::from_secs(5));
        let pool = Some(Pool::new(Duration::from_secs(90), 1));
        for (side, cause, closer, idle, pool, silent, crowded_out) in [
            (Inbound, PeerClosedIdle, Peer, soon, None, true, false),
            (Outbound, PeerClosedIdle, Peer, soon, None, true, false),
            (Inbound, PeerClosedIdle, Peer, late, None, false, false),
            (Inbound, ResponseClose, Peer, soon, None, false, false),
            // hyper may have said `close` below.
            (Inbound, ClosedIdleLocal, Local, soon, None, false, false),
            (Outbound, ClosedIdleLocal, Local, soon, None, false, true),
            (Outbound, ClosedIdleLocal, Local, late, None, false, false),
            (Outbound, PoolFull, Local, soon, pool, false, true),
            // The declared pool had room for it.
            (Outbound, ClosedIdleLocal, Local, soon, pool, false, false),
        ] {
            let mut sums = Sums::default();
            let ended = ended(side, cause, closer, idle);
            sums.end(&ended, pool);
            assert_eq!(
                (sums.silent, sums.crowded_out),
                (silent.into(), crowded_out.into()),
                "{ended:?}"
            );
        }
        let end = End::example(PeerClosedIdle, Peer, soon);
        assert!(!Sums::is_silent(&Ended::example(Inbound, 0, Version::HTTP_11, end)), "never used");
        assert!(!Sums::is_silent(&Ended::example(Inbound, 9, Version::HTTP_2, end)), "no `close`");
    }
}
