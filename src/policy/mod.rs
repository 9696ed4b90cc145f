//! What is done about each lint, on each route: presets, levels, routes, the environment.
//!
//! The level of a lint on a route is what the strongest of these says:
//!
//! | | source |
//! |---|---|
//! | 1 | `CONN_LINT` in the environment ([`Environment`]) |
//! | 2 | the policy's cap ([`PolicyBuilder::cap`]) |
//! | 3 | an exception on the route in code ([`ConnLint::allow`](crate::ConnLint::allow)) |
//! | 4 | a level on the builder in code ([`ConnLintBuilder::fix`](crate::ConnLintBuilder::fix)) |
//! | 5 | the policy's most specific route that matches ([`Route`]) |
//! | 6 | the policy's own levels ([`PolicyBuilder::level`]) |
//! | 7 | the preset ([`Preset`]) |

mod builder;
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
mod instance;
mod levels;
mod lint_name;
mod matcher;
// Places in files come from the reader of files.
#[allow(dead_code)]
mod origin;
mod pattern;
#[expect(clippy::module_inception, reason = "the policy is the module's one noun")]
mod policy;
mod preset;
mod query;
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
pub use self::day::Day;
pub use self::decision::DecidedBy;
pub use self::diff::Change;
pub use self::effective::{Effective, EffectiveLevel};
pub use self::environment::Environment;
pub use self::error::{PolicyError, PolicyErrorKind, Severity};
pub use self::errors::PolicyErrors;
pub use self::expectation::{Expectation, ExpectationState, ExpectationStatus, KnownViolation};
#[cfg(feature = "config")]
pub use self::file::{PolicyDiagnostic, Stack};
pub use self::lint_name::LintName;
pub use self::origin::Origin;
pub use self::pattern::RouteName;
pub use self::policy::Policy;
pub use self::preset::Preset;
pub use self::query::Query;
pub use self::rollout::Rollout;
pub use self::route::Route;
pub use self::template::{Template, TemplateError, TemplateErrorKind};

pub(crate) use self::builder::resolve_levels;
pub(crate) use self::instance::Instance;
pub(crate) use self::table::{Beside, Matched, Table};
pub(crate) use self::verdict::{Rules, Verdict};

use self::route::Side;
