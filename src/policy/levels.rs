use crate::lint::{Level, Lint, LintSet, Message, Place};

/// The level of every lint, as masks: asking for one is a look at a bit of each.
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

    /// The same, but for this lint.
    pub(super) fn with(self, lint: Lint, level: Level) -> Levels {
        let Levels { warn, fix, deny } = self;
        let mut levels =
            Levels { warn: warn.without(lint), fix: fix.without(lint), deny: deny.without(lint) };
        match level {
            Level::Allow => {}
            Level::Warn => levels.warn = warn.with(lint),
            Level::Fix => levels.fix = fix.with(lint),
            Level::Deny => levels.deny = deny.with(lint),
        }
        levels
    }

    pub(crate) fn of(&self, lint: Lint) -> Level {
        match () {
            () if self.deny.contains(lint) => Level::Deny,
            () if self.fix.contains(lint) => Level::Fix,
            () if self.warn.contains(lint) => Level::Warn,
            () => Level::Allow,
        }
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
    fn a_lint_has_the_level_that_it_got_last() {
        for first in Level::ALL {
            for last in Level::ALL {
                let levels = Levels::new(|_| first).with(lint::LOW_REUSE, last);
                assert_eq!(levels.of(lint::LOW_REUSE), last, "{first}, and then {last}");
                assert_eq!(levels.of(lint::SILENT_CLOSE), first, "others keep theirs");
            }
        }
    }

    #[test]
    fn nothing_acts_on_a_connection() {
        let others = Place::ALL.iter().copied().filter(|place| place.message().is_none());
        for (place, level) in others.flat_map(|place| Level::ALL.map(|level| (place, level))) {
            let expected = level.min(Level::Warn);
            assert_eq!(effective(level, lint::SILENT_CLOSE, place), expected, "{level}: {place}");
        }
    }
}
