use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use metrics::{Counter, SharedString};

use super::kept::Kept;
use crate::lint::{Expected, Label, Lint};
use crate::policy::{ExpectationState, PolicyErrors, Reload};
use crate::report::PolicyStatus;

/// What is told of a policy.
#[derive(Debug, Default)]
pub(super) struct PolicyMetrics {
    expected: Kept<(Lint, Label, Label), Counter>,
    /// The labels under which it is told now.
    info: Mutex<Option<Info>>,
    told_floors: Told,
    told_expectations: Told,
}

/// Whether a gauge was ever set: one that is not needed is left out, and one that was is set back.
#[derive(Debug, Default)]
struct Told(AtomicBool);

/// The labels of a gauge that tells which policy holds.
#[derive(Clone, Debug, PartialEq)]
struct Info([(&'static str, SharedString); 4]);

/// The policy's files were read again.
pub(super) fn reloaded(outcome: Result<Reload, &PolicyErrors>) {
    let result = outcome.map_or("failed", Reload::as_str);
    let labels = [("conn_lint_result", result)];
    metrics::counter!("conn_lint_policy_reloads", &labels).increment(1);
}

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

    /// Each policy has a gauge of its own: that of the one before goes back to zero.
    fn tell_info(&self, info: Info) {
        let mut told = self.info.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = told.as_ref().filter(|before| **before != info) {
            before.set(0.0);
        }
        info.set(1.0);
        *told = Some(info);
    }

    /// The gauges are looked up each time: a policy is told before a recorder may be installed.
    pub(super) fn tell(&self, status: &PolicyStatus) {
        self.tell_info(Info::of(status));
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

// === impl Info ===

impl Info {
    fn of(status: &PolicyStatus) -> Info {
        let hash = status.hash.map(|hash| format!("{hash:016x}")).unwrap_or_default();
        let [preset, cap] = [status.preset.as_str(), status.cap.as_str()];
        Info([
            ("conn_lint_hash", hash.into()),
            ("conn_lint_preset", preset.into()),
            ("conn_lint_cap", cap.into()),
            ("conn_lint_source", status.source.as_str().into()),
        ])
    }

    fn set(&self, value: f64) {
        metrics::gauge!("conn_lint_policy_info", &self.0).set(value);
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
