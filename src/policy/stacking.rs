//! Documents over each other become a policy. Each is checked as it is laid on: what it says must
//! be possible, and may not lower what those below it hold as floors.

use std::collections::{BTreeMap, HashMap};
use std::mem;
use std::sync::Arc;

use super::checks::{below_floor, known_violation, refuse_bounds, resolved, rule};
use super::decision::Rule;
use super::document::{
    BoundsDocument, Document, ExpectationDocument, Preview, RouteDocument, Setting, Written,
};
use super::expectation::Identity;
use super::expectations::Expectations;
use super::matcher::Matcher;
use super::pattern::{Pattern, Shape};
use super::policy::ParsedRoute;
use super::routes::Routes;
use super::{KnownViolation, Origin, Policy, PolicyError, Preset, Template};
use crate::lint::{Level, Lint, printable};

/// A policy on which more may be laid.
#[derive(Clone, Default)]
struct Stacking {
    policy: Policy,
    /// The routes by what makes them one.
    routes: HashMap<Shape, usize>,
    known: Vec<KnownViolation>,
    expectations: HashMap<Identity, usize>,
    /// The first document that allows no cap above it.
    no_cap: Option<Origin>,
}

/// How many known violations a policy holds.
pub(super) const MOST_EXPECTATIONS: usize = 1024;

/// How much of a path is told.
const PATH: usize = 96;

// === impl Policy ===

impl Policy {
    /// The policy of these documents, each over those before it. A mistake drops only itself, but a
    /// level that can't act becomes `warn`; and what is below a floor is outdone by it.
    pub(crate) fn of(documents: &[Arc<Document>]) -> (Policy, Vec<PolicyError>) {
        let mut errors = Vec::new();
        let mut stacking = Stacking::default();
        for document in documents {
            stacking.lay(document, &mut errors);
        }
        let preview = documents.iter().rev().find_map(|document| document.preview.as_ref());
        let preview = preview.map(|preview| match &preview.value {
            Preview::Preset(preset) => stacking.policy.under(*preset),
            Preview::Documents(over) => stacking.clone().preview(over, &mut errors),
        });
        let mut policy = stacking.finish();
        policy.preview = preview.map(Box::new);
        policy.documents = documents.into();
        (policy, errors)
    }

    /// A preset alone, but for the floors and whether probes are judged.
    fn under(&self, preset: Preset) -> Policy {
        let preset = Written { value: preset, origin: Origin::preset(preset.as_str()) };
        let (floors, probes_excluded) = (self.floors.clone(), self.probes_excluded);
        Policy { preset, floors, probes_excluded, ..Policy::empty() }
    }
}

// === impl Stacking ===

impl Stacking {
    fn lay(&mut self, document: &Document, errors: &mut Vec<PolicyError>) {
        let first = errors.len();
        let below = Below::of(&self.policy);
        self.cap(document, errors);
        self.deny_status(document, errors);
        self.floors(&document.floors, errors);
        self.lints(&document.lints, &below, errors);
        self.hold_bounds(&below);
        self.preset(document, &below, errors);
        for route in &document.routes {
            self.route(route, errors);
        }
        for expectation in &document.expectations {
            self.expectation(expectation, &below, errors);
        }
        self.excluded(document, &below, errors);
        self.policy.cures = document.cures.over(mem::take(&mut self.policy.cures));
        // As they were written; those of code have no line, and stay.
        errors[first..].sort_by_key(|error| error.origin().line_column());
    }

    /// Any preset may stand over a floor, but for one that says less than that before it did.
    fn preset(&mut self, document: &Document, below: &Below, errors: &mut Vec<PolicyError>) {
        let Some(preset) = &document.preset else { return };
        let before = mem::replace(&mut self.policy.preset, preset.clone()).value;
        for (lint, floors) in &below.floors {
            let level = preset.value.level(*lint);
            let rule = Rule { rollout: level.into(), origin: preset.origin.clone() };
            let lowers = level < before.level(*lint) && !self.policy.lints.contains_key(lint);
            if let Some(floor) = floors.iter().find(|floor| lowers && rule.is_below(floor)) {
                let what = format_args!("`{level}` by the preset `{}`", preset.value);
                errors.push(below_floor(what, *lint, &rule.origin, floor));
            }
        }
    }

