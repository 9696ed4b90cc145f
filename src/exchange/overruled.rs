//! What code sets below a floor of the policy: the floor holds, and a line says so.

use std::sync::Arc;

use super::shared::Shared;
use crate::lint::{Lint, printable};
use crate::policy::PolicyErrors;
use crate::report::TARGET;

impl Shared {
    /// Notes an exception in code; a floor that comes later is told of it.
    pub(super) fn note_exception(&self, lint: Lint, reason: &Arc<str>) {
        self.exceptions.note(lint, reason);
        if self.in_force.table().holds_floor(lint) {
            tell(lint, reason);
        }
    }

    /// Tells what code sets below the floors of a policy that has just come.
    pub(super) fn tell_overruled(&self) {
        if let Err(errors) = PolicyErrors::check(self.in_force.lowered_by_code()) {
            let errors = errors.brief();
            tracing::warn!(target: TARGET, %errors, "what code sets lies below floors of the policy");
        }
        let table = self.in_force.table();
        let mut excepted = self.exceptions.noted();
        excepted.retain(|lint, _| table.holds_floor(*lint));
        excepted.iter().for_each(|(lint, reason)| tell(*lint, reason));
    }
}

fn tell(lint: Lint, reason: &str) {
    tracing::warn!(
        target: TARGET,
        lint = lint.name(),
        reason = &*printable(reason, 128),
        "an exception in code lies below a floor of the policy, which holds",
    );
}
