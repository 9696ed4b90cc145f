use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::connection::Party;

/// For how long upstreams keep idle connections: as they advertise it, or as they were seen to.
#[derive(Debug, Default)]
pub(crate) struct Ages(Mutex<HashMap<Party, Age>>);

#[derive(Clone, Copy, Debug, Default)]
struct Age {
    advertised: Option<Duration>,
    /// At which ages it closed of late.
    seen: [Option<Duration>; Age::SEEN],
    next: usize,
}

/// How many upstreams are known; the rest is not retired.
const MOST: usize = 256;

/// What ends sooner than this ends for another reason: a deployment, say.
const LEAST: Duration = Duration::from_millis(100);

// === impl Ages ===

impl Ages {
    pub(crate) fn advertised(&self, upstream: &Party, timeout: Duration) {
        self.change(upstream, |age| age.advertised = Some(timeout));
    }

    /// The upstream closed a connection that was idle for so long.
    pub(crate) fn closed(&self, upstream: &Party, idle: Duration) {
        if idle >= LEAST {
            self.change(upstream, |age| {
                age.seen[age.next % Age::SEEN] = Some(idle);
                age.next += 1;
            });
        }
    }

    /// How long a connection to it may be idle.
    pub(crate) fn limit(&self, upstream: &Party) -> Option<Duration> {
        self.known().get(upstream)?.limit()
    }

    fn change(&self, upstream: &Party, change: impl FnOnce(&mut Age)) {
        let mut known = self.known();
        let is_full = known.len() >= MOST;
        match known.get_mut(upstream) {
            Some(age) => change(age),
            None if is_full => {}
            None => change(known.entry(upstream.clone()).or_default()),
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Party, Age>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Age ===

impl Age {
    const SEEN: usize = 8;

    /// Before the upstream's own, by a tenth, and by a second at most.
    fn limit(&self) -> Option<Duration> {
        let timeout = self.advertised.or_else(|| self.learned())?;
        let margin = (timeout / 10).min(Duration::from_secs(1)).max(Duration::from_millis(50));
        Some(timeout.saturating_sub(margin))
    }

    /// The least age at which it closed more than once: one alone may have had another reason.
    fn learned(&self) -> Option<Duration> {
        let mut seen: Vec<_> = self.seen.iter().flatten().copied().collect();
        seen.sort_unstable();
        let is_near = |pair: &&[Duration]| pair[1] - pair[0] <= pair[0] / 5;
        seen.windows(2).find(is_near).map(|pair| pair[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::Label;

    fn upstream(number: usize) -> Party {
        Party::upstream(Label::OTHER, format!("upstream-{number}.example:80"))
    }

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn an_age_is_learned_from_two_that_agree() {
        for (seen, limit) in [
            (&[][..], None),
            (&[1_000], None),
            (&[1_000, 1_010], Some(900)),
            // A deployment closes what happens to be idle.
            (&[1_000, 20, 30, 40], None),
            (&[1_000, 20, 1_020], Some(900)),
            (&[60_000, 30_000, 61_000], Some(59_000)),
            (&[300, 290], Some(240)),
        ] {
            let ages = Ages::default();
            seen.iter().for_each(|age| ages.closed(&upstream(0), ms(*age)));
            assert_eq!(ages.limit(&upstream(0)), limit.map(ms), "{seen:?}");
            assert_eq!(ages.limit(&upstream(1)), None, "of another one");
        }
    }

    #[test]
    fn what_is_advertised_is_taken_for_it() {
        let ages = Ages::default();
        (0..2).for_each(|_| ages.closed(&upstream(0), ms(60_000)));
        ages.advertised(&upstream(0), ms(1_000));
        assert_eq!(ages.limit(&upstream(0)), Some(ms(900)));
    }

    #[test]
    fn upstreams_beyond_the_bound_are_not_known() {
        let ages = Ages::default();
        (0..MOST + 10).for_each(|number| ages.advertised(&upstream(number), ms(1_000)));
        assert_eq!(ages.known().len(), MOST);
    }
}
