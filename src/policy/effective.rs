use std::{fmt, slice};

use super::decision::{Decision, Step};
use super::instance::Instance;
use super::{DecidedBy, EffectiveCure, KnownViolation, Origin, Policy, Query, Rollout, RouteName};
use crate::connection::Side;
use crate::lint::{self, Level, Lint};

/// What holds for a request under a policy, lint by lint. What `CONN_LINT` and code say is not known
/// to a policy, and so not in it; a level on a share of the instances is that of those in it.
///
/// ```
/// use tower_conn_lint::policy::{DecidedBy, Query};
/// use tower_conn_lint::{Policy, Preset, lint, lint::Level};
///
/// let policy = Policy::builder()
///     .preset(Preset::Recommended1)
///     .floor(lint::UPSTREAM_SENDS_CLOSE, Level::Warn)
///     .cap(Level::Warn)
///     .build()
///     .unwrap();
/// let effective = policy.effective(&Query::everywhere());
/// assert_eq!(effective.get(lint::CLIENT_SENDS_CLOSE).unwrap().by, DecidedBy::Cap);
/// println!("{effective}");
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Effective {
    /// The route that it falls under, if there is one.
    pub route: Option<RouteName>,
    /// Whether no lint runs there, as the policy says.
    pub excluded: bool,
    /// Each lint that is looked for on this side, in the order of the catalogue.
    pub levels: Vec<EffectiveLevel>,
    /// Each cure of this side of which the policy says something. Those of connections hold on
    /// excluded paths, too.
    pub cures: Vec<EffectiveCure>,
}

/// What holds for one lint. `Display` is `client-sends-close = fix, base.toml:12:1`.
///
/// ```
/// use tower_conn_lint::policy::{Query, Rollout};
/// use tower_conn_lint::{Policy, lint, lint::Level};
///
/// let tenth = Rollout::new(Level::Fix, 0.1);
/// let policy = Policy::builder().level(lint::HANDLER_SENDS_CLOSE, tenth).build().unwrap();
/// let effective = policy.effective(&Query::everywhere());
/// let close = effective.get(lint::HANDLER_SENDS_CLOSE).unwrap();
/// assert_eq!(close.to_string(), "handler-sends-close = fix (share 0.1), code");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct EffectiveLevel {
    /// The lint.
    pub lint: Lint,
    /// Its level.
    pub level: Level,
    /// On which share of the instances, where that is not all.
    pub share: Option<f64>,
    /// What holds on the others, where that is more than `warn`: a level of a floor, say.
    pub outside: Option<Box<EffectiveLevel>>,
    /// What decided over it.
    pub by: DecidedBy,
    /// Where that stands.
    pub origin: Origin,
    /// What the preview would do, where there is one that doesn't leave this request alone.
    pub would: Option<Level>,
}

// === impl Policy ===

impl Policy {
    /// What holds for a request, and why.
    pub fn effective(&self, query: &Query) -> Effective {
        let route = query.find(&self.matcher);
        let expectations = &self.expectations;
        let expected = expectations.matcher().and_then(|matcher| query.find(matcher));
        let side = query.side();
        let is_of_side =
            |lint: &Lint| side.is_none_or(|side| lint.is_looked_for(side == Side::Inbound));
        let preview = self.preview.as_deref();
        let preview = preview.filter(|preview| !query.is_excluded(preview));
        let preview = preview.map(|preview| (preview, query.find(&preview.matcher)));
        let level = |lint: Lint| {
            let known = expectations.find(expected, lint).map(|index| &expectations.all()[index]);
            let preview = preview.map(|(preview, route)| preview.inside(lint, route));
            self.effective_level(lint, route, known, preview)
        };
        Effective {
            route: route.map(|route| self.routes[route as usize].pattern.name.clone()),
            excluded: query.is_excluded(self),
            levels: lint::all().filter(is_of_side).map(level).collect(),
            cures: self.effective_cures(query, route),
        }
    }

    /// What holds for a lint on a route, but for what is expected there.
    pub(super) fn spread_at(&self, lint: Lint, route: Option<u32>) -> Vec<Step<'_>> {
        let rule = route.and_then(|route| self.routes[route as usize].rule(lint));
        self.spread(lint, rule)
    }

    /// The same on the instances that are in every share.
    fn inside(&self, lint: Lint, route: Option<u32>) -> Level {
        let rule = route.and_then(|route| self.routes[route as usize].rule(lint));
        self.decide(lint, rule, None, Instance::INSIDE).level
    }

    fn effective_level(
        &self,
        lint: Lint,
        route: Option<u32>,
        known: Option<&KnownViolation>,
        would: Option<Level>,
    ) -> EffectiveLevel {
        if let Some(known) = known {
            let (level, by) = (Level::Allow, DecidedBy::Expectation);
            let (share, outside, origin, would) = (None, None, known.origin.clone(), None);
            return EffectiveLevel { lint, level, share, outside, by, origin, would };
        }
        let steps = self.spread_at(lint, route);
        let (inside, rest) = steps.split_first().expect("a level holds somewhere");
        let level = |(decision, share): &Step<'_>, outside, would| {
            let Decision { level, by, origin } = *decision;
            let origin = origin.unwrap_or(&self.preset.origin).clone();
            EffectiveLevel { lint, level, share: *share, outside, by, origin, would }
        };
        let outside = rest.iter().filter(|(decision, _)| decision.level > Level::Warn);
        let outside =
            outside.rfold(None, |outside, step| Some(Box::new(level(step, outside, None))));
        level(inside, outside, would)
    }
}

// === impl Effective ===

impl Effective {
    /// What holds for this lint; nothing where it is not looked for on this side.
    pub fn get(&self, lint: Lint) -> Option<&EffectiveLevel> {
        self.iter().find(|level| level.lint == lint)
    }

    /// Each lint, in the order of the catalogue.
    pub fn iter(&self) -> slice::Iter<'_, EffectiveLevel> {
        self.levels.iter()
    }
}

impl fmt::Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.route {
            Some(route) => writeln!(f, "route: {route}")?,
            None => writeln!(f, "route: none")?,
        }
        if self.excluded {
            f.write_str("excluded: no lint runs there\n")?;
        } else {
            self.levels.iter().try_for_each(|level| writeln!(f, "{level}"))?;
        }
        self.cures.iter().try_for_each(|cure| writeln!(f, "{cure}"))
    }
}

// === impl EffectiveLevel ===

impl EffectiveLevel {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EffectiveLevel { level, share, by, origin, .. } = self;
        write!(f, "{}, {origin}", Rollout { level: *level, share: *share })?;
        if !matches!(by, DecidedBy::Lints | DecidedBy::Route) {
            write!(f, " ({by})")?;
        }
        self.outside.as_ref().map_or(Ok(()), |outside| {
            f.write_str("; else ")?;
            outside.write(f)
        })
    }
}

impl fmt::Display for EffectiveLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = ", self.lint)?;
        self.write(f)?;
        let would = self.would.filter(|would| *would != self.level);
        would.map_or(Ok(()), |would| write!(f, ", would={would}"))
    }
}
