#[cfg(feature = "config")]
use std::sync::Arc;

use http::StatusCode;

#[cfg(feature = "config")]
use super::file::Loaded;
use super::route::ParsedRoute;
use super::{LintName, PolicyError, PolicyErrors, Preset, Route, Template};
use crate::lint::{Level, Lint};

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
    pub(super) preset: Preset,
    pub(super) preview: Option<Preset>,
    pub(super) cap: Level,
    pub(super) levels: Vec<(Lint, Level)>,
    pub(super) routes: Vec<ParsedRoute>,
    pub(super) excluded: Vec<Template>,
    pub(super) probes_excluded: bool,
    pub(super) deny_status: StatusCode,
    /// What it was read from; `None` for a policy in code.
    #[cfg(feature = "config")]
    pub(super) loaded: Option<Arc<Loaded>>,
}

/// Writes a [`Policy`]. What is given later wins over what was given before.
///
/// ```
/// use tower_conn_lint::{Policy, Route, lint, lint::Level};
///
/// let builder = Policy::builder()
///     .deny(lint::CALLER_SENDS_CLOSE)
///     .cap(Level::Warn)
///     .route(Route::inbound("GET /{}"));
/// let (policy, errors) = builder.build_lossy();
/// assert_eq!(errors.unwrap().iter().count(), 1, "the route, which is left out");
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct PolicyBuilder {
    preset: Preset,
    preview: Option<Preset>,
    cap: Level,
    levels: Vec<(LintName, Level)>,
    routes: Vec<Route>,
    excluded: Vec<String>,
    probes_excluded: bool,
    deny_status: StatusCode,
}

// === impl Policy ===

impl Policy {
    /// A policy to be written in code. Default: the preset `observe-1`, probes excluded.
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder {
            preset: Preset::default(),
            preview: None,
            cap: Level::Deny,
            levels: Vec::new(),
            routes: Vec::new(),
            excluded: Vec::new(),
            probes_excluded: true,
            deny_status: StatusCode::BAD_REQUEST,
        }
    }
}

impl Default for Policy {
    fn default() -> Policy {
        Policy::from(Preset::default())
    }
}

impl From<Preset> for Policy {
    fn from(preset: Preset) -> Policy {
        Policy::builder().preset(preset).build_lossy().0
    }
}

// === impl PolicyBuilder ===

impl PolicyBuilder {
    /// The preset that the rest refines. Default: [`Preset::Observe1`].
    pub fn preset(mut self, preset: Preset) -> PolicyBuilder {
        self.preset = preset;
        self
    }

    /// A preset that acts on nothing: findings say what it would have done. Default: none.
    pub fn preview(mut self, preset: Preset) -> PolicyBuilder {
        self.preview = Some(preset);
        self
    }

    /// No level acts above this one; [`Level::Warn`] makes the whole policy report only.
    /// Default: [`Level::Deny`], so no cap.
    pub fn cap(mut self, cap: Level) -> PolicyBuilder {
        self.cap = cap;
        self
    }

    /// Sets a lint's level wherever no route says otherwise. Default: the preset's.
    pub fn level(mut self, lint: impl Into<LintName>, level: Level) -> PolicyBuilder {
        self.levels.push((lint.into(), level));
        self
    }

    /// Silences a lint.
    pub fn allow(self, lint: impl Into<LintName>) -> PolicyBuilder {
        self.level(lint, Level::Allow)
    }

    /// Reports a lint.
    pub fn warn(self, lint: impl Into<LintName>) -> PolicyBuilder {
        self.level(lint, Level::Warn)
    }

    /// Reports a lint, and rewrites outgoing messages where that is safe.
    pub fn fix(self, lint: impl Into<LintName>) -> PolicyBuilder {
        self.level(lint, Level::Fix)
    }

    /// Reports a lint, and rejects the request.
    pub fn deny(self, lint: impl Into<LintName>) -> PolicyBuilder {
        self.level(lint, Level::Deny)
    }

