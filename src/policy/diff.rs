use std::collections::HashMap;
use std::fmt;

use super::pattern::{Pattern, Shape};
use super::{Policy, Rollout, RouteName};
use crate::connection::Side;
use crate::lint::{self, Lint};

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
    pub from: Rollout,
    /// Its level after.
    pub to: Rollout,
}

/// The routes of a policy, by what makes two of them the same.
struct Places<'p> {
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
        let (old, new) = (Places::of(self), Places::of(other));
        let mut changes = Vec::new();
        compare(&mut changes, None, (&old, None), (&new, None));
        for route in &self.routes {
            let at = |places: &Places<'_>| places.find(&route.pattern);
            compare(&mut changes, Some(&route.pattern), (&old, at(&old)), (&new, at(&new)));
        }
        for route in &other.routes {
            if old.by_shape.contains_key(&route.pattern.shape()) {
                continue;
            }
            let at = |places: &Places<'_>| places.find(&route.pattern);
            compare(&mut changes, Some(&route.pattern), (&old, at(&old)), (&new, at(&new)));
        }
        changes
    }
}

fn compare(
    changes: &mut Vec<Change>,
    pattern: Option<&Pattern>,
    (old, old_at): (&Places<'_>, Option<u32>),
    (new, new_at): (&Places<'_>, Option<u32>),
) {
    let side = pattern.map(|pattern| pattern.name.side);
    for lint in lint::all() {
        if side.is_some_and(|side| !lint.is_looked_for(side == Side::Inbound)) {
            continue;
        }
        let from = old.policy.rollout_at(lint, old_at);
        let to = new.policy.rollout_at(lint, new_at);
        if from != to {
            let route = pattern.map(|pattern| pattern.name.clone());
            changes.push(Change { route, lint, from, to });
        }
    }
}

// === impl Places ===

impl<'p> Places<'p> {
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
