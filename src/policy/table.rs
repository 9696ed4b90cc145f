mod matched;
mod would;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use http::{Method, StatusCode};

use self::would::Would;
use super::decision::Rule;
use super::expectation::Identity;
use super::expectations::Expectations;
use super::instance::Instance;
use super::levels::{Levels, effective};
use super::matcher::Matcher;
use super::policy::ParsedRoute;
use super::routes::Routes;
use super::{Day, Environment, ExpectationStatus, KnownViolation, Policy, Preset, Template};
use crate::Role;
use crate::connection::{Bounds, RouteSlot, Side};
use crate::heal::{Budget, Cures, Switch};
use crate::lint::{self, Expected, Label, Level, Lint, LintSet, Place};

pub(crate) use self::matched::{Match, Matched};

/// A policy made ready to be asked: one match gives a request's [`Rules`](super::Rules).
#[derive(Debug)]
pub(crate) struct Table {
    /// Counted from one, as the lint's policies come into force.
    pub(crate) version: u32,
    pub(crate) preset: Preset,
    /// Of the policy, or of the environment.
    pub(crate) cap: Level,
    pub(crate) probes_excluded: bool,
    pub(crate) deny_status: StatusCode,
    /// From where on missing reuse is worth a finding.
    pub(crate) bounds: Bounds,
    pub(crate) cures: Cures,
    /// Whether cures are left on, and whether routes of their own drain.
    acts: bool,
    drains_routes: bool,
    /// The floors that don't hold, by the policy's cap or by the environment.
    pub(crate) capped_floors: LintSet,
    /// What the environment sets: no code on a route changes it.
    pub(super) forced: LintSet,
    /// The same, or what the builder in code sets: no expectation changes it.
    pub(super) settled: LintSet,
    /// What holds against an exception in code.
    pub(super) floors: Levels,
    /// The floors that a cap doesn't let hold.
    pub(super) capped: Levels,
    pub(super) default: RouteLevels,
    pub(super) routes: Vec<RouteLevels>,
    matcher: Arc<Matcher>,
    excluded_paths: Arc<Routes<()>>,
    pub(super) would: Option<Would>,
    expectations: Arc<Expectations>,
    /// What counts the cases of each.
    tallies: Vec<Arc<Expected>>,
    reads_inbound_paths: bool,
    /// Whether a request's label is enough to know its routes again: nothing but the routes in
    /// force tells paths apart.
    knows_by_label: bool,
    tells_upstreams_apart: bool,
    /// The places in the windows of the routes, and behind them of those that are expected; zero
    /// where none is known.
    slots: Box<[AtomicU32]>,
}

/// The levels that hold on one route.
#[derive(Clone, Debug)]
pub(super) struct RouteLevels {
    pub(super) label: Option<Label>,
    pub(super) acts: Levels,
    /// Those on instances that are in the shares, where they are others.
    pub(super) inside: Option<Box<Levels>>,
    drain: Switch<Budget>,
    /// Those that nothing but the role denies, in requests that are received.
    pub(super) by_role: LintSet,
}

/// What bears on levels beside the policy.
#[derive(Clone, Copy)]
pub(crate) struct Beside<'a> {
    /// The levels given in code.
    pub(crate) code: &'a [(Lint, Level)],
    pub(crate) environment: &'a Environment,
    pub(crate) instance: Instance,
    /// What code gives instead of the policy's.
    pub(crate) bounds: Option<Bounds>,
    /// The same of cures.
    pub(crate) cures: Cures,
    pub(crate) role: Role,
    pub(crate) now: Instant,
}

// === impl Table ===

