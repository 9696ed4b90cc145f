//! What decides over a lint on a route: the policy's sources, the weakest asked first.

use std::fmt;

use super::instance::Instance;
use super::{Origin, Policy, Rollout};
use crate::lint::{Level, Lint};

/// A level that was set, and where.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rule {
    pub(super) rollout: Rollout,
    pub(super) origin: Origin,
}

/// The level of a lint, for one instance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Decision<'p> {
    /// Its level on this instance.
    pub(super) here: Level,
    /// Its level on those that are in its share.
    pub(super) inside: Level,
    pub(super) share: Option<f64>,
    pub(super) by: DecidedBy,
    /// `None` stands for the preset's.
    pub(super) origin: Option<&'p Origin>,
}

/// Which source of a policy decides over a level.
///
/// ```
/// use tower_conn_lint::policy::DecidedBy;
///
/// assert_eq!(DecidedBy::Floor.as_str(), "floor");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DecidedBy {
    /// The preset.
    Preset,
    /// The policy's own level, for wherever no route says otherwise.
    Lints,
    /// A route.
    Route,
    /// A known violation: the lint is allowed there.
    Expectation,
    /// The builder of [`ConnLint`](crate::ConnLint).
    Code,
    /// A floor, which holds against all of these.
    Floor,
    /// The cap, which may lie below a floor.
    Cap,
}

// === impl Rule ===

impl Rule {
    /// The level here, and in the share.
    fn at(&self, instance: Instance) -> (Level, Level) {
        let Rollout { level, share } = self.rollout;
        let here = if share.is_none_or(|share| instance.is_in(share)) {
            level
        } else {
            level.min(Level::Warn)
        };
        (here, level)
    }

    /// Whether it would leave some instance below this floor.
    pub(super) fn is_below(&self, floor: &Rule) -> bool {
        let level_at = |rule: &Rule, place: f64| {
            let Rollout { level, share } = rule.rollout;
            if share.is_none_or(|share| place < share) { level } else { level.min(Level::Warn) }
        };
        // Levels change where a share ends, and nowhere else.
        let places = [Some(0.0), self.rollout.share, floor.rollout.share].into_iter().flatten();
        places
            .filter(|place| *place < 1.0)
            .any(|place| level_at(self, place) < level_at(floor, place))
    }
}

// === impl Decision ===

impl<'p> Decision<'p> {
    fn of(rule: &'p Rule, by: DecidedBy, instance: Instance) -> Decision<'p> {
        let (here, inside) = rule.at(instance);
        Decision { here, inside, share: rule.rollout.share, by, origin: Some(&rule.origin) }
    }

    /// At least as much as this.
    fn raise(&mut self, floor: Decision<'p>) {
        let here = self.here.max(floor.here);
        let share = |of: &Decision<'_>| of.share.unwrap_or(1.0);
        let is_wider = floor.inside == self.inside && share(&floor) > share(self);
        if floor.inside > self.inside || is_wider {
            *self = floor;
        }
        self.here = here;
    }

    /// The level, and on which share of the instances.
    pub(super) fn rollout(&self) -> Rollout {
        let share = self.share.filter(|_| self.inside > Level::Warn);
        Rollout { level: self.inside, share }
    }
}

// === impl Policy ===

static CODE: Origin = Origin::CODE;

impl Policy {
    /// What holds for a lint: on a route if that names it, else everywhere. `code` is what the
    /// builder of the lint sets.
    pub(super) fn decide<'p>(
        &'p self,
        lint: Lint,
        route: Option<&'p Rule>,
        code: Option<Level>,
        instance: Instance,
    ) -> Decision<'p> {
        let mut decision = match (code, route, self.lints.get(&lint)) {
            (Some(level), ..) => Decision {
                here: level,
                inside: level,
                share: None,
                by: DecidedBy::Code,
                origin: Some(&CODE),
            },
            (None, Some(rule), _) => Decision::of(rule, DecidedBy::Route, instance),
            (None, None, Some(rule)) => Decision::of(rule, DecidedBy::Lints, instance),
            (None, None, None) => {
                let level = self.preset.value.level(lint);
                let by = DecidedBy::Preset;
                Decision { here: level, inside: level, share: None, by, origin: None }
            }
        };
        for floor in self.floors.get(&lint).into_iter().flatten() {
            decision.raise(Decision::of(floor, DecidedBy::Floor, instance));
        }
        if let Some(cap) = self.cap.as_ref().filter(|cap| cap.value < decision.inside) {
            decision.inside = cap.value;
            decision.here = decision.here.min(cap.value);
            (decision.by, decision.origin) = (DecidedBy::Cap, Some(&cap.origin));
        }
        decision
    }

    /// The floor of a lint, as far as the cap lets it hold; `allow` where there is none.
    pub(super) fn floor(&self, lint: Lint, instance: Instance) -> Level {
        let floors = self.floors.get(&lint).into_iter().flatten();
        let floor = floors.map(|floor| floor.at(instance).0).max().unwrap_or(Level::Allow);
        self.cap.as_ref().map_or(floor, |cap| floor.min(cap.value))
    }

    /// The first floor that a level would lie below.
    pub(super) fn floor_above(&self, lint: Lint, rule: &Rule) -> Option<&Rule> {
        self.floors.get(&lint)?.iter().find(|floor| rule.is_below(floor))
    }
}

// === impl DecidedBy ===

impl DecidedBy {
    /// The name: `preset`, `lints`, `route`, `expectation`, `code`, `floor`, `cap`.
    pub const fn as_str(self) -> &'static str {
        match self {
            DecidedBy::Preset => "preset",
            DecidedBy::Lints => "lints",
            DecidedBy::Route => "route",
            DecidedBy::Expectation => "expectation",
            DecidedBy::Code => "code",
            DecidedBy::Floor => "floor",
            DecidedBy::Cap => "cap",
        }
    }
}

impl fmt::Display for DecidedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
