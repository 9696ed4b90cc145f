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
//!
//! With the feature `config` a policy is read from files: strictly in tests
//! (`Policy::try_from_file`), and so that a service always starts (`Policy::from_file_or_builtin`).
//! Files stand over each other in a `Stack`. Each mistake in them is a [`PolicyError`] with its place.

// Wired by the next steps.
#[allow(dead_code)]
mod document;
mod environment;
mod error;
mod errors;
#[cfg(feature = "config")]
mod file;
mod levels;
mod lint_name;
#[allow(dead_code)]
mod origin;
#[expect(clippy::module_inception, reason = "the policy is the module's one noun")]
mod policy;
mod preset;
mod route;
mod routes;
mod suggest;
mod table;
mod template;

pub use self::environment::Environment;
pub use self::error::{PolicyError, PolicyErrorKind, Severity};
pub use self::errors::PolicyErrors;
#[cfg(feature = "config")]
pub use self::file::{PolicyDiagnostic, Stack};
pub use self::lint_name::LintName;
pub use self::origin::Origin;
pub use self::policy::{Policy, PolicyBuilder};
pub use self::preset::Preset;
pub use self::route::Route;
pub use self::template::{Template, TemplateError, TemplateErrorKind};

pub(crate) use self::levels::effective;
pub(crate) use self::policy::resolve_levels;
pub(crate) use self::table::{Match, Rules, Table};

use self::policy::{admitted, resolve};
