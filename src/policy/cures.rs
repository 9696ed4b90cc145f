//! Which cures hold for a request, and where that is said.

use std::collections::BTreeMap;
use std::fmt;

use super::diff::Places;
use super::document::Written;
use super::{DecidedBy, Origin, Policy, Query, RouteName};
use crate::connection::Side;
use crate::heal::{Cure, Cures, Switch, Terms};
use crate::lint::Level;

/// What is said of cures, and where.
#[derive(Clone, Debug, Default)]
pub(crate) struct SaidCures {
    pub(crate) cures: Cures,
    pub(crate) origins: BTreeMap<Cure, Origin>,
}

/// What holds for a cure of which a policy says something. `Display` is
/// `max-age = "5m", service.toml:12:1`.
///
/// ```
/// use tower_conn_lint::Policy;
/// use tower_conn_lint::heal::Cures;
/// use tower_conn_lint::policy::Query;
///
/// let policy = Policy::builder().heal(Cures::new().max_requests(1_000)).build().unwrap();
/// let effective = policy.effective(&Query::everywhere());
/// assert_eq!(effective.cures[0].to_string(), "max-requests = 1000, code");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct EffectiveCure {
    /// The cure.
    pub cure: Cure,
    /// What it is switched on with, in the words of a policy's file; `None` where it is off.
    pub terms: Option<String>,
    /// What decided over it: the table `[heal]`, a route, or the cap.
    pub by: DecidedBy,
    /// Where that stands.
    pub origin: Origin,
}

/// A cure that differs between two policies, on a route or everywhere else. `Display` is
/// `everywhere: max-age off -> "5m"`.
///
/// ```
/// use tower_conn_lint::Policy;
/// use tower_conn_lint::heal::Cures;
///
/// let old = Policy::default();
/// let new = Policy::builder().heal(Cures::new().max_requests(1_000)).build().unwrap();
/// let changes = old.diff_cures(&new);
/// assert_eq!(changes[0].to_string(), "everywhere: max-requests off -> 1000");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CureChange {
    /// A route of either policy; `None` is wherever none is.
    pub route: Option<RouteName>,
    /// The cure.
    pub cure: Cure,
    /// What it was switched on with; `None` where it was off.
    pub from: Option<String>,
    /// The same after.
    pub to: Option<String>,
}

// === impl SaidCures ===

impl SaidCures {
    pub(super) fn in_code(cures: Cures) -> SaidCures {
        let said = cures.all().into_iter().filter(|(_, switch)| *switch != Switch::Unsaid);
        SaidCures { cures, origins: said.map(|(cure, _)| (cure, Origin::CODE)).collect() }
    }

    pub(super) fn over(&self, mut below: SaidCures) -> SaidCures {
        below.origins.extend(self.origins.iter().map(|(cure, at)| (*cure, at.clone())));
        SaidCures { cures: self.cures.over(below.cures), origins: below.origins }
    }
}

// === impl Policy ===

impl Policy {
    /// The cures that change from this policy to the other: everywhere first, then on each route that
    /// either has, as [`diff`](Policy::diff) does it with lints.
    pub fn diff_cures(&self, other: &Policy) -> Vec<CureChange> {
        let mut changes = Vec::new();
        Places::each(self, other, |pattern, old, new| {
            let side = pattern.map(|pattern| pattern.name.side);
            for (cure, _) in Cures::new().all() {
                if side.is_some_and(|side| !cure.is_by_route() || cure.side() != side) {
                    continue;
                }
                let terms = |policy: &Policy, route| policy.effective_cure(cure, route)?.terms;
                let (from, to) = (terms(self, old), terms(other, new));
                if from != to {
                    let route = pattern.map(|pattern| pattern.name.clone());
                    changes.push(CureChange { route, cure, from, to });
                }
            }
        });
        changes
    }

    /// What holds of those cures of which something is said, for a request that falls under a route.
    pub(super) fn effective_cures(&self, query: &Query, route: Option<u32>) -> Vec<EffectiveCure> {
        let is_of_side = |cure: &Cure| query.side().is_none_or(|side| cure.side() == side);
        let all = self.cures.cures.all().into_iter().map(|(cure, _)| cure);
        all.filter(is_of_side).filter_map(|cure| self.effective_cure(cure, route)).collect()
    }

    fn effective_cure(&self, cure: Cure, route: Option<u32>) -> Option<EffectiveCure> {
        let (terms, by, origin) = match self.drain_at(cure, route) {
            Some((switch, origin)) => (switch.on(), DecidedBy::Route, origin),
            None => {
                let origin = self.cures.origins.get(&cure)?;
                (self.cures.cures.switch(cure).on(), DecidedBy::Heal, origin)
            }
        };
        let cap = self.cap.as_ref().filter(|cap| cap.value < Level::Fix && terms.is_some());
        let (terms, by, origin) = match cap {
            Some(cap) => (None, DecidedBy::Cap, &cap.origin),
            None => (terms.map(|terms| terms.to_string()), by, origin),
        };
        Some(EffectiveCure { cure, terms, by, origin: origin.clone() })
    }

    /// What a route says of the drain of its bodies.
    fn drain_at(&self, cure: Cure, route: Option<u32>) -> Option<(Switch<Terms>, &Origin)> {
        let route = &self.routes[route? as usize];
        let drained = match route.pattern.name.side {
            Side::Inbound => Cure::DrainRequestBody,
            Side::Outbound => Cure::DrainResponseBody,
        };
        let Written { value, origin } = route.drain.as_ref().filter(|_| cure == drained)?;
        Some((value.map(Terms::Budget), origin))
    }
}

// === impl EffectiveCure ===

impl fmt::Display for EffectiveCure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EffectiveCure { cure, terms, by, origin } = self;
        write!(f, "{cure} = {}, {origin}", terms.as_deref().unwrap_or("false"))?;
        if *by == DecidedBy::Cap { write!(f, " ({by})") } else { Ok(()) }
    }
}

// === impl CureChange ===

impl fmt::Display for CureChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CureChange { route, cure, from, to } = self;
        match route {
            Some(route) => write!(f, "{route}")?,
            None => f.write_str("everywhere")?,
        }
        let or_off = |terms: &Option<String>| terms.clone().unwrap_or_else(|| "off".to_owned());
        write!(f, ": {cure} {} -> {}", or_off(from), or_off(to))
    }
}