    /// No cap lifts another: the lowest holds.
    fn cap(&mut self, document: &Document, errors: &mut Vec<PolicyError>) {
        let caps = &mut self.policy.cap;
        match (&document.cap, &self.no_cap) {
            (Some(cap), Some(no_cap)) => {
                let what = format_args!("a cap at `{}`", cap.value);
                errors.push(PolicyError::cap(what).at(&cap.origin).against(no_cap));
            }
            (Some(cap), None) if caps.as_ref().is_none_or(|lowest| cap.value < lowest.value) => {
                *caps = Some(cap.clone());
            }
            _ => {}
        }
        match (&document.allow_cap, &self.no_cap) {
            (Some(Written { value: true, origin }), Some(no_cap)) => {
                errors.push(PolicyError::cap("caps allowed").at(origin).against(no_cap));
            }
            (Some(Written { value: false, origin }), None) => self.no_cap = Some(origin.clone()),
            _ => {}
        }
    }

    fn deny_status(&mut self, document: &Document, errors: &mut Vec<PolicyError>) {
        let Some(Written { value: status, origin }) = &document.deny_status else { return };
        if status.is_client_error() || status.is_server_error() {
            self.policy.deny_status = *status;
        } else {
            errors.push(PolicyError::deny_status(*status).at(origin));
        }
    }

    fn floors(&mut self, settings: &[Setting], errors: &mut Vec<PolicyError>) {
        for setting in settings {
            let Some(lint) = resolved(setting, errors) else { continue };
            refuse_bounds(lint, setting, "a floor has none", errors);
            if !matches!(setting.level, Some(Level::Warn | Level::Fix)) {
                errors.push(PolicyError::floor(lint, setting.level).at(&setting.lint.origin));
                continue;
            }
            let Some(rule) = rule(lint, setting, errors) else { continue };
            if let Some(floor) = self.policy.floor_above(lint, &rule) {
                let what = format_args!("a floor at `{}`", rule.rollout);
                errors.push(below_floor(what, lint, &rule.origin, floor));
            }
            self.refuse_expected(lint, &rule, errors);
            self.policy.floors.entry(lint).or_default().push(rule);
        }
    }

    /// Takes out what documents below this floor expect.
    fn refuse_expected(&mut self, lint: Lint, floor: &Rule, errors: &mut Vec<PolicyError>) {
        let known = mem::take(&mut self.known).into_iter();
        let (refused, kept): (Vec<_>, _) = known.partition(|known| known.lint == lint);
        self.known = kept;
        for KnownViolation { origin, .. } in &refused {
            let what = format_args!("an expectation of `{lint}`");
            errors.push(below_floor(what, lint, origin, floor));
        }
        let identities = self.known.iter().map(KnownViolation::identity);
        self.expectations = identities.zip(0..).collect();
    }

    fn lints(&mut self, settings: &[Setting], below: &Below, errors: &mut Vec<PolicyError>) {
        for setting in settings {
            let Some(lint) = resolved(setting, errors) else { continue };
            self.bounds(lint, setting, below, errors);
            let Some(rule) = rule(lint, setting, errors) else { continue };
            self.refuse_below_floor(lint, &rule, None, errors);
            self.policy.lints.insert(lint, rule);
        }
    }

    fn bounds(
        &mut self,
        lint: Lint,
        setting: &Setting,
        below: &Below,
        errors: &mut Vec<PolicyError>,
    ) {
        let origin = &setting.lint.origin;
        let mut bounds = setting.bounds.checked(lint, |reason| {
            errors.push(PolicyError::bounds(lint, reason).at(origin));
        });
        if let Some(floor) = below.floors.get(&lint).and_then(|floors| floors.last()) {
            let held = &self.policy.held;
            bounds.hold(held, |_, what| errors.push(below_floor(what, lint, origin, floor)));
        }
        self.policy.bounds = bounds.or(self.policy.bounds);
    }

    /// The bounds that this document's floors stand on, its own among them.
    fn hold_bounds(&mut self, below: &Below) {
        let bounds = BoundsDocument::from(self.policy.bounds());
        let count = |floors: Option<&Vec<Rule>>| floors.map_or(0, Vec::len);
        let laid = |(lint, floors): &(&Lint, &Vec<Rule>)| {
            count(Some(floors)) > count(below.floors.get(lint))
        };
        for (lint, _) in self.policy.floors.iter().filter(laid) {
            self.policy.held = bounds.only(*lint).or(self.policy.held);
        }
    }

    fn route(&mut self, document: &RouteDocument, errors: &mut Vec<PolicyError>) {
        let Written { value: text, origin } = &document.text;
        let pattern = match Pattern::parse(document.side, text, origin) {
            Ok(pattern) => pattern,
            Err(error) => return errors.push(error),
        };
        let mut rules = Vec::new();
        for setting in &document.lints {
            let Some(lint) = resolved(setting, errors) else { continue };
            if let Err(error) = pattern.check_side(lint) {
                errors.push(error.at(&setting.lint.origin));
                continue;
            }
            refuse_bounds(lint, setting, "those of a policy hold on all its routes", errors);
            let Some(rule) = rule(lint, setting, errors) else { continue };
            self.refuse_below_floor(lint, &rule, Some(&pattern), errors);
            rules.push((lint, rule));
        }
        let routes = &mut self.policy.routes;
        let index = *self.routes.entry(pattern.shape()).or_insert(routes.len());
        if index == routes.len() {
            routes.push(ParsedRoute { pattern, rules: Vec::new(), drain: document.drain.clone() });
        } else {
            routes[index].pattern = pattern;
            let drain = &mut routes[index].drain;
            *drain = document.drain.clone().or_else(|| drain.take());
        }
        rules.into_iter().for_each(|(lint, rule)| routes[index].set(lint, rule));
    }

