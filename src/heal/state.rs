use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue, Version, header};

#[cfg(feature = "hyper")]
use super::Executor;
use super::ages::Ages;
use super::habits::Habits;
use super::slots::Slots;
use super::{Act, Cure, Cures, Outcome, Sleepers};
use crate::connection::{EndCause, Ended, Flag, Record, Side, Turn};
use crate::exchange::Shared;

/// What a lint keeps of its cures: how many are under way, and what was learned of peers.
#[derive(Debug)]
pub(crate) struct Heal {
    pub(super) requests: Arc<Slots>,
    pub(super) responses: Arc<Slots>,
    pub(super) farewells: Arc<Slots>,
    pub(super) habits: Habits,
    ages: Ages,
    pub(super) sleepers: Sleepers,
    #[cfg(feature = "hyper")]
    pub(super) executor: Executor,
    drains: AtomicBool,
    /// When the drain began, in nanoseconds after the epoch of the lint's windows.
    drains_since: AtomicU64,
}

/// Connections that were opened together do not end together: each has its place in the last tenth.
const SPREAD: u32 = 10;

// === impl Heal ===

impl Heal {
    pub(crate) fn new(now: Instant) -> Heal {
        Heal {
            requests: Arc::default(),
            responses: Arc::default(),
            farewells: Arc::default(),
            habits: Habits::new(now),
            ages: Ages::default(),
            sleepers: Sleepers::default(),
            #[cfg(feature = "hyper")]
            executor: Executor::default(),
            drains: AtomicBool::new(false),
            drains_since: AtomicU64::new(0),
        }
    }
    /// With an executor for its tasks.
    #[cfg(feature = "hyper")]
    pub(crate) fn on(self, executor: Executor) -> Heal {
        Heal { executor, ..self }
    }
}

// === impl Shared ===

impl Shared {
    /// Whether any cure is switched on.
    #[inline]
    pub(crate) fn heals(&self) -> bool {
        self.in_force.brief().heals()
    }

    /// The cures that are switched on.
    #[inline]
    pub(crate) fn cures(&self) -> Cures {
        if self.heals() { self.in_force.table().cures } else { Cures::default() }
    }

    /// Whether bodies are read away anywhere that nobody reads.
    #[inline]
    pub(crate) fn drains(&self, side: Side) -> bool {
        self.heals() && self.in_force.table().drains(side)
    }

    /// Tells of an act.
    pub(crate) fn healed(&self, record: &Record, cure: Cure, outcome: Outcome) {
        self.reporter.healed(&Act { cure, outcome, side: record.side, connection: record.id });
    }

    /// The connection serves another request after the rest of a message was read away on it.
    #[cold]
    pub(crate) fn drain_worked(&self, record: &Record) {
        // That may be seen in two places at once.
        if !record.lower(Flag::Drained) {
            return;
        }
        let cure = match record.side {
            Side::Inbound => Cure::DrainRequestBody,
            Side::Outbound => Cure::DrainResponseBody,
        };
        self.healed(record, cure, Outcome::Worked);
    }

    /// A server's connection has another request.
    #[cold]
    pub(crate) fn heal(&self, record: &Record, turn: Turn) {
        record.raise(Flag::Cured);
        if record.is(Flag::Drained) {
            self.drain_worked(record);
        }
        self.judge_limits(record, turn);
    }

    /// Announces the idle timeout, where the connection goes on and nobody said one.
    pub(crate) fn announce(&self, record: &Record, headers: &mut HeaderMap) {
        let Cures { announce_idle_timeout, idle_timeout, .. } = self.cures();
        let (Some(()), Some(timeout)) = (announce_idle_timeout.on(), idle_timeout.on()) else {
            return;
        };
        let says = record.version() == Some(Version::HTTP_11)
            && !record.is(Flag::CloseAsked)
            && !headers.contains_key(header::CONNECTION)
            && !headers.contains_key("keep-alive");
        if let Ok(value) = HeaderValue::try_from(format!("timeout={}", timeout.as_secs())) {
            if says && timeout.as_secs() > 0 {
                headers.insert("keep-alive", value);
                headers.insert(header::CONNECTION, HeaderValue::from_static("keep-alive"));
            }
        }
    }

