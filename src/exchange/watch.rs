//! How the policy stands. Time changes that, and there is no timer: it is looked at as a lint is
//! built, in each snapshot, and now and then as a connection ends.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::shared::Shared;
use crate::report::PolicyStatus;

/// When the policy was last looked at.
#[derive(Debug, Default)]
pub(crate) struct Watch(Mutex<Option<Instant>>);

// === impl Watch ===

impl Watch {
    /// How long one look lasts.
    const PAUSE: Duration = Duration::from_secs(60);

    fn looked(&self, now: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }

    /// Whether the last look was long ago; then this is one.
    fn is_due(&self, now: Instant) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|last| now.saturating_duration_since(last) >= Watch::PAUSE);
        if is_due {
            *last = Some(now);
        }
        is_due
    }
}

// === impl Shared ===

impl Shared {
    /// Another policy is in force than that with which the lint was built.
    pub(crate) fn replaced_policy(&self) {
        self.took_policy();
        self.tell_overruled();
    }

    /// A policy is in force.
    pub(crate) fn took_policy(&self) {
        self.connections.tell_idleness_from(self.in_force.table().bounds.idle);
        self.look_at_policy(true);
    }

    /// Tells how the policy stands; it is new as a lint is built.
    pub(crate) fn look_at_policy(&self, is_new: bool) -> PolicyStatus {
        let now = self.clock.now();
        self.watch.looked(now);
        let table = self.in_force.table();
        let (expectations, news) = table.expectations(self.calendar.today(), now);
        let status = PolicyStatus {
            is_new,
            source: self.in_force.source(),
            hash: self.in_force.policy().hash(),
            preset: table.preset,
            cap: table.cap,
            capped_floors: table.capped_floors,
            expectations,
            news,
        };
        self.reporter.policy(&status);
        status
    }