    fn expectation(
        &mut self,
        document: &ExpectationDocument,
        below: &Below,
        errors: &mut Vec<PolicyError>,
    ) {
        let known = match known_violation(document) {
            Ok(known) => known,
            Err(error) => return errors.push(error),
        };
        let KnownViolation { lint, origin, .. } = &known;
        if let Some(floor) = below.floors.get(lint).and_then(|floors| floors.first()) {
            let what = format_args!("an expectation of `{lint}`");
            return errors.push(below_floor(what, *lint, origin, floor));
        }
        let until = document.until.as_ref().filter(|until| !until.value.exists());
        if let Some(Written { value, origin }) = until {
            errors.push(PolicyError::day(&value.to_string()).at(origin));
        }
        let all = &mut self.known;
        let identity = known.identity();
        match self.expectations.get(&identity) {
            Some(index) => all[*index] = known,
            None if all.len() >= MOST_EXPECTATIONS => {
                let error = PolicyError::too_many("expectations", MOST_EXPECTATIONS);
                errors.push(error.at(origin));
            }
            None => {
                self.expectations.insert(identity, all.len());
                all.push(known);
            }
        }
    }

    fn excluded(&mut self, document: &Document, below: &Below, errors: &mut Vec<PolicyError>) {
        if let Some(Written { value, origin }) = &document.probes_excluded {
            let lowers = *value && !self.policy.probes_excluded;
            match below.inbound.as_ref().filter(|_| lowers) {
                Some((lint, floor)) => {
                    errors.push(below_floor("to exclude probes", *lint, origin, floor));
                }
                None => self.policy.probes_excluded = *value,
            }
        }
        for Written { value: path, origin } in &document.excluded_paths {
            if let Some((lint, floor)) = &below.inbound {
                let what = format_args!("to exclude `{}`", printable(path, PATH));
                errors.push(below_floor(what, *lint, origin, floor));
                continue;
            }
            match Template::parse(path) {
                Ok(template) => self.policy.excluded.push(template),
                Err(error) => errors.push(PolicyError::template(path, &error).at(origin)),
            }
        }
    }

    fn refuse_below_floor(
        &self,
        lint: Lint,
        rule: &Rule,
        route: Option<&Pattern>,
        errors: &mut Vec<PolicyError>,
    ) {
        let Some(floor) = self.policy.floor_above(lint, rule) else { return };
        let on =
            route.map_or_else(String::new, |route| format!(" on the route `{}`", route.name.text));
        let what = format_args!("`{}`{on}", rule.rollout);
        errors.push(below_floor(what, lint, &rule.origin, floor));
    }

    /// What would hold with these documents on top. A cap holds acts down, and a preview doesn't act:
    /// it tells what would be done without the one in force.
    fn preview(mut self, over: &[Arc<Document>], errors: &mut Vec<PolicyError>) -> Policy {
        self.policy.cap = None;
        for document in over {
            self.lay(document, errors);
        }
        self.finish()
    }

    fn finish(self) -> Policy {
        let mut policy = self.policy;
        policy.expectations = Arc::new(Expectations::new(self.known));
        let routes = policy.routes.iter().map(|route| (&route.pattern, route.is_beside_messages()));
        policy.matcher = Arc::new(Matcher::new(routes));
        let mut excluded = Routes::default();
        policy.excluded.iter().for_each(|path| _ = excluded.insert(None, path, ()));
        policy.excluded_paths = Arc::new(excluded);
        policy
    }
}

/// What a document finds when it is laid on.
struct Below {
    floors: BTreeMap<Lint, Vec<Rule>>,
    /// The first floor of a lint that is looked for inbound.
    inbound: Option<(Lint, Rule)>,
}

// === impl Below ===

impl Below {
    fn of(policy: &Policy) -> Below {
        let floors = policy.floors.clone();
        let inbound = floors.iter().find(|(lint, _)| lint.is_looked_for(true));
        let inbound = inbound.and_then(|(lint, floors)| Some((*lint, floors.first()?.clone())));
        Below { floors, inbound }
    }
}
