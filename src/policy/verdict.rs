use std::sync::Arc;

use super::levels::{Levels, effective};
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
    /// The floor that a cap doesn't let hold.
    pub(crate) capped: Option<Level>,
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
        let at = |levels: &Levels| effective(levels.of(lint), lint, place);
        let floor = at(&table.floors);
        let capped = |level| Some(at(&table.capped)).filter(|floor| *floor > level);
        match (reason, table.expected(matched, lint)) {
            (Some(reason), _) if floor == Level::Allow => {
                let (capped, would) = (capped(floor), self.would_hold(lint, place));
                Some(Verdict { capped, would, ..Verdict::allowed(reason, None) })
            }
            (_, Some(expected)) => {
                Some(Verdict::allowed(expected.reason.clone(), Some(expected.clone())))
            }
            (Some(_), None) => {
                let (capped, would) = (capped(floor), self.would_hold(lint, place));
                let would = would.filter(|would| *would > floor);
                Some(Verdict { level: floor, capped, would, reason: None, expected: None })
            }
            (None, None) => {
                let level = table.levels(matched).level(lint, place);
                let (capped, would) = (capped(level), self.would(lint, place));
                let is_heeded = level > Level::Allow || would.is_some() || capped.is_some();
                let verdict = Verdict { level, capped, would, reason: None, expected: None };
                is_heeded.then_some(verdict)
            }
        }
    }

    fn would(&self, lint: Lint, place: Place) -> Option<Level> {
        let Rules { table, matched } = *self;
        let levels = table.levels(matched);
        if levels.by_role.contains(lint) && place == Place::ReceivedRequest {
            return None;
        }
        let inside = levels.inside.as_ref().map(|inside| inside.of(lint));
        let inside = inside.filter(|inside| *inside > levels.acts.of(lint));
        let would = table.would.as_ref().map(|would| would.levels(matched.would).of(lint));
        let level = effective(inside.max(would)?, lint, place);
        (level > Level::Allow).then_some(level)
    }

    /// What of the preview holds against an exception in code: its floors.
    fn would_hold(&self, lint: Lint, place: Place) -> Option<Level> {
        let Rules { table, matched } = *self;
        let floor = table.would.as_ref()?.floor(matched.would, lint);
        let level = effective(floor, lint, place);
        (level > Level::Allow).then_some(level)
    }
}

// === impl Verdict ===

impl Verdict {
    fn allowed(reason: Arc<str>, expected: Option<Arc<Expected>>) -> Verdict {
        let (level, reason) = (Level::Allow, Some(reason));
        Verdict { level, capped: None, would: None, reason, expected }
    }
}
