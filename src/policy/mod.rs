//! What is done about each lint, on each route: presets, levels, routes, floors, the environment.
//!
//! A policy is made of one document or of several that stand over each other: the base that a
//! platform ships, and over it what a service says ([`PolicyBuilder::over`]). The level of a lint on
//! a route is what the strongest of these says:
//!
//! | | source |
//! |---|---|
//! | 1 | `CONN_LINT` in the environment ([`Environment`]) |
//! | 2 | the policy's cap, the lowest of all documents ([`PolicyBuilder::cap`]) |
//! | 3 | a floor of any document, where it asks for more ([`PolicyBuilder::floor`]) |
//! | 4 | an exception on the route in code ([`ConnLint::allow`](crate::ConnLint::allow)) |
//! | 5 | a level on the builder in code ([`ConnLintBuilder::fix`](crate::ConnLintBuilder::fix)) |
//! | 6 | a known violation ([`Expectation`]): allowed, and counted |
//! | 7 | the policy's most specific route that matches ([`Route`]), then the later document's |
//! | 8 | the policy's own levels ([`PolicyBuilder::level`]), those of the later document first |
//! | 9 | the preset ([`Preset`]) of the last document that names one, and the denial of [`Role::Gateway`](crate::Role) |
//!
//! The later document's preview, status of denials and exclusion of probes hold; routes, excluded
//! paths and expectations add up. What would lower a floor of a document below is a mistake that
//! names both places, and is outdone by the floor at run time: levels, presets, routes, shares,
//! expectations, excluded paths, and lower floors. An expectation in the document of the floor itself
//! is meant, and goes before it. A cap may lie below a floor, unless a document below allows none:
//! then that is told by a line at WARN, a gauge and each snapshot.
//!
//! What holds for a request, and where that stands, is told by [`Policy::effective`]; what changes
//! from one policy to another by [`Policy::diff`].
//!
//! With the feature `config` a policy is read from files: strictly in tests
//! (`Policy::try_from_file`), and so that a service always starts (`Policy::from_file_or_builtin`).
//! Files stand over each other in a `Stack`. Each mistake in them is a [`PolicyError`] with its place.

mod bounds;
mod builder;
mod checks;
mod cures;
mod day;
mod decision;
mod diff;
mod document;
mod effective;
mod environment;
mod error;
mod errors;
mod expectation;
mod expectations;
#[cfg(feature = "config")]
mod file;
mod fnv;
mod instance;
mod levels;
mod lint_name;
mod matcher;
// Places in files come from the reader of files.
#[cfg_attr(not(feature = "config"), allow(dead_code))]
mod origin;
mod pattern;
#[expect(clippy::module_inception, reason = "the policy is the module's one noun")]
mod policy;
mod preset;
mod query;
mod reload;
mod rollout;
mod route;
mod routes;
mod stacking;
mod suggest;
mod table;
mod template;
mod verdict;

#[cfg(test)]
mod tests;

pub use self::builder::PolicyBuilder;
pub use self::cures::{CureChange, EffectiveCure};
pub use self::day::Day;
pub use self::decision::DecidedBy;
pub use self::diff::{Change, Spread};
pub use self::effective::{Effective, EffectiveLevel};
pub use self::environment::Environment;
pub use self::error::{PolicyError, PolicyErrorKind, Severity};
pub use self::errors::PolicyErrors;
pub use self::expectation::{Expectation, ExpectationState, ExpectationStatus, KnownViolation};
#[cfg(feature = "config")]
pub use self::file::{Excerpt, PolicyDiagnostic, Stack};
pub use self::lint_name::LintName;
pub use self::origin::Origin;
pub use self::pattern::RouteName;
pub use self::policy::Policy;
pub use self::preset::Preset;
pub use self::query::Query;
pub use self::reload::{PolicySource, Reload};
pub use self::rollout::Rollout;
pub use self::route::Route;
pub use self::template::{Template, TemplateError, TemplateErrorKind};
#[cfg(feature = "reload")]
pub use crate::reload::PolicyWatch;

pub(crate) use self::builder::resolve_levels;
pub(crate) use self::instance::Instance;
pub(crate) use self::table::{Beside, Matched, Table};
pub(crate) use self::verdict::{Rules, Verdict};

use self::route::Side;
