use std::sync::Arc;

use http::StatusCode;

use super::checks::admitted;
use super::cures::SaidCures;
use super::document::{Document, Preview, Setting, Written};
use super::{Expectation, LintName, Origin, Policy, PolicyErrors, Preset, Rollout, Route};
use crate::connection::Bounds;
use crate::heal::Cures;
use crate::lint::{Level, Lint};

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
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until it is built"]
pub struct PolicyBuilder {
    /// Those of the policy that it stands over.
    below: Vec<Arc<Document>>,
    document: Document,
}

// === impl PolicyBuilder ===

impl PolicyBuilder {
    /// Stands over another policy, such as the one that a template ships: what this one sets wins,
    /// but against the [floors](Self::floor) of the other. Routes, excluded paths and expectations
    /// add up. Default: over none.
    ///
    /// ```
    /// use tower_conn_lint::lint::{self, Level};
    /// use tower_conn_lint::policy::PolicyErrorKind;
    /// use tower_conn_lint::{Policy, Preset};
    ///
    /// let base = Policy::builder()
    ///     .preset(Preset::Recommended1)
    ///     .floor(lint::HANDLER_SENDS_CLOSE, Level::Fix)
    ///     .build()
    ///     .unwrap();
    /// let service = Policy::builder().allow(lint::HANDLER_SENDS_CLOSE).over(base);
    /// let error = service.build().unwrap_err();
    /// assert_eq!(error.iter().next().unwrap().kind(), PolicyErrorKind::BelowFloor);
    /// ```
    pub fn over(mut self, base: impl Into<Policy>) -> PolicyBuilder {
        self.below = base.into().documents().to_vec();
        self
    }

    /// The preset that the rest refines. Default: [`Preset::Observe1`].
    pub fn preset(mut self, preset: Preset) -> PolicyBuilder {
        self.document.preset = Some(Written::in_code(preset));
        self
    }

    /// A preset that acts on nothing: findings say what it would have done, by itself and under the
    /// floors. Default: none.
    pub fn preview(mut self, preset: Preset) -> PolicyBuilder {
        self.document.preview = Some(Written::in_code(Preview::Preset(preset)));
        self
    }

    /// A policy that acts on nothing: findings say what would have been done if it stood over this
    /// one. Its own routes count, its cap too; the cap in force doesn't, nor do expectations of its
    /// own. Default: none.
    ///
    /// ```
    /// use tower_conn_lint::{Policy, Route, lint};
    ///
    /// let next = Policy::builder()
    ///     .route(Route::inbound("POST /login").deny(lint::CALLER_SENDS_CLOSE));
    /// let policy = Policy::builder().preview_policy(next).build().unwrap();
    /// ```
    pub fn preview_policy(mut self, next: PolicyBuilder) -> PolicyBuilder {
        let documents = next.documents();
        self.document.preview = Some(Written::in_code(Preview::Documents(documents)));
        self
    }

    /// No level acts above this one; [`Level::Warn`] makes the whole policy report only. Over
    /// another policy the lower cap holds. It may lie below a floor, which is then told loudly.
    /// Default: [`Level::Deny`], so no cap.
    pub fn cap(mut self, cap: Level) -> PolicyBuilder {
        self.document.cap = Some(Written::in_code(cap));
        self
    }

    /// Whether a policy that stands over this one may cap it. `CONN_LINT` always may. Default: yes.
    pub fn allow_cap(mut self, allowed: bool) -> PolicyBuilder {
        self.document.allow_cap = Some(Written::in_code(allowed));
        self
    }

