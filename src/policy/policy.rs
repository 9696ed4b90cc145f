use std::collections::BTreeMap;
use std::sync::Arc;

use http::StatusCode;

use super::checks::below_floor;
use super::cures::SaidCures;
use super::decision::Rule;
use super::document::{BoundsDocument, Document, Written};
use super::expectations::Expectations;
#[cfg(feature = "config")]
use super::file::Loaded;
use super::matcher::Matcher;
use super::pattern::Pattern;
use super::routes::Routes;
use super::{
    KnownViolation, Origin, PolicyBuilder, PolicyError, PolicySource, Preset, RouteName, Template,
};
use crate::connection::Bounds;
use crate::heal::{Budget, Cures, Switch};
use crate::lint::{Level, Lint, LintSet};

/// What is done about each lint, on each route. Checked: it holds no name that is none, no
/// template that can't be read, and no level that can't act.
///
/// ```
/// use tower_conn_lint::{ConnLint, Policy, Preset, lint};
///
/// let policy = Policy::builder()
///     .preset(Preset::Recommended1)
///     .warn(lint::HANDLER_SENDS_CLOSE)
///     .build()
///     .unwrap();
/// let lint = ConnLint::builder().policy(policy).build();
/// ```
#[derive(Clone, Debug)]
pub struct Policy {
    /// What it was made of, the first below.
    pub(super) documents: Arc<[Arc<Document>]>,
    pub(super) preset: Written<Preset>,
    pub(super) preview: Option<Box<Policy>>,
    pub(super) cap: Option<Written<Level>>,
    pub(super) lints: BTreeMap<Lint, Rule>,
    /// Those of all documents, the first below: each holds.
    pub(super) floors: BTreeMap<Lint, Vec<Rule>>,
    pub(super) routes: Vec<ParsedRoute>,
    pub(super) matcher: Arc<Matcher>,
    pub(super) expectations: Arc<Expectations>,
    pub(super) excluded: Vec<Template>,
    pub(super) excluded_paths: Arc<Routes<()>>,
    pub(super) probes_excluded: bool,
    pub(super) deny_status: StatusCode,
    pub(super) bounds: BoundsDocument,
    /// Those that floors stand on: none that fires less holds.
    pub(super) held: BoundsDocument,
    pub(super) cures: SaidCures,
    /// What it was read from; `None` for a policy in code.
    #[cfg(feature = "config")]
    pub(super) loaded: Option<Arc<Loaded>>,
}

/// A route whose text was read, and what it says: a lint at most once.
#[derive(Clone, Debug)]
pub(super) struct ParsedRoute {
    pub(super) pattern: Pattern,
    pub(super) rules: Vec<(Lint, Rule)>,
    pub(super) drain: Option<Written<Switch<Budget>>>,
}

// === impl Policy ===

impl Policy {
    /// Where it comes from.
    pub(crate) fn source(&self) -> PolicySource {
        #[cfg(feature = "config")]
        if let Some(loaded) = &self.loaded {
            return if loaded.is_read { PolicySource::File } else { PolicySource::BuiltIn };
        }
        PolicySource::Code
    }

    /// Of the bytes that it was read from: the same for the same files in every process.
    pub(crate) fn hash(&self) -> Option<u64> {
        #[cfg(feature = "config")]
        return self.loaded.as_ref().map(|loaded| loaded.hash);
        #[cfg(not(feature = "config"))]
        None
    }