impl Table {
    /// Compiles a policy. What was counted for an expectation goes on if the table before had it.
    pub(crate) fn new(policy: &Policy, beside: &Beside<'_>, before: Option<&Table>) -> Table {
        let Beside { code, environment, instance, bounds, cures, role: _, now } = *beside;
        let mut default =
            RouteLevels::new(lint::all().map(|lint| (lint, beside.settle(policy, lint, None))));
        default.by_role = lint::all().filter(|lint| beside.denies_by_role(policy, *lint)).collect();
        let routes = policy.routes.iter().map(|route| {
            let named = route.rules.iter();
            let named = named.map(|(lint, rule)| (*lint, beside.settle(policy, *lint, Some(rule))));
            let template = route.pattern.template.as_ref();
            let label = template.map(|template| Label::of_policy(template.as_str()));
            RouteLevels { drain: route.drain(), ..default.with(named, label) }
        });
        let routes: Vec<_> = routes.collect();
        let would = policy.preview.as_ref().map(|preview| Would::new(policy, preview, beside));
        let expectations = policy.expectations.clone();
        let counted = before.map(Table::tallies).unwrap_or_default();
        let tally = |known: &KnownViolation| {
            let (tally, before) = (known.tally(now), counted.get(&known.identity()));
            Arc::new(match before {
                Some(before) => tally.resuming(before),
                None => tally,
            })
        };
        let tallies = expectations.all().iter().map(tally).collect();
        let places = routes.len() + expectations.routes();
        let matchers = [
            Some(&*policy.matcher),
            would.as_ref().and_then(Would::matcher),
            expectations.matcher(),
        ];
        let matchers = || matchers.iter().flatten();
        let cap = policy.cap().min(environment.cap());
        // A cap below `fix` lets nothing act.
        let acts = cap >= Level::Fix && !environment.off;
        let forced: LintSet = environment.levels.iter().map(|(lint, _)| *lint).collect();
        let would_exclude = would.as_ref().is_some_and(Would::excludes_paths);
        Table {
            version: before.map_or(0, |before| before.version).wrapping_add(1),
            preset: policy.preset.value,
            cap,
            probes_excluded: policy.probes_excluded,
            deny_status: policy.deny_status,
            bounds: bounds.map_or_else(|| policy.bounds(), |bounds| policy.held_over(bounds, drop)),
            cures: if acts { cures.over(policy.cures()) } else { Cures::new() },
            acts,
            drains_routes: acts && routes.iter().any(RouteLevels::drains),
            capped_floors: beside.capped_floors(policy),
            forced,
            settled: code.iter().chain(&environment.levels).map(|(lint, _)| *lint).collect(),
            floors: Levels::new(|lint| policy.floor(lint, instance).min(cap)),
            capped: Levels::new(|lint| {
                let floor = policy.floor(lint, instance);
                if floor > cap && !forced.contains(lint) { floor } else { Level::Allow }
            }),
            reads_inbound_paths: !policy.excluded_paths.is_empty()
                || would_exclude
                || matchers().any(|matcher| matcher.reads_inbound_paths()),
            knows_by_label: matchers().count() == 1
                && !would_exclude
                && policy.routes.iter().zip(&routes).all(is_whole),
            tells_upstreams_apart: matchers().any(|matcher| matcher.tells_upstreams_apart()),
            default,
            routes,
            matcher: policy.matcher.clone(),
            excluded_paths: policy.excluded_paths.clone(),
            would,
            tallies,
            expectations,
            slots: (0..places).map(|_| AtomicU32::new(0)).collect(),
        }
    }

    /// Whether bodies are read away anywhere that nobody reads.
    pub(crate) fn drains(&self, side: Side) -> bool {
        self.drains_routes || self.drains_everywhere(side).on().is_some()
    }

    /// How much of a body is read away that nobody reads, where a request went.
    pub(crate) fn drain(&self, matched: Matched, side: Side) -> Option<Budget> {
        let switch = self.levels(matched).drain.or(self.drains_everywhere(side));
        switch.on().filter(|_| self.acts)
    }

    fn drains_everywhere(&self, side: Side) -> Switch<Budget> {
        match side {
            Side::Inbound => self.cures.drain_request_body,
            Side::Outbound => self.cures.drain_response_body,
        }
    }

    /// Whether any cure is switched on.
    pub(crate) fn heals(&self) -> bool {
        self.cures.any() || self.drains_routes
    }

    #[inline]
    pub(crate) fn knows_by_label(&self) -> bool {
        self.knows_by_label
    }

    pub(crate) fn reads_inbound_paths(&self) -> bool {
        self.reads_inbound_paths
    }

    /// Whether the last request of an outbound connection decides over what is found there.
    #[inline]
    pub(crate) fn tells_upstreams_apart(&self) -> bool {
        self.tells_upstreams_apart
    }

    pub(crate) fn is_excluded(&self, method: &Method, path: &str) -> bool {
        self.excluded_paths.find(method, path).is_some()
    }

    pub(crate) fn inbound(&self, method: &Method, path: &str) -> Matched {
        if self.is_excluded(method, path) {
            return Matched::EXCLUDED;
        }
        self.matched(|matcher| matcher.inbound(method, path), |would| would.excludes(method, path))
    }

    /// A probe, where the policy in force leaves those in.
    pub(crate) fn inbound_probe(&self, method: &Method, path: &str) -> Matched {
        let matched = self.inbound(method, path);
        let would = if self.would_exclude_probes() { Match::Excluded } else { matched.would };
        Matched { would, ..matched }
    }

    pub(crate) fn would_exclude_probes(&self) -> bool {
        self.would.as_ref().is_some_and(|would| would.probes_excluded)
    }

    /// By the client's name first, then by the host with its port, then by the host alone.
    pub(crate) fn outbound(
        &self,
        client: &str,
        method: &Method,
        authority: Option<&str>,
        path: &str,
    ) -> Matched {
        self.matched(|matcher| matcher.outbound(client, method, authority, path), |_| false)
    }