    /// The same, at most once a minute, where there is anything that time changes.
    pub(super) fn look_at_policy_now_and_then(&self, now: Instant) {
        if self.in_force.table().expects_any() && self.watch.is_due(now) {
            self.look_at_policy(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, PoisonError};

    use super::*;
    use crate::connection::{Addresses, Side};
    use crate::lint::{self, Finding, Level};
    use crate::policy::{Day, Expectation, ExpectationState, Policy};
    use crate::report::Reporter;
    use crate::{ConnLint, ManualClock};

    /// Keeps what it is told.
    #[derive(Clone, Default)]
    struct Told(Arc<Mutex<Vec<PolicyStatus>>>);

    /// A lint, on a day and a clock that a test moves.
    struct World {
        lint: ConnLint,
        told: Told,
        clock: ManualClock,
        today: Arc<Mutex<Day>>,
    }

    const TWO_HOURS: Duration = Duration::from_secs(2 * 60 * 60);

    impl Told {
        fn take(&self) -> Vec<PolicyStatus> {
            std::mem::take(&mut self.0.lock().expect("no test panics with the lock"))
        }
    }

    impl Reporter for Told {
        fn policy(&self, status: &PolicyStatus) {
            self.0.lock().expect("no test panics with the lock").push(status.clone());
        }
    }

    impl World {
        fn new(policy: crate::policy::PolicyBuilder, today: &str) -> World {
            let (told, clock) = (Told::default(), ManualClock::new());
            let today = Arc::new(Mutex::new(today.parse::<Day>().expect("it is a day")));
            let shown = today.clone();
            let builder = ConnLint::builder().environment("").without_tracing();
            let builder = builder.clock(clock.clone()).reporter(told.clone());
            let builder =
                builder.today(move || *shown.lock().unwrap_or_else(PoisonError::into_inner));
            let lint = builder.policy(policy.build().expect("it is well-formed")).build();
            World { lint, told, clock, today }
        }

        fn on(&self, today: &str) {
            *self.today.lock().expect("no test panics with the lock") =
                today.parse().expect("it is a day");
        }

        /// A connection of a caller ends, so many seconds later.
        fn connection_ends(&self, after: u64) {
            self.clock.advance(Duration::from_secs(after));
            let shared = self.lint.shared();
            let now = shared.clock.now();
            let record = shared.record(Side::Inbound, now, Addresses::default());
            shared.close(&record);
        }

        /// The states of all that is told since, and those that are news.
        fn states(&self) -> Vec<(Vec<ExpectationState>, usize)> {
            let state = |status: PolicyStatus| {
                let states = status.expectations.iter().map(|one| one.state).collect();
                (states, status.news.len())
            };
            self.told.take().into_iter().map(state).collect()
        }
    }

    fn terminals() -> Expectation {
        let lint = lint::CALLER_SENDS_CLOSE;
        Expectation::new(lint, "team-store", "payment terminals").inbound("/legacy/{*rest}")
    }

    #[test]
    fn each_state_of_an_expectation_is_told_once() {
        use ExpectationState::{Expired, ExpiresSoon, Holds};

        let policy = Policy::builder().expect(terminals().until(2027, 3, 31));
        let world = World::new(policy, "2027-03-01");
        assert_eq!(world.states(), [(vec![Holds], 0)], "as it is built");
        for (today, state, news) in [
            ("2027-03-16", Holds, 0),
            ("2027-03-17", ExpiresSoon, 1),
            ("2027-03-31", ExpiresSoon, 0),
            ("2027-04-01", Expired, 1),
            ("2027-04-02", Expired, 0),
        ] {
            world.on(today);
            let snapshot = world.lint.snapshot();
            assert_eq!(snapshot.expectations[0].state, state, "{today}");
            assert_eq!(world.states(), [(vec![state], news)], "{today}");
        }
        let expired = Policy::builder().expect(terminals().until(2027, 3, 31));
        let world = World::new(expired, "2031-01-01");
        assert_eq!(world.states(), [(vec![Expired], 1)], "a line as it is loaded");
    }

    #[test]
    fn connections_that_end_look_at_the_policy_once_a_minute() {
        let policy = Policy::builder().expect(terminals().until(2027, 3, 31));
        let world = World::new(policy, "2027-04-01");
        world.told.take();
        for (after, told) in [(59, 0), (1, 1), (0, 0), (59, 0), (1, 1), (600, 1)] {
            world.connection_ends(after);
            assert_eq!(world.told.take().len(), told, "{after} s later");
        }
        world.lint.snapshot();
        assert_eq!(world.told.take().len(), 1, "a snapshot always does");
        world.connection_ends(59);
        assert_eq!(world.told.take().len(), 0, "and it counts");

        let world = World::new(Policy::builder(), "2027-04-01");
        world.told.take();
        world.connection_ends(600);
        assert_eq!(world.told.take().len(), 0, "there is nothing that time changes");
    }

    #[test]
    fn an_expectation_that_nobody_needs_is_told_and_comes_back_with_a_case() {
        use ExpectationState::{Holds, Unused};

        let policy = Policy::builder().expect(terminals().unused_after(TWO_HOURS));
        let world = World::new(policy, "2027-04-01");
        world.told.take();
        world.clock.advance(TWO_HOURS - Duration::from_secs(1));
        world.lint.snapshot();
        assert_eq!(world.states(), [(vec![Holds], 0)]);
        world.clock.advance(Duration::from_secs(1));
        world.lint.snapshot();
        assert_eq!(world.states(), [(vec![Unused], 1)]);

        // As the exchange does with a case of it.
        let shared = world.lint.shared();
        let matched = shared.in_force.table().inbound(&http::Method::GET, "/legacy/a");
        let place = lint::Place::ReceivedRequest;
        let table = shared.in_force.table();
        let rules = table.rules(matched);
        let verdict = rules.verdict(lint::CALLER_SENDS_CLOSE, place, || None);
        let verdict = verdict.expect("it is expected there");
        let (reason, expected) = (verdict.reason, verdict.expected);
        let finding = Finding::new(lint::CALLER_SENDS_CLOSE, place, Level::Allow, None);
        shared.report(&Finding { reason, expected, ..finding });
        world.clock.advance(Duration::from_secs(5));
        let snapshot = world.lint.snapshot();
        let status = &snapshot.expectations[0];
        assert_eq!((status.seen, status.last_seen), (1, Some(5.0)));
        assert_eq!(world.states(), [(vec![Holds], 1)]);
    }
}
