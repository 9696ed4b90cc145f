//! The findings of an act, by lint: a reporter that counts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tower_conn_lint::lint::{Action, Finding, Lint};

/// A clone counts in the same place.
#[derive(Clone, Default)]
pub(crate) struct Tally(Arc<Mutex<Counts>>);

/// What was found, in the catalogue's order.
pub(crate) type Counts = BTreeMap<Lint, Count>;

/// One lint's findings.
#[derive(Clone)]
pub(crate) struct Count {
    /// The first of them.
    pub(crate) finding: Finding,
    pub(crate) times: u64,
    /// How many of the messages were rewritten.
    pub(crate) rewritten: u64,
}

impl Tally {
    /// A reporter that counts here.
    pub(crate) fn reporter(&self) -> impl Fn(&Finding) + Send + Sync + 'static {
        let tally = self.clone();
        move |finding| tally.add(finding)
    }

    pub(crate) fn counts(&self) -> Counts {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, finding: &Finding) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = || Count { finding: finding.clone(), times: 0, rewritten: 0 };
        let count = counts.entry(finding.lint).or_insert_with(first);
        count.times += 1;
        count.rewritten += u64::from(finding.action == Action::Rewritten);
    }
}
