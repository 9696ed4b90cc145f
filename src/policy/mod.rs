//! What the policy says, and where it applies.

#[cfg_attr(not(test), expect(dead_code))]
mod routes;
mod template;

pub use template::{Template, TemplateError, TemplateErrorKind};
