use std::collections::HashMap;
use std::fmt;

use super::decision::Step;
use super::pattern::{Pattern, Shape};
use super::{Policy, Rollout, RouteName};
use crate::connection::Side;
use crate::lint::{self, Level, Lint};

/// A lint whose level differs between two policies, on a route or everywhere else. `Display` is
/// `inbound POST /login: caller-sends-close warn -> deny`.
///
/// ```
/// use tower_conn_lint::{Policy, Preset, Route, lint};
///
/// let old = Policy::builder().preset(Preset::Recommended1).build().unwrap();
/// let new = Policy::builder()
///     .preset(Preset::Recommended1)
///     .route(Route::inbound("POST /login").deny(lint::CALLER_SENDS_CLOSE))
///     .build()
///     .unwrap();
/// let changes: Vec<_> = old.diff(&new).iter().map(ToString::to_string).collect();
/// assert_eq!(changes, ["inbound POST /login: caller-sends-close warn -> deny"]);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Change {
    /// A route of either policy; `None` is wherever none is.
    pub route: Option<RouteName>,
    /// The lint.
    pub lint: Lint,
    /// Its level before.
    pub from: Spread,
    /// Its level after.
    pub to: Spread,
}

/// A level on a share of the instances, and on the others. `Display` is `deny (share 0.1), else fix`.
///
/// ```
/// use tower_conn_lint::lint::{self, Level};
/// use tower_conn_lint::{Policy, policy::Rollout};
///
/// let floor = || Policy::builder().floor(lint::CLIENT_SENDS_CLOSE, Level::Fix);
/// let tenth = Rollout::new(Level::Deny, 0.1);
/// let old = floor().build().unwrap();
/// // On the others it would be a warning, below the floor: told, and the floor holds.
/// let (new, _) = floor().level(lint::CLIENT_SENDS_CLOSE, tenth).build_lossy();
/// let changes = old.diff(&new);
/// assert_eq!(changes[0].to.to_string(), "deny (share 0.1), else fix");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Spread {
    /// The level.
    pub level: Level,
    /// On which share of the instances, where that is not all.
    pub share: Option<f64>,
    /// What holds on the others, where that is more than `warn`.
    pub outside: Option<Box<Spread>>,
}

/// The routes of a policy, by what makes two of them the same.
pub(super) struct Places<'p> {
    policy: &'p Policy,
    by_shape: HashMap<Shape, u32>,
}

// === impl Policy ===

impl Policy {
    /// The lints whose level changes from this policy to the other: everywhere first, then on each
    /// route that either has, those of the other last. A route that one of them doesn't have is
    /// compared with what holds there in its stead. Previews, bounds, excluded paths and
    /// expectations are not compared.
    pub fn diff(&self, other: &Policy) -> Vec<Change> {
        let mut changes = Vec::new();
        Places::each(self, other, |pattern, old, new| {
            compare(&mut changes, pattern, (self, old), (other, new));
        });
        changes
    }
}

fn compare(
    changes: &mut Vec<Change>,
    pattern: Option<&Pattern>,
    (old, old_at): (&Policy, Option<u32>),
    (new, new_at): (&Policy, Option<u32>),
) {
    let side = pattern.map(|pattern| pattern.name.side);
    for lint in lint::all() {
        if side.is_some_and(|side| !lint.is_looked_for(side == Side::Inbound)) {
            continue;
        }
        let from = Spread::of(&old.spread_at(lint, old_at));
        let to = Spread::of(&new.spread_at(lint, new_at));
        if from != to {
            let route = pattern.map(|pattern| pattern.name.clone());
            changes.push(Change { route, lint, from, to });
        }
    }
}

// === impl Places ===

impl<'p> Places<'p> {
    /// Everywhere, and then each route that either policy has, those of the other last; with the
    /// routes that hold there.
    pub(super) fn each(
        old: &'p Policy,
        new: &'p Policy,
        mut visit: impl FnMut(Option<&'p Pattern>, Option<u32>, Option<u32>),
    ) {
        let (old, new) = (Places::of(old), Places::of(new));
        visit(None, None, None);
        let is_new = |pattern: &&Pattern| !old.by_shape.contains_key(&pattern.shape());
        let patterns =
            |places: &Places<'p>| places.policy.routes.iter().map(|route| &route.pattern);
        for pattern in patterns(&old).chain(patterns(&new).filter(is_new)) {
            visit(Some(pattern), old.find(pattern), new.find(pattern));
        }
    }

    fn of(policy: &'p Policy) -> Places<'p> {
        let shapes = policy.routes.iter().map(|route| route.pattern.shape());
        Places { policy, by_shape: shapes.zip(0..).collect() }
    }

    /// The route itself, or the most specific one that covers it.
    fn find(&self, pattern: &Pattern) -> Option<u32> {
        let itself = self.by_shape.get(&pattern.shape()).copied();
        itself.or_else(|| self.policy.matcher.covering(pattern).first().copied())
    }
}

// === impl Change ===

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.route {
            Some(route) => write!(f, "{route}")?,
            None => f.write_str("everywhere")?,
        }
        write!(f, ": {} {} -> {}", self.lint, self.from, self.to)
    }
}

// === impl Spread ===

impl Spread {
    fn of(steps: &[Step<'_>]) -> Spread {
        let (inside, rest) = steps.split_first().expect("a level holds somewhere");
        let level = |(decision, share): &Step<'_>, outside| Spread {
            level: decision.level,
            share: *share,
            outside,
        };
        let outside = rest.iter().filter(|(decision, _)| decision.level > Level::Warn);
        level(inside, outside.rfold(None, |outside, step| Some(Box::new(level(step, outside)))))
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Rollout { level: self.level, share: self.share }.fmt(f)?;
        self.outside.as_ref().map_or(Ok(()), |outside| write!(f, ", else {outside}"))
    }
}