    /// The inbound routes that a request with this method and label had. Where routes are narrower
    /// than the label they are those of the label.
    pub(crate) fn inbound_by_label(&self, method: Option<&Method>, label: Label) -> Matched {
        self.matched(|matcher| matcher.inbound_by_label(method, label), |_| false)
    }

    /// The outbound routes for all that a client sends, by its name or by the host.
    pub(crate) fn outbound_whole(&self, client: &str, authority: &str) -> Matched {
        self.matched(|matcher| matcher.outbound_whole(client, authority), |_| false)
    }

    /// The route that a request counts for in windows, by its number, and its label: the policy's
    /// own, unless a violation is expected there that connections show.
    pub(crate) fn counted(&self, matched: Matched) -> Option<(usize, Label)> {
        if let Match::Route(entry) = matched.expected {
            if let Some(label) = self.expectations.label(entry) {
                return Some((self.routes.len() + entry as usize, label));
            }
        }
        let Match::Route(route) = matched.acts else { return None };
        Some((route as usize, self.routes[route as usize].label?))
    }

    /// Where the windows count this route. Relaxed: a slot says by itself whether it still holds.
    pub(crate) fn slot(&self, route: usize) -> Option<RouteSlot> {
        let bits = self.slots[route].load(Ordering::Relaxed);
        (bits != 0).then(|| RouteSlot::from_bits(bits.into()))
    }

    pub(crate) fn keep_slot(&self, route: usize, slot: RouteSlot) {
        self.slots[route].store(slot.bits() as u32, Ordering::Relaxed);
    }

    pub(crate) const ENTRY_BITS: u32 = 20;

    /// A match as one number of so many bits, for a connection to keep; `None` where no route matched.
    /// Beyond that many, what is previewed and expected is that of the route in force.
    pub(crate) fn entry(&self, matched: Matched) -> Option<u32> {
        let [routes, would, expected] = self.numbers();
        let number = |matched: Match, numbers| if numbers > 1 { matched.number() } else { 0 };
        let beside = number(matched.would, would) + would * number(matched.expected, expected);
        let entry = u32::try_from(matched.acts.number() + routes * beside).ok()?;
        (0 < entry && entry >> Table::ENTRY_BITS == 0).then_some(entry)
    }

    pub(crate) fn at_entry(&self, entry: u32) -> Matched {
        let [routes, would, expected] = self.numbers();
        let (acts, beside) = (u64::from(entry) % routes, u64::from(entry) / routes);
        let (acts, expected) = (Match::numbered(acts), Match::numbered(beside / would % expected));
        let kept = Match::numbered(beside % would);
        let would = match &self.would {
            Some(_) if would > 1 => kept,
            Some(would) => would.same_as(acts),
            None => Match::Default,
        };
        Matched { acts, would, expected }
    }

    /// How many numbers each part of a match has, none of them zero.
    fn numbers(&self) -> [u64; 3] {
        let routes = self.routes.len() as u64 + 1;
        let would = self.would.as_ref().map_or(1, Would::own_numbers);
        let expected = self.expectations.routes() as u64 + 1;
        let fit = routes.saturating_mul(would).saturating_mul(expected) <= 1 << Table::ENTRY_BITS;
        if fit { [routes, would, expected] } else { [routes, 1, 1] }
    }

    /// Whether an exception in code is of no use.
    pub(crate) fn holds_floor(&self, lint: Lint) -> bool {
        self.floors.of(lint) > Level::Allow && !self.forced.contains(lint)
    }

    /// Whether there is anything that time changes.
    pub(crate) fn expects_any(&self) -> bool {
        !self.expectations.all().is_empty()
    }

    /// How each expectation stands; and those whose state is news.
    pub(crate) fn expectations(
        &self,
        today: Day,
        now: Instant,
    ) -> (Vec<ExpectationStatus>, Vec<ExpectationStatus>) {
        let (mut all, mut news) = (Vec::new(), Vec::new());
        for (known, tally) in self.expectations.all().iter().zip(&self.tallies) {
            let status = known.status(tally, today, now);
            if tally.is_news(status.state as u8) {
                news.push(status.clone());
            }
            all.push(status);
        }
        (all, news)
    }

    fn tallies(&self) -> HashMap<Identity, &Expected> {
        let identities = self.expectations.all().iter().map(KnownViolation::identity);
        identities.zip(self.tallies.iter().map(|tally| &**tally)).collect()
    }

