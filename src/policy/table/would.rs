use std::sync::Arc;

use http::Method;

use super::{Beside, Match};
use crate::lint::{Level, Lint};
use crate::policy::Policy;
use crate::policy::decision::Rule;
use crate::policy::instance::Instance;
use crate::policy::levels::Levels;
use crate::policy::matcher::Matcher;
use crate::policy::routes::Routes;

/// What a preview would do: its levels, on its routes.
#[derive(Debug)]
pub(in crate::policy) struct Would {
    default: Levels,
    routes: Vec<Levels>,
    /// What of it would hold against an exception in code.
    floors: Levels,
    matching: Matching,
    excluded_paths: Arc<Routes<()>>,
    pub(super) probes_excluded: bool,
}

/// Where a preview's routes are found.
#[derive(Debug)]
enum Matching {
    /// A preset has none.
    None,
    /// They are those of the policy in force, with the same numbers.
    Same,
    /// There are others behind those of the policy in force.
    More { matcher: Arc<Matcher>, first: u32 },
}

// === impl Would ===

impl Would {
    /// Shares are left out: each instance tells what those in them would do. So is the cap of the
    /// environment, but its levels stand over any policy.
    pub(super) fn new(policy: &Policy, preview: &Policy, beside: &Beside<'_>) -> Would {
        let level = |lint: Lint, rule: Option<&Rule>| -> Level {
            let decided = || preview.decide(lint, rule, beside.code_of(lint), Instance::INSIDE);
            beside.forced(lint).unwrap_or_else(|| decided().level)
        };
        let default = Levels::new(|lint| level(lint, None));
        let routes = preview.routes.iter().map(|route| {
            let rules = route.rules.iter();
            rules.fold(default, |levels, (lint, rule)| levels.with(*lint, level(*lint, Some(rule))))
        });
        let matching = match (preview.routes.len(), policy.routes.len()) {
            (0, _) => Matching::None,
            (all, first) if all == first => Matching::Same,
            (_, first) => Matching::More { matcher: preview.matcher.clone(), first: first as u32 },
        };
        let floors = Levels::new(|lint| preview.floor(lint, Instance::INSIDE).min(preview.cap()));
        let excluded_paths = preview.excluded_paths.clone();
        let probes_excluded = preview.probes_excluded;
        let routes = routes.collect();
        Would { default, routes, floors, matching, excluded_paths, probes_excluded }
    }

    /// The matcher of routes that the policy in force doesn't have.
    pub(super) fn matcher(&self) -> Option<&Matcher> {
        match &self.matching {
            Matching::More { matcher, .. } => Some(matcher),
            _ => None,
        }
    }

    /// The routes in force and in the preview. It has all those in force, so that one of these that
    /// is the most specific here is so there: most requests are matched once.
    pub(super) fn matched(
        &self,
        own: impl FnOnce() -> Match,
        find: impl FnOnce(&Matcher) -> Option<u32>,
    ) -> (Match, Match) {
        match &self.matching {
            Matching::None => (own(), Match::Default),
            Matching::Same => {
                let own = own();
                (own, own)
            }
            Matching::More { matcher, first } => match Match::from(find(matcher)) {
                Match::Route(route) if route >= *first => (own(), Match::Route(route)),
                both => (both, both),
            },
        }
    }

    pub(super) fn excludes_paths(&self) -> bool {
        !self.excluded_paths.is_empty()
    }

    pub(super) fn excludes(&self, method: &Method, path: &str) -> bool {
        self.excluded_paths.find(method, path).is_some()
    }

    /// The levels on a route.
    pub(in crate::policy) fn levels(&self, matched: Match) -> Levels {
        match matched {
            Match::Default => self.default,
            Match::Excluded => Levels::default(),
            Match::Route(route) => self.routes[route as usize],
        }
    }

    pub(in crate::policy) fn floor(&self, matched: Match, lint: Lint) -> Level {
        match matched {
            Match::Excluded => Level::Allow,
            Match::Default | Match::Route(_) => self.floors.of(lint),
        }
    }

    /// The route in the preview that has this number in the policy in force.
    pub(super) fn same_as(&self, acts: Match) -> Match {
        match self.matching {
            Matching::None => Match::Default,
            Matching::Same | Matching::More { .. } => acts,
        }
    }

    /// How many numbers a match may have that doesn't follow from that of the policy in force.
    pub(super) fn own_numbers(&self) -> u64 {
        match self.matching {
            Matching::More { .. } => self.routes.len() as u64 + 1,
            _ => 1,
        }
    }
}
