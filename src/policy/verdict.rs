use std::sync::Arc;

use super::levels::effective;
use super::{Matched, Table};
use crate::lint::{Expected, Label, Level, Lint, Place};

/// What holds where a request went.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules<'t> {
    table: &'t Table,
    matched: Matched,
}

/// What is to be done about a lint that fired.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) level: Level,
    /// What the preview would do, or an instance that is in the level's share.
    pub(crate) would: Option<Level>,
    /// Why it is allowed, by code or by an expectation.
    pub(crate) reason: Option<Arc<str>>,
    pub(crate) expected: Option<Arc<Expected>>,
}

// === impl Table ===

impl Table {
    pub(crate) fn rules(&self, matched: Matched) -> Rules<'_> {
        Rules { table: self, matched }
    }
}

// === impl Rules ===

impl Rules<'_> {
    /// The route's label in the policy.
    pub(crate) fn label(&self) -> Option<Label> {
        self.table.levels(self.matched).label
    }

    /// What is to be done about a lint in this place, where code may except it; nothing where nobody
    /// heeds it. `CONN_LINT` is stronger than code, and so is a floor; an expectation that stands
    /// beside a floor is meant by it.
    pub(crate) fn verdict(
        &self,
        lint: Lint,
        place: Place,
        exception: impl FnOnce() -> Option<Arc<str>>,
    ) -> Option<Verdict> {
        let Rules { table, matched } = *self;
        if matched.is_excluded() {
            return None;
        }
        let reason = if table.forced.contains(lint) { None } else { exception() };
        let floor = effective(table.floors.of(lint), lint, place);
        match (reason, table.expected(matched, lint)) {
            (Some(reason), _) if floor == Level::Allow => Some(Verdict::allowed(reason, None)),
            (_, Some(expected)) => {
                Some(Verdict::allowed(expected.reason.clone(), Some(expected.clone())))
            }
            (Some(_), None) => {
                Some(Verdict { level: floor, would: None, reason: None, expected: None })
            }
            (None, None) => {
                let level = effective(table.levels(matched).acts.of(lint), lint, place);
                let would = self.would(lint, place);
                let is_heeded = level > Level::Allow || would.is_some();
                is_heeded.then_some(Verdict { level, would, reason: None, expected: None })
            }
        }
    }

    fn would(&self, lint: Lint, place: Place) -> Option<Level> {
        let Rules { table, matched } = *self;
        let levels = table.levels(matched);
        let inside = levels.inside.as_ref().map(|inside| inside.of(lint));
        let inside = inside.filter(|inside| *inside > levels.acts.of(lint));
        let would = table.would.as_ref().map(|would| would.levels(matched.would).of(lint));
        let level = effective(inside.max(would)?, lint, place);
        (level > Level::Allow).then_some(level)
    }
}

// === impl Verdict ===

impl Verdict {
    fn allowed(reason: Arc<str>, expected: Option<Arc<Expected>>) -> Verdict {
        Verdict { level: Level::Allow, would: None, reason: Some(reason), expected }
    }
}
