use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

use http::{Method, StatusCode};

use super::levels::{Levels, effective};
use super::route::ParsedRoute;
use super::routes::Routes;
use super::{Environment, Policy, Preset, Template};
use crate::connection::RouteSlot;
use crate::lint::{Label, Level, Lint, LintSet, Place};

/// A policy made ready to be asked: one match gives a request's [`Rules`].
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) off: bool,
    pub(crate) preset: Preset,
    /// Of the policy, or of the environment.
    pub(crate) cap: Level,
    pub(crate) probes_excluded: bool,
    pub(crate) deny_status: StatusCode,
    /// What the environment sets: no code on a route changes it.
    pub(crate) forced: LintSet,
    default: Rules,
    excluded: Rules,
    rules: Vec<Rules>,
    /// The places of the routes in the windows, by their index; zero where none is known.
    slots: Vec<AtomicU32>,
    inbound: Routes<usize>,
    excluded_paths: Routes<()>,
    /// The inbound routes of each template, with their methods: for what is found when only that
    /// is known any more.
    by_label: HashMap<Label, Vec<(Option<Method>, usize)>>,
    /// By the client's name or the host, in lower case.
    outbound: HashMap<Box<str>, Routes<usize>>,
    /// The same, of routes for all methods and paths of a client or host.
    wholes: HashMap<Box<str>, usize>,
    /// Whether some outbound route is for less than that, and says something about connections.
    tells_upstreams_apart: bool,
}

/// What holds on one route.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rules {
    pub(crate) label: Option<Label>,
    acts: Levels,
    would: Option<Levels>,
    heeded: LintSet,
}

/// Which rules hold for a request: an index, which outlives the request's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    Default,
    Excluded,
    Route(usize),
}

// === impl Table ===

impl Table {
    /// Compiles a policy, with the levels given in code and those of the environment over it.
    pub(crate) fn new(policy: &Policy, code: &[(Lint, Level)], environment: &Environment) -> Table {
        let rules = |route: &[(Lint, Level)], label| {
            let over = [&policy.levels[..], route, code].concat();
            Rules::new(policy, &over, environment, label)
        };
        let mut table = Table {
            off: environment.off,
            preset: policy.preset,
            cap: policy.cap.min(environment.cap()),
            probes_excluded: policy.probes_excluded,
            deny_status: policy.deny_status,
            forced: environment.levels.iter().map(|(lint, _)| *lint).collect(),
            default: rules(&[], None),
            excluded: Rules::default(),
            rules: Vec::new(),
            slots: policy.routes.iter().map(|_| AtomicU32::new(0)).collect(),
            inbound: Routes::default(),
            excluded_paths: Routes::default(),
            by_label: HashMap::new(),
            outbound: HashMap::new(),
            wholes: HashMap::new(),
            tells_upstreams_apart: false,
        };
        for route in &policy.routes {
            let label = route.template.as_ref().map(|template| Label::new(template.as_str()));
            table.rules.push(rules(&route.levels, label));
        }
        // What is served by GET is served by HEAD; a route of its own stands over that.
        let is_get = |route: &ParsedRoute| route.method == Some(Method::GET);
        for (index, route) in policy.routes.iter().enumerate().filter(|(_, route)| is_get(route)) {
            table.insert(route, Some(Method::HEAD), index);
        }
        for (index, route) in policy.routes.iter().enumerate() {
            table.insert(route, route.method.clone(), index);
            table.insert_beside_messages(route, index);
        }
        for path in &policy.excluded {
            table.excluded_paths.insert(None, path, ());
        }
        table
    }

    pub(crate) fn reads_inbound_paths(&self) -> bool {
        !self.inbound.is_empty() || !self.excluded_paths.is_empty()
    }

    pub(crate) fn inbound(&self, method: &Method, path: &str) -> Match {
        if self.excluded_paths.find(method, path).is_some() {
            return Match::Excluded;
        }
        self.inbound.find(method, path).map_or(Match::Default, |index| Match::Route(*index))
    }

    /// The inbound route that a request with this method and label had: labels are the templates of
    /// routes, but where no route matched.
    pub(crate) fn inbound_by_label(&self, method: Option<&Method>, label: Label) -> Match {
        let Some(routes) = self.by_label.get(&label) else { return Match::Default };
        let of = |wanted: Option<&Method>| {
            let same = |(method, _): &&(Option<Method>, usize)| method.as_ref() == wanted;
            // The later one wins.
            routes.iter().rev().find(same).map(|(_, index)| *index)
        };
        let of_get = || method.filter(|method| **method == Method::HEAD).map(|_| Method::GET);
        method
            .and_then(|method| of(Some(method)))
            .or_else(|| of(Some(&of_get()?)))
            .or_else(|| of(None))
            .map_or(Match::Default, Match::Route)
    }

