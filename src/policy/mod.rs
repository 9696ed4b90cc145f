//! What the policy says, and where it applies.

mod template;

pub use template::{Template, TemplateError, TemplateErrorKind};
