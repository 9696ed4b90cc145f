use std::ops::AddAssign;

use super::Requests;
use crate::connection::{Closer, End, EndCause};

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
    pub(crate) dials: u32,
    pub(crate) failed_dials: u32,
    /// Dials that took so long that a packet was lost, most likely.
    pub(crate) slow_dials: u32,
    /// Connections that ended, by [`EndCause`] as a number.
    /// Closed right after a response that did not say so.
    pub(crate) silent: u32,
    /// Closed here right after use, for no other reason than a pool's.
    pub(crate) crowded_out: u32,
    pub(crate) ended: [u32; EndCause::COUNT],
    /// Connections that ended, by [`Closer`] as a number.
    pub(crate) closers: [u32; Closer::ALL.len()],
}

// === impl Sums ===

impl Sums {
    /// Counts the end of a connection.
    pub(crate) fn end(&mut self, requests: u64, end: &End) {
        let End { cause, closer, .. } = *end;
        grow(&mut self.silent, Sums::is_silent(requests, end).into());
        grow(&mut self.crowded_out, Sums::is_crowded_out(requests, end).into());
        grow(&mut self.ended[cause as usize], 1);
        grow(&mut self.closers[closer as usize], 1);
    }

    /// The part about requests, which knows the reuse.
    /// Whether a connection was closed right after a response that did not say so.
    pub(crate) fn is_silent(requests: u64, end: &End) -> bool {
        let idle = matches!(end.cause, EndCause::PeerClosedIdle | EndCause::ClosedIdleLocal);
        idle && requests > 0 && end.idle < End::AT_ONCE
    }

    fn is_crowded_out(requests: u64, end: &End) -> bool {
        let pools = matches!(end.cause, EndCause::PoolFull | EndCause::ClosedIdleLocal);
        pools && requests > 0 && end.idle < End::AT_ONCE
    }

    /// Adds requests of connections that have not handed theirs over.
    pub(crate) fn add_requests(&mut self, of: Requests) {
        self.requests = self.requests.saturating_add(of.requests);
        self.fresh = self.fresh.saturating_add(of.fresh);
    }

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
            dials,
            failed_dials,
            slow_dials,
            silent,
            crowded_out,
            ended,
            closers,
        } = other;
        self.requests = self.requests.saturating_add(*requests);
        self.fresh = self.fresh.saturating_add(*fresh);
        self.excused = self.excused.saturating_add(*excused);
        grow(&mut self.connections, *connections);
        grow(&mut self.dials, *dials);
        grow(&mut self.failed_dials, *failed_dials);
        grow(&mut self.slow_dials, *slow_dials);
        grow(&mut self.silent, *silent);
        grow(&mut self.crowded_out, *crowded_out);
        grow_all(&mut self.ended, ended);
        grow_all(&mut self.closers, closers);
    }
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

    use super::*;
    use crate::connection::Causes;

    fn end(cause: EndCause, closer: Closer) -> End {
        End { cause, beside: Causes::NONE, closer, idle: Duration::ZERO }
    }

    fn sums(of: u32) -> Sums {
        Sums {
            requests: of.into(),
            fresh: of.into(),
            excused: of.into(),
            connections: of,
            dials: of,
            failed_dials: of,
            slow_dials: of,
            silent: of,
            crowded_out: of,
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
        sum.end(1, &end(EndCause::Reset, Closer::Peer));
        assert_eq!(sum, most);
        assert_eq!(sum.weight(), u64::MAX);
    }

    #[test]
    fn an_end_has_a_cause_and_a_closer() {
        let mut sums = Sums::default();
        sums.end(1, &end(EndCause::Reset, Closer::Peer));
        sums.end(1, &end(EndCause::Reset, Closer::Unknown));
        assert_eq!(sums.ended[EndCause::Reset as usize], 2);
        assert_eq!(sums.ended.iter().sum::<u32>(), 2);
        assert_eq!(sums.closers, [0, 1, 0, 1]);
    }
}