    /// The outbound route for all that a client sends, by its name or by the host.
    pub(crate) fn outbound_whole(&self, client: &str, authority: &str) -> Match {
        if self.wholes.is_empty() {
            return Match::Default;
        }
        let find = |target: &str| self.wholes.get(&*lower_case(target));
        let host = authority.rsplit_once(':').map(|(host, _)| host);
        let index = find(client).or_else(|| find(authority)).or_else(|| find(host?));
        index.map_or(Match::Default, |index| Match::Route(*index))
    }

    /// Whether the last request of an outbound connection decides over what is found there.
    #[inline]
    pub(crate) fn tells_upstreams_apart(&self) -> bool {
        self.tells_upstreams_apart
    }

    /// By the client's name first, then by the host with its port, then by the host alone.
    pub(crate) fn outbound(
        &self,
        client: &str,
        method: &Method,
        authority: Option<&str>,
        path: &str,
    ) -> Match {
        if self.outbound.is_empty() {
            return Match::Default;
        }
        let find = |target: &str| self.outbound.get(&*lower_case(target))?.find(method, path);
        let by_authority = || {
            let authority = authority?;
            let host = authority.rsplit_once(':').map(|(host, _)| host);
            find(authority).or_else(|| find(host?))
        };
        find(client).or_else(by_authority).map_or(Match::Default, |index| Match::Route(*index))
    }

    pub(crate) fn rules(&self, matched: Match) -> &Rules {
        match matched {
            Match::Default => &self.default,
            Match::Excluded => &self.excluded,
            Match::Route(index) => &self.rules[index],
        }
    }

    /// Where the windows count this route. Relaxed: a slot says by itself whether it still holds.
    pub(crate) fn slot(&self, matched: Match) -> Option<RouteSlot> {
        let Match::Route(index) = matched else { return None };
        let bits = self.slots[index].load(Ordering::Relaxed);
        (bits != 0).then(|| RouteSlot::from_bits(bits.into()))
    }

    pub(crate) fn keep_slot(&self, matched: Match, slot: RouteSlot) {
        if let Match::Route(index) = matched {
            self.slots[index].store(slot.bits() as u32, Ordering::Relaxed);
        }
    }

    fn insert_beside_messages(&mut self, route: &ParsedRoute, index: usize) {
        match (&route.target, &route.template, &route.method) {
            (None, template, method) => {
                let label = template.as_ref().map(|template| Label::new(template.as_str()));
                let routes = self.by_label.entry(label.unwrap_or(Label::OTHER)).or_default();
                routes.push((method.clone(), index));
            }
            (Some(target), None, None) => {
                self.wholes.insert(lower_case(target).into(), index);
            }
            (Some(_), ..) => {
                let beside = route.levels.iter().any(|(lint, _)| !lint.is_of_messages());
                self.tells_upstreams_apart |= beside;
            }
        }
    }

    fn insert(&mut self, route: &ParsedRoute, method: Option<Method>, index: usize) {
        let routes = match &route.target {
            None => &mut self.inbound,
            Some(target) => self.outbound.entry(lower_case(target).into()).or_default(),
        };
        match &route.template {
            Some(template) => _ = routes.insert(method, template, index),
            None => {
                for every_path in ["/", "/{*rest}"] {
                    let template =
                        Template::parse(every_path).expect("this template is well-formed");
                    routes.insert(method.clone(), &template, index);
                }
            }
        }
    }
}

/// Hosts, and with them clients, are compared without regard to case; nearly all are in lower
/// case already.
fn lower_case(target: &str) -> Cow<'_, str> {
    if target.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(target.to_ascii_lowercase())
    } else {
        Cow::Borrowed(target)
    }
}

// === impl Rules ===

impl Rules {
    fn new(
        policy: &Policy,
        over: &[(Lint, Level)],
        environment: &Environment,
        label: Option<Label>,
    ) -> Rules {
        let named = |levels: &[(Lint, Level)], lint| {
            levels.iter().rev().find(|(named, _)| *named == lint).map(|(_, level)| *level)
        };
        let cap = environment.cap();
        let acts = Levels::new(|lint| {
            let level =
                named(over, lint).unwrap_or_else(|| policy.preset.level(lint)).min(policy.cap);
            named(&environment.levels, lint).unwrap_or(level).min(cap)
        });
        let would = policy.preview.map(|preview| Levels::new(|lint| preview.level(lint)));
        let heeded = acts.heeded().union(would.unwrap_or_default().heeded());
        Rules { label, acts, would, heeded }
    }

    /// The lints that are acted on, reported, or would be under the preview.
    pub(crate) fn heeded(&self) -> LintSet {
        self.heeded
    }

    pub(crate) fn level(&self, lint: Lint) -> Level {
        self.acts.of(lint)
    }

    /// What the preview would do about it in this place.
    pub(crate) fn would(&self, lint: Lint, place: Place) -> Option<Level> {
        let level = effective(self.would?.of(lint), lint, place);
        (level > Level::Allow).then_some(level)
    }
}
