//! What decides over a lint on a route: the policy's sources, the weakest asked first.

use std::{fmt, iter};

use super::instance::Instance;
use super::{Origin, Policy, Rollout};
use crate::lint::{Level, Lint};

/// A level that was set, and where.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rule {
    pub(super) rollout: Rollout,
    pub(super) origin: Origin,
}

/// The level of a lint on an instance, and who says so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Decision<'p> {
    pub(super) level: Level,
    pub(super) by: DecidedBy,
    /// `None` stands for the preset's.
    pub(super) origin: Option<&'p Origin>,
}

/// What holds on the instances up to a share's end, behind those before it; `None` is the rest.
pub(super) type Step<'p> = (Decision<'p>, Option<f64>);

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
    /// The table `[heal]`, or the builder of a policy: over cures.
    Heal,
}

// === impl Rule ===

impl Rule {
    fn at(&self, instance: Instance) -> Level {
        let Rollout { level, share } = self.rollout;
        let is_in = share.is_none_or(|share| instance.is_in(share));
        if is_in { level } else { level.min(Level::Warn) }
    }

    /// Whether it would leave some instance below this floor.
    pub(super) fn is_below(&self, floor: &Rule) -> bool {
        // Levels change where a share ends, and nowhere else.
        let ends = [self.rollout.share, floor.rollout.share].into_iter().flatten();
        let outside = ends.filter(|share| *share < 1.0).map(Instance::outside);
        iter::once(Instance::outside(0.0))
            .chain(outside)
            .any(|instance| self.at(instance) < floor.at(instance))
    }
}

// === impl Decision ===

impl<'p> Decision<'p> {
    fn of(rule: &'p Rule, by: DecidedBy, instance: Instance) -> Decision<'p> {
        Decision { level: rule.at(instance), by, origin: Some(&rule.origin) }
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
            (Some(level), ..) => Decision { level, by: DecidedBy::Code, origin: Some(&CODE) },
            (None, Some(rule), _) => Decision::of(rule, DecidedBy::Route, instance),
            (None, None, Some(rule)) => Decision::of(rule, DecidedBy::Lints, instance),
            (None, None, None) => {
                let level = self.preset.value.level(lint);
                Decision { level, by: DecidedBy::Preset, origin: None }
            }
        };
        for floor in self.floors.get(&lint).into_iter().flatten() {
            let floor = Decision::of(floor, DecidedBy::Floor, instance);
            if floor.level > decision.level {
                decision = floor;
            }
        }
        let cap = self.cap.as_ref().filter(|cap| cap.value < decision.level);
        cap.map_or(decision, |cap| Decision {
            level: cap.value,
            by: DecidedBy::Cap,
            origin: Some(&cap.origin),
        })
    }

    /// The same on all instances, from those inside every share outwards. Never empty, and no level
    /// is there twice: of two that say the same a cap is named, else the one that reaches further.
    pub(super) fn spread<'p>(&'p self, lint: Lint, route: Option<&'p Rule>) -> Vec<Step<'p>> {
        let own = route.or_else(|| self.lints.get(&lint));
        let floors = self.floors.get(&lint).into_iter().flatten();
        let ends = own.into_iter().chain(floors).filter_map(|rule| rule.rollout.share);
        let mut ends: Vec<_> = ends.filter(|share| *share < 1.0).collect();
        ends.sort_by(f64::total_cmp);
        let starts = ends.iter().map(|share| Instance::outside(*share));
        let starts = iter::once(Instance::INSIDE).chain(starts);
        let ends = ends.iter().copied().map(Some).chain([None]);
        let mut spread: Vec<Step<'_>> = Vec::new();
        for (start, end) in starts.zip(ends) {
            let decision = self.decide(lint, route, None, start);
            match spread.last_mut() {
                Some((last, reach)) if last.level == decision.level => {
                    *reach = end;
                    if last.by != DecidedBy::Cap {
                        *last = decision;
                    }
                }
                _ => spread.push((decision, end)),
            }
        }
        spread
    }

    /// The floor of a lint, whatever the cap says; `allow` where there is none.
    pub(super) fn floor(&self, lint: Lint, instance: Instance) -> Level {
        let floors = self.floors.get(&lint).into_iter().flatten();
        floors.map(|floor| floor.at(instance)).max().unwrap_or(Level::Allow)
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
            DecidedBy::Heal => "heal",
        }
    }
}

impl fmt::Display for DecidedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
