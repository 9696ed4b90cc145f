use std::sync::atomic::{AtomicBool, Ordering};

use metrics::Counter;

use super::kept::Kept;
use crate::lint::{Expected, Label, Lint};
use crate::policy::ExpectationState;
use crate::report::PolicyStatus;

/// What is told of a policy.
#[derive(Debug, Default)]
pub(super) struct PolicyMetrics {
    expected: Kept<(Lint, Label, Label), Counter>,
    told_floors: Told,
    told_expectations: Told,
}

/// Whether a gauge was ever set: one that is not needed is left out, and one that was is set back.
#[derive(Debug, Default)]
struct Told(AtomicBool);

// === impl PolicyMetrics ===

impl PolicyMetrics {
    /// A violation that was expected.
    pub(super) fn expected(&self, expected: &Expected) {
        let Expected { lint, route, owner, .. } = expected;
        let register = || {
            let labels = [
                ("conn_lint_lint", lint.name()),
                ("conn_lint_route", route.as_str()),
                ("conn_lint_owner", owner.as_str()),
            ];
            metrics::counter!("conn_lint_expected", &labels)
        };
        self.expected.with((*lint, *route, *owner), register, |counter| counter.increment(1));
    }

    /// The gauges are looked up each time: a policy is told before a recorder may be installed.
    pub(super) fn tell(&self, status: &PolicyStatus) {
        let floors = status.capped_floors.iter().count();
        if self.told_floors.is_needed(floors > 0) {
            metrics::gauge!("conn_lint_policy_capped_floors").set(floors as f64);
        }
        if !self.told_expectations.is_needed(!status.expectations.is_empty()) {
            return;
        }
        for state in ExpectationState::ALL {
            let within = status.expectations.iter().filter(|one| one.state == state).count() as f64;
            let labels = [("conn_lint_state", state.as_str())];
            metrics::gauge!("conn_lint_expectations", &labels).set(within);
            if state == ExpectationState::Expired {
                metrics::gauge!("conn_lint_expectations_expired").set(within);
            }
        }
    }
}

// === impl Told ===

impl Told {
    /// Relaxed: each gauge stands for itself.
    fn is_needed(&self, now: bool) -> bool {
        if now {
            self.0.store(true, Ordering::Relaxed);
        }
        now || self.0.load(Ordering::Relaxed)
    }
}
