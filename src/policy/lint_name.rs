use std::fmt;

use super::PolicyError;
use crate::lint::{self, Lint};

/// A lint as a policy names it: by its constant, or by its name, which may not exist. A name that
/// is none becomes an error of the policy, with the nearest one that is.
///
/// ```
/// use tower_conn_lint::{Policy, lint};
///
/// Policy::builder().fix(lint::CLIENT_SENDS_CLOSE).build().unwrap();
/// Policy::builder().fix("client-sends-close").build().unwrap();
///
/// let errors = Policy::builder().fix("client-send-close").build().unwrap_err();
/// assert!(errors.to_string().contains("did you mean `client-sends-close`?"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintName(Result<Lint, Box<str>>);

impl LintName {
    /// The lint of this name.
    ///
    /// # Errors
    ///
    /// If there is none, with the nearest one that there is.
    ///
    /// ```
    /// use tower_conn_lint::{lint, policy::LintName};
    ///
    /// assert_eq!(LintName::from("low-reuse").resolve(), Ok(lint::LOW_REUSE));
    /// let error = LintName::from("low-resue").resolve().unwrap_err();
    /// assert_eq!(error.to_string(), "unknown lint `low-resue`: did you mean `low-reuse`?");
    /// ```
    pub fn resolve(&self) -> Result<Lint, PolicyError> {
        self.0.as_ref().copied().map_err(|name| PolicyError::unknown_lint(name))
    }
}

impl From<Lint> for LintName {
    fn from(lint: Lint) -> LintName {
        LintName(Ok(lint))
    }
}

impl From<&str> for LintName {
    fn from(name: &str) -> LintName {
        LintName(lint::explain(name).ok_or_else(|| name.into()))
    }
}

impl From<String> for LintName {
    fn from(name: String) -> LintName {
        LintName::from(name.as_str())
    }
}

impl fmt::Display for LintName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(lint) => f.pad(lint.name()),
            Err(name) => f.pad(name),
        }
    }
}
