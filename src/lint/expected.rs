use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::{Label, Lint};

/// A violation that a policy knows and expects: it is counted, and not reported. Of a finding it
/// tells who owns it, and why it is there.
///
/// ```
/// use tower_conn_lint::lint::Finding;
///
/// fn tell(finding: &Finding) {
///     if let Some(expected) = &finding.expected {
///         println!("{} owns this: {}", expected.owner, expected.reason);
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Expected {
    /// The lint.
    pub lint: Lint,
    /// The route, as the policy has it, or `everywhere`.
    pub route: Label,
    /// Who answers for it.
    pub owner: Label,
    /// Why it is expected.
    pub reason: Arc<str>,
    /// Shared with those that tell of it under policies before and after.
    counted: Arc<Counted>,
}

#[derive(Debug)]
struct Counted {
    seen: AtomicU64,
    /// Nanoseconds from `since` to the last one.
    last: AtomicU64,
    since: Instant,
    /// The state that was last told of it.
    told: AtomicU8,
}

// === impl Expected ===

impl Expected {
    pub(crate) fn new(
        lint: Lint,
        route: Label,
        owner: Label,
        reason: Arc<str>,
        now: Instant,
    ) -> Expected {
        let (seen, last) = (AtomicU64::new(0), AtomicU64::new(0));
        let counted = Counted { seen, last, since: now, told: AtomicU8::new(0) };
        Expected { lint, route, owner, reason, counted: Arc::new(counted) }
    }

    /// Counts on from what was counted before.
    pub(crate) fn resuming(self, before: &Expected) -> Expected {
        Expected { counted: before.counted.clone(), ..self }
    }

    /// How often it was seen since the lint was built.
    pub fn seen(&self) -> u64 {
        self.counted.seen.load(Ordering::Relaxed)
    }

    /// Counts one. Relaxed: what is read together may be one apart.
    pub(crate) fn count(&self, now: Instant) {
        let at = u64::try_from(now.saturating_duration_since(self.counted.since).as_nanos());
        self.counted.last.fetch_max(at.unwrap_or(u64::MAX), Ordering::Relaxed);
        self.counted.seen.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether this state is another than the one that was last told, which it is from now on; the
    /// first is zero. Relaxed: one of those who look at once finds it.
    pub(crate) fn is_news(&self, state: u8) -> bool {
        self.counted.told.swap(state, Ordering::Relaxed) != state
    }

    /// How long it has not been seen: since it was last, or since it is expected.
    pub(crate) fn quiet_for(&self, now: Instant) -> Duration {
        let last =
            self.counted.since + Duration::from_nanos(self.counted.last.load(Ordering::Relaxed));
        now.saturating_duration_since(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint;

    #[test]
    fn it_is_quiet_since_it_was_seen_last() {
        let now = Instant::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        let lint = lint::CALLER_SENDS_CLOSE;
        let expected = Expected::new(lint, Label::OTHER, Label::OTHER, "terminals".into(), now);
        assert_eq!((expected.seen(), expected.quiet_for(after(9))), (0, Duration::from_secs(9)));
        expected.count(after(10));
        expected.count(after(5));
        assert_eq!(expected.seen(), 2);
        assert_eq!(expected.quiet_for(after(12)), Duration::from_secs(2), "the later one counts");
        assert_eq!(expected.quiet_for(now), Duration::ZERO, "a clock may stand behind");
    }
}