    /// Adds a route with levels of its own.
    pub fn route(mut self, route: Route) -> PolicyBuilder {
        self.routes.push(route);
        self
    }

    /// Leaves an inbound path alone: no lint runs there. A template as in [`Route::inbound`],
    /// without a method; it is stronger than any route. Default: none.
    pub fn exclude_path(mut self, template: impl Into<String>) -> PolicyBuilder {
        self.excluded.push(template.into());
        self
    }

    /// Whether requests of health checks are left alone, told by the start of their user agent:
    /// kubelet, the load balancers of AWS and Google, Consul. A caller may claim to be one, so a
    /// policy that denies may want them judged. Default: yes.
    pub fn exclude_probes(mut self, excluded: bool) -> PolicyBuilder {
        self.probes_excluded = excluded;
        self
    }

    /// The status with which a denied request is answered, from 400 to 599. Default: 400.
    pub fn deny_status(mut self, status: StatusCode) -> PolicyBuilder {
        self.deny_status = status;
        self
    }

    /// Checks the policy.
    ///
    /// # Errors
    ///
    /// All mistakes at once: unknown lints, routes that can't be read, a `fix` that no rewrite
    /// can carry out, a `deny` of our own response.
    pub fn build(self) -> Result<Policy, PolicyErrors> {
        match self.build_lossy() {
            (policy, None) => Ok(policy),
            (_, Some(errors)) => Err(errors),
        }
    }

    /// The policy without what is refused: a level that can't act becomes `warn`, any other
    /// mistake drops only itself. The mistakes stand beside it.
    pub fn build_lossy(self) -> (Policy, Option<PolicyErrors>) {
        let mut errors = Vec::new();
        let levels = resolve(&self.levels, Ok, &mut errors);
        let routes = self.routes.iter().filter_map(|route| route.parse(&mut errors)).collect();
        let mut excluded = Vec::new();
        for path in &self.excluded {
            match Template::parse(path) {
                Ok(template) => excluded.push(template),
                Err(error) => errors.push(PolicyError::template(path, &error)),
            }
        }
        let mut deny_status = self.deny_status;
        if !deny_status.is_client_error() && !deny_status.is_server_error() {
            errors.push(PolicyError::deny_status(deny_status));
            deny_status = StatusCode::BAD_REQUEST;
        }
        let policy = Policy {
            preset: self.preset,
            preview: self.preview,
            cap: self.cap,
            levels,
            routes,
            excluded,
            probes_excluded: self.probes_excluded,
            deny_status,
            #[cfg(feature = "config")]
            loaded: None,
        };
        (policy, PolicyErrors::check(errors).err())
    }
}

/// The levels that can be; the mistakes stand beside them.
pub(crate) fn resolve_levels(
    named: &[(LintName, Level)],
) -> (Vec<(Lint, Level)>, Option<PolicyErrors>) {
    let mut errors = Vec::new();
    let levels = resolve(named, Ok, &mut errors);
    (levels, PolicyErrors::check(errors).err())
}

/// The levels of lints that there are, that pass a further check, and as far as the lint admits.
pub(super) fn resolve(
    named: &[(LintName, Level)],
    check: impl Fn(Lint) -> Result<Lint, PolicyError>,
    errors: &mut Vec<PolicyError>,
) -> Vec<(Lint, Level)> {
    let mut levels = Vec::new();
    for (name, level) in named {
        match name.resolve().and_then(&check) {
            Ok(lint) => levels.push((lint, admitted(lint, *level, errors))),
            Err(error) => errors.push(error),
        }
    }
    levels
}

/// The level as far as the lint admits it; one that can't act is an error, and taken as `warn`.
pub(super) fn admitted(lint: Lint, level: Level, errors: &mut Vec<PolicyError>) -> Level {
    let error = match level {
        Level::Fix if !lint.is_fixable() => PolicyError::cannot_fix(lint),
        Level::Deny if !lint.is_deniable() => PolicyError::cannot_deny(lint),
        level => return level,
    };
    errors.push(error);
    Level::Warn
}
