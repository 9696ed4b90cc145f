use crate::lint::{Level, Lint, LintSet, Message};

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

/// The level as far as it can act on this kind of message: what can be neither rewritten nor
/// rejected is reported.
pub(crate) fn effective(level: Level, lint: Lint, message: Message) -> Level {
    match level {
        Level::Deny if !message.can_be_denied() => Level::Warn,
        Level::Fix if !lint.can_fix(message) && !message.is_outgoing() => Level::Warn,
        level => level,
    }
}