    /// Asks the policy's routes, those of the preview and those of expectations.
    fn matched(
        &self,
        find: impl Fn(&Matcher) -> Option<u32>,
        would_exclude: impl Fn(&Would) -> bool,
    ) -> Matched {
        let own = || Match::from(find(&self.matcher));
        let (acts, would) = match &self.would {
            None => (own(), Match::Default),
            Some(would) => {
                let (acts, matched) = would.matched(own, &find);
                (acts, if would_exclude(would) { Match::Excluded } else { matched })
            }
        };
        let expected = self.expectations.matcher().and_then(find);
        Matched { acts, would, expected: expected.into() }
    }

    pub(super) fn expected(&self, matched: Matched, lint: Lint) -> Option<&Arc<Expected>> {
        if self.settled.contains(lint) {
            return None;
        }
        let route = match matched.expected {
            Match::Route(route) => Some(route),
            Match::Default | Match::Excluded => None,
        };
        self.tallies.get(self.expectations.find(route, lint)?)
    }

    pub(super) fn levels(&self, matched: Matched) -> &RouteLevels {
        match matched.acts {
            Match::Route(route) => &self.routes[route as usize],
            Match::Default | Match::Excluded => &self.default,
        }
    }
}

/// Whether a route's label is its template: one may be cut, and there may be too many.
fn is_whole((route, levels): (&ParsedRoute, &RouteLevels)) -> bool {
    let text =
        |template: &Template| levels.label.is_some_and(|label| label.as_str() == template.as_str());
    route.pattern.template.as_ref().is_none_or(text)
}

// === impl RouteLevels ===

impl RouteLevels {
    fn drains(&self) -> bool {
        self.drain.on().is_some()
    }

    /// Of all lints: the levels here, and inside the shares.
    fn new(levels: impl Iterator<Item = (Lint, (Level, Level))>) -> RouteLevels {
        let (acts, by_role, drain) = (Levels::default(), LintSet::EMPTY, Switch::Unsaid);
        let none = RouteLevels { label: None, acts, inside: None, by_role, drain };
        none.with(levels, None)
    }

    /// The same, but for these lints.
    fn with(
        &self,
        levels: impl Iterator<Item = (Lint, (Level, Level))>,
        label: Option<Label>,
    ) -> RouteLevels {
        let mut acts = self.acts;
        let mut inside = self.inside.as_deref().copied().unwrap_or(acts);
        let mut by_role = self.by_role;
        for (lint, (level, level_inside)) in levels {
            acts = acts.with(lint, level);
            inside = inside.with(lint, level_inside);
            by_role = by_role.without(lint);
        }
        let inside = (inside != acts).then(|| Box::new(inside));
        RouteLevels { label, acts, inside, by_role, drain: Switch::Unsaid }
    }

    /// What is done about a lint in this place.
    pub(super) fn level(&self, lint: Lint, place: Place) -> Level {
        if place == Place::ReceivedRequest && self.by_role.contains(lint) {
            return Level::Deny;
        }
        effective(self.acts.of(lint), lint, place)
    }
}

// === impl Beside ===

impl Beside<'_> {
    fn code_of(&self, lint: Lint) -> Option<Level> {
        last(self.code, lint)
    }

    /// What the environment sets.
    fn forced(&self, lint: Lint) -> Option<Level> {
        last(&self.environment.levels, lint)
    }

    /// Whether the role denies a lint: where nothing but a preset has a say in it, and no cap stands
    /// in between. A floor asks for no less.
    fn denies_by_role(&self, policy: &Policy, lint: Lint) -> bool {
        self.role.is_gateway()
            && lint == lint::CONNECTION_LISTS_SENSITIVE
            && policy.cap().min(self.environment.cap()) == Level::Deny
            && self.code_of(lint).or(self.forced(lint)).is_none()
            && !policy.lints.contains_key(&lint)
    }

    /// The level of a lint here, and on instances that are in every share, as far as code and the
    /// environment let the policy decide.
    fn settle(&self, policy: &Policy, lint: Lint, route: Option<&Rule>) -> (Level, Level) {
        let settled = |instance| {
            let decided = || policy.decide(lint, route, self.code_of(lint), instance).level;
            self.forced(lint).unwrap_or_else(decided).min(self.environment.cap())
        };
        (settled(self.instance), settled(Instance::INSIDE))
    }

    fn capped_floors(&self, policy: &Policy) -> LintSet {
        let is_capped = |lint: &Lint, floors: &[Rule]| {
            let floor = floors.iter().map(|floor| floor.rollout.level).max();
            let floor = floor.unwrap_or(Level::Allow);
            self.environment.off || self.settle(policy, *lint, None).1 < floor
        };
        let capped = policy.floors.iter().filter(|(lint, floors)| is_capped(lint, floors));
        capped.map(|(lint, _)| *lint).collect()
    }
}

/// What was set last.
fn last(levels: &[(Lint, Level)], lint: Lint) -> Option<Level> {
    levels.iter().rev().find(|(named, _)| *named == lint).map(|(_, level)| *level)
}
