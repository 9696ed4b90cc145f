use std::{fmt, str::FromStr};

/// What a policy does about a lint. Later levels act more: `Allow < Warn < Fix < Deny`.
///
/// ```
/// use tower_conn_lint::lint::Level;
///
/// assert_eq!("fix".parse(), Ok(Level::Fix));
/// assert!(Level::Warn < Level::Fix);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Silent.
    Allow,
    /// Reported.
    Warn,
    /// Reported, and an outgoing message is rewritten where that is safe.
    Fix,
    /// Reported, and the request is rejected: one received is answered with problem details, one
    /// not yet sent fails with an error.
    Deny,
}

/// The text is no level. Its `Display` names the four that there are.
///
/// ```
/// use tower_conn_lint::lint::Level;
///
/// let error = "forbid".parse::<Level>().unwrap_err();
/// assert!(error.to_string().ends_with("allow, warn, fix or deny"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such level: a level is allow, warn, fix or deny")]
#[non_exhaustive]
pub struct ParseLevelError;

// === impl Level ===

impl Level {
    /// Every level, the mildest first.
    pub const ALL: [Level; 4] = [Level::Allow, Level::Warn, Level::Fix, Level::Deny];

    /// The name as in a policy: `allow`, `warn`, `fix`, `deny`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Allow => "allow",
            Level::Warn => "warn",
            Level::Fix => "fix",
            Level::Deny => "deny",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Level {
    type Err = ParseLevelError;

    fn from_str(text: &str) -> Result<Level, ParseLevelError> {
        Level::ALL.into_iter().find(|level| level.as_str() == text).ok_or(ParseLevelError)
    }
}