    /// A policy to be written in code. Default: the preset `observe-1`, probes excluded.
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder::default()
    }

    /// The preset that the rest refines.
    pub fn preset(&self) -> Preset {
        self.preset.value
    }

    /// No level acts above this one; `deny` where there is no cap.
    pub fn cap(&self) -> Level {
        self.cap.as_ref().map_or(Level::Deny, |cap| cap.value)
    }

    /// The lints whose floor the policy's cap doesn't let hold.
    ///
    /// ```
    /// use tower_conn_lint::lint::{self, Level};
    /// use tower_conn_lint::Policy;
    ///
    /// let policy = Policy::builder().floor(lint::HANDLER_SENDS_CLOSE, Level::Fix);
    /// let policy = policy.cap(Level::Warn).build().unwrap();
    /// assert!(policy.capped_floors().contains(lint::HANDLER_SENDS_CLOSE));
    /// ```
    pub fn capped_floors(&self) -> LintSet {
        let capped = |floors: &[Rule]| floors.iter().any(|floor| floor.rollout.level > self.cap());
        self.floors.iter().filter(|(_, floors)| capped(floors)).map(|(lint, _)| *lint).collect()
    }

    /// Each route once, in the order in which they were first written, as it was written last.
    pub fn routes(&self) -> impl ExactSizeIterator<Item = &RouteName> {
        self.routes.iter().map(|route| &route.pattern.name)
    }

    /// The violations that it knows and expects.
    pub fn expectations(&self) -> impl ExactSizeIterator<Item = &KnownViolation> {
        self.expectations.all().iter()
    }

    /// The cures that it switches on, wherever no route says otherwise.
    ///
    /// ```
    /// use tower_conn_lint::Policy;
    /// use tower_conn_lint::heal::Cures;
    ///
    /// assert_eq!(Policy::default().cures(), Cures::new());
    /// let policy = Policy::builder().heal(Cures::new().max_requests(1_000)).build().unwrap();
    /// assert_eq!(policy.cures().to_string(), "max-requests");
    /// ```
    pub fn cures(&self) -> Cures {
        self.cures.cures
    }

    /// From where on missing reuse is worth a finding: what it sets, over the defaults.
    ///
    /// ```
    /// use tower_conn_lint::{Policy, connection::Bounds};
    ///
    /// assert_eq!(Policy::default().bounds(), Bounds::default());
    /// ```
    pub fn bounds(&self) -> Bounds {
        self.bounds.complete()
    }

    /// Bounds that code sets, as far as floors let them; what these don't is told.
    pub(crate) fn held_over(&self, bounds: Bounds, mut refuse: impl FnMut(PolicyError)) -> Bounds {
        let mut bounds = BoundsDocument::from(bounds);
        bounds.hold(&self.held, |lint, what| {
            let floor = self.floors.get(&lint).and_then(|floors| floors.last());
            if let Some(floor) = floor {
                refuse(below_floor(what, lint, &Origin::CODE, floor));
            }
        });
        bounds.or(self.held).complete()
    }

    /// What it was made of, the first below.
    pub(crate) fn documents(&self) -> &[Arc<Document>] {
        &self.documents
    }

    /// What a level is told that code sets below a floor.
    fn above_code(&self, lint: Lint, level: Level) -> Option<PolicyError> {
        let rule = Rule { rollout: level.into(), origin: Origin::CODE };
        let floor = self.floor_above(lint, &rule)?;
        Some(below_floor(format_args!("`{level}`"), lint, &rule.origin, floor))
    }

    /// What code sets below floors, which hold.
    pub(crate) fn lowered_by_code(
        &self,
        levels: &[(Lint, Level)],
        bounds: Option<Bounds>,
    ) -> Vec<PolicyError> {
        let levels = levels.iter().filter_map(|(lint, level)| self.above_code(*lint, *level));
        let mut lowered: Vec<_> = levels.collect();
        if let Some(bounds) = bounds {
            self.held_over(bounds, |error| lowered.push(error));
        }
        lowered
    }

    /// What says nothing.
    pub(super) fn empty() -> Policy {
        let preset = Preset::default();
        Policy {
            documents: Arc::default(),
            preset: Written { value: preset, origin: Origin::preset(preset.as_str()) },
            preview: None,
            cap: None,
            lints: BTreeMap::new(),
            floors: BTreeMap::new(),
            routes: Vec::new(),
            matcher: Arc::default(),
            expectations: Arc::default(),
            excluded: Vec::new(),
            excluded_paths: Arc::default(),
            probes_excluded: true,
            deny_status: StatusCode::BAD_REQUEST,
            #[cfg(feature = "config")]
            loaded: None,
            bounds: BoundsDocument::default(),
            held: BoundsDocument::default(),
            cures: SaidCures::default(),
        }
    }
}

impl Default for Policy {
    fn default() -> Policy {
        Policy::empty()
    }
}

impl From<Preset> for Policy {
    fn from(preset: Preset) -> Policy {
        Policy::builder().preset(preset).build_lossy().0
    }
}

// === impl ParsedRoute ===

impl ParsedRoute {
    pub(super) fn set(&mut self, lint: Lint, rule: Rule) {
        match self.rules.iter_mut().find(|(known, _)| *known == lint) {
            Some((_, known)) => *known = rule,
            None => self.rules.push((lint, rule)),
        }
    }

    pub(super) fn rule(&self, lint: Lint) -> Option<&Rule> {
        self.rules.iter().find(|(known, _)| *known == lint).map(|(_, rule)| rule)
    }

    pub(super) fn drain(&self) -> Switch<Budget> {
        self.drain.as_ref().map_or(Switch::Unsaid, |drain| drain.value)
    }

    /// Whether it says something about connections.
    pub(super) fn is_beside_messages(&self) -> bool {
        self.rules.iter().any(|(lint, _)| !lint.is_of_messages())
    }
}
