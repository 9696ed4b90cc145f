use crate::lint::{Level, Lint, LintSet, Message, Place};

/// The level of every lint, as masks: what a clean message is compared with is one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Levels {
    warn: LintSet,
    fix: LintSet,
    deny: LintSet,
}

impl Levels {
    pub(crate) fn new(level: impl Fn(Lint) -> Level) -> Levels {
        crate::lint::all().fold(Levels::default(), |levels, lint| levels.with(lint, level(lint)))
    }

    fn with(mut self, lint: Lint, level: Level) -> Levels {
        match level {
            Level::Allow => {}
            Level::Warn => self.warn = self.warn.with(lint),
            Level::Fix => self.fix = self.fix.with(lint),
            Level::Deny => self.deny = self.deny.with(lint),
        }
        self
    }

    pub(crate) fn of(&self, lint: Lint) -> Level {
        match () {
            () if self.deny.contains(lint) => Level::Deny,
            () if self.fix.contains(lint) => Level::Fix,
            () if self.warn.contains(lint) => Level::Warn,
            () => Level::Allow,
        }
    }

    /// The lints that are not allowed.
    pub(crate) fn heeded(&self) -> LintSet {
        self.warn.union(self.fix).union(self.deny)
    }
}

/// The level as far as it can act in this place: what can be neither rewritten nor rejected is
/// reported.
pub(crate) fn effective(level: Level, lint: Lint, place: Place) -> Level {
    let is = |kind: fn(Message) -> bool| place.message().is_some_and(kind);
    match level {
        Level::Deny if !is(Message::can_be_denied) => Level::Warn,
        Level::Fix if !lint.can_fix(place) && !is(Message::is_outgoing) => Level::Warn,
        level => level,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint;

    #[test]
    fn nothing_acts_on_a_connection() {
        let others = Place::ALL.iter().copied().filter(|place| place.message().is_none());
        for (place, level) in others.flat_map(|place| Level::ALL.map(|level| (place, level))) {
            let expected = level.min(Level::Warn);
            assert_eq!(effective(level, lint::SILENT_CLOSE, place), expected, "{level}: {place}");
        }
    }
}