    /// Sets a lint's level wherever no route says otherwise, or with a [`Rollout`] on a share of the
    /// instances. Default: the preset's.
    pub fn level(mut self, lint: impl Into<LintName>, level: impl Into<Rollout>) -> PolicyBuilder {
        self.document.lints.push(Setting::in_code(lint.into(), level.into()));
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

    /// The least level of a lint on every route, [`Level::Warn`] or [`Level::Fix`]: against presets,
    /// levels, routes, shares, expectations and excluded paths of policies that stand over this one,
    /// against exceptions in code, and in previews. Only a cap and `CONN_LINT` are stronger. Default:
    /// none.
    pub fn floor(mut self, lint: impl Into<LintName>, level: impl Into<Rollout>) -> PolicyBuilder {
        self.document.floors.push(Setting::in_code(lint.into(), level.into()));
        self
    }

    /// Adds a route with levels of its own.
    pub fn route(mut self, route: Route) -> PolicyBuilder {
        self.document.routes.push(route.into_document());
        self
    }

    /// Adds a known violation: counted, and not reported.
    pub fn expect(mut self, expectation: Expectation) -> PolicyBuilder {
        self.document.expectations.push(expectation.into_document());
        self
    }

    /// Leaves an inbound path alone: no lint runs there. A template as in [`Route::inbound`],
    /// without a method; it is stronger than any route. Default: none.
    pub fn exclude_path(mut self, template: impl Into<String>) -> PolicyBuilder {
        self.document.excluded_paths.push(Written::in_code(template.into()));
        self
    }

    /// Whether requests of health checks are left alone, told by the start of their user agent:
    /// kubelet, the load balancers of AWS and Google, Consul. It is looked for where a request has
    /// no more than eight fields, a `Keep-Alive`, or a `Connection` that says more than `keep-alive`.
    /// A caller may claim to be one, so a policy that denies may want them judged. Default: yes.
    pub fn exclude_probes(mut self, excluded: bool) -> PolicyBuilder {
        self.document.probes_excluded = Some(Written::in_code(excluded));
        self
    }

    /// Switches cures on, beside those of policies below. A cap below `fix` switches all off. Default:
    /// none.
    pub fn heal(mut self, cures: Cures) -> PolicyBuilder {
        self.document.cures = SaidCures::in_code(cures).over(self.document.cures);
        self
    }

    /// The status with which a denied request is answered, from 400 to 599. Default: 400.
    pub fn deny_status(mut self, status: StatusCode) -> PolicyBuilder {
        self.document.deny_status = Some(Written::in_code(status));
        self
    }

    /// Checks the policy.
    ///
    /// # Errors
    ///
    /// All mistakes at once: unknown lints, routes that can't be read, a `fix` that no rewrite
    /// can carry out, a `deny` of our own response, what would lower a floor.
    pub fn build(self) -> Result<Policy, PolicyErrors> {
        match self.build_lossy() {
            (policy, None) => Ok(policy),
            (_, Some(errors)) => Err(errors),
        }
    }

    /// The policy without what is refused: a level that can't act becomes `warn`, a floor holds
    /// against what would lower it, any other mistake drops only itself. The mistakes stand beside
    /// it.
    pub fn build_lossy(self) -> (Policy, Option<PolicyErrors>) {
        let (policy, errors) = Policy::of(&self.documents());
        (policy, PolicyErrors::check(errors).err())
    }

    fn documents(self) -> Vec<Arc<Document>> {
        let mut documents = self.below;
        documents.push(Arc::new(self.document));
        documents
    }
}

/// The levels that code may set over a policy; the mistakes stand beside them. What lies below a
/// floor is one of them, though it does no harm.
pub(crate) fn resolve_levels(
    named: &[(LintName, Level)],
    bounds: Option<Bounds>,
    policy: &Policy,
) -> (Vec<(Lint, Level)>, Option<PolicyErrors>) {
    let (mut levels, mut errors) = (Vec::new(), Vec::new());
    for (name, level) in named {
        let lint = match name.resolve() {
            Ok(lint) => lint,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        let level = admitted(lint, *level, &Origin::CODE, &mut errors);
        levels.push((lint, level));
    }
    errors.extend(policy.lowered_by_code(&levels, bounds));
    (levels, PolicyErrors::check(errors).err())
}