    /// A server's connection has another request: whether its response is to be the last.
    fn judge_limits(&self, record: &Record, turn: Turn) {
        let Cures { max_requests, max_age, .. } = self.cures();
        let place = place(record.id);
        let is_last = |most: u32| turn.number >= u64::from(most - spread_of(most, place));
        let is_old = |most: Duration| {
            let spread = most / SPREAD;
            Duration::from_nanos(turn.age) >= most - spread.mul_f64(place)
        };
        let (max_requests, max_age) = (max_requests.on(), max_age.on());
        let (cure, cause) = match () {
            () if max_requests.is_some_and(is_last) => (Cure::MaxRequests, EndCause::MaxRequests),
            () if max_age.is_some_and(is_old) => (Cure::MaxAge, EndCause::MaxAge),
            () if self.is_drained(record) => (Cure::Drain, EndCause::Drain),
            () => return,
        };
        if !record.is_multiplexed() {
            self.tell_last(record, cure);
            record.see(cause);
            record.raise(Flag::CloseAsked);
        } else if record.can_go_away() {
            self.go_away(record, cure, cause);
        }
    }

    /// Ends a server's connection of HTTP/2 gracefully. Asked again with each request that comes
    /// before the peer heeds it, since a request forgets what was seen before it.
    pub(super) fn go_away(&self, record: &Record, cure: Cure, cause: EndCause) {
        self.tell_last(record, cure);
        record.ask_end(cause);
    }

    fn tell_last(&self, record: &Record, cure: Cure) {
        if !record.raise(Flag::LastRequest) {
            self.healed(record, cure, Outcome::Tried);
        }
    }

    /// The process drains from now on.
    pub(crate) fn drain(&self) {
        let heal = &self.heal;
        self.connections.drain();
        if !heal.drains.load(Ordering::Acquire) {
            let since = self.connections.since_epoch(self.clock.now());
            heal.drains_since.store(since, Ordering::Relaxed);
            heal.drains.store(true, Ordering::Release);
        }
        heal.sleepers.wake();
    }

    /// Whether the drain has come to this connection.
    fn is_drained(&self, record: &Record) -> bool {
        self.until_drained(record).is_some_and(|left| left.is_zero())
    }

    /// When the drain comes to this connection: each has its place in the time that is set.
    pub(super) fn until_drained(&self, record: &Record) -> Option<Duration> {
        let spread = self.cures().drain.on().filter(|_| record.side == Side::Inbound)?;
        Some(spread.mul_f64(place(record.id)).saturating_sub(self.drains_for()?))
    }

    /// For how long the process drains.
    pub(crate) fn drains_for(&self) -> Option<Duration> {
        if !self.heal.drains.load(Ordering::Acquire) {
            return None;
        }
        let began = self.heal.drains_since.load(Ordering::Relaxed);
        let now = self.connections.since_epoch(self.clock.now());
        Some(Duration::from_nanos(now.saturating_sub(began)))
    }

    /// For how long a client's connection may be idle before its upstream ends it.
    pub(super) fn retirement(&self, record: &Record) -> Option<Duration> {
        self.cures().retire.on()?;
        self.heal.ages.limit(record.party()?)
    }

    fn retires(&self) -> bool {
        self.cures().retire.on().is_some()
    }

    /// The upstream says for how long it keeps idle connections.
    pub(crate) fn learn_advertised(&self, record: &Record, timeout: Duration) {
        if let Some(party) = record.party().filter(|_| self.retires()) {
            self.heal.ages.advertised(party, timeout);
        }
    }

    /// A request failed, since the upstream had closed a connection that was idle for so long.
    pub(crate) fn learn_stale(&self, record: &Record) {
        if let Some(party) = record.party().filter(|_| self.retires()) {
            self.heal.ages.closed(party, record.rested());
        }
    }

    /// A connection ended.
    pub(crate) fn learn_end(&self, record: &Record, ended: &Ended) {
        let is_upstreams = ended.end.cause == EndCause::PeerClosedIdle;
        let party = record.party().filter(|_| record.side == Side::Outbound && is_upstreams);
        if let Some(party) = party.filter(|_| self.retires()) {
            self.heal.ages.closed(party, ended.end.idle);
        }
    }
}

/// Where a connection stands among all, from 0 to below 1, by its number: the golden ratio's
/// multiples spread evenly.
fn place(id: u64) -> f64 {
    let mixed = id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}

fn spread_of(most: u32, place: f64) -> u32 {
    (f64::from(most / SPREAD) * place) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_spread_evenly() {
        for first in [1, 1_000, 123_456_789] {
            let mut tenths = [0; 10];
            for id in first..first + 200 {
                tenths[(place(id) * 10.0) as usize] += 1;
            }
            assert!(tenths.iter().all(|tenth| (16..=24).contains(tenth)), "{tenths:?}");
        }
        assert_eq!(spread_of(1, 0.9), 0, "one request is one request");
        assert_eq!(spread_of(1_000, 0.5), 50);
    }
}
