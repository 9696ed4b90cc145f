use std::fmt;

use crate::lint::Level;

/// A level, and on which share of a service's instances it acts. On the others the lint has `warn`,
/// and its findings say what they would do.
///
/// Which instances are in a share is told by a stable hash of the instance's name
/// ([`ConnLintBuilder::instance`](crate::ConnLintBuilder::instance)), so those of a tenth are among
/// those of a fifth.
///
/// ```
/// use tower_conn_lint::lint::{self, Level};
/// use tower_conn_lint::{Policy, policy::Rollout};
///
/// let policy = Policy::builder()
///     .level(lint::HANDLER_SENDS_CLOSE, Rollout::new(Level::Fix, 0.1))
///     .build()
///     .unwrap();
/// assert_eq!(Rollout::new(Level::Fix, 0.1).to_string(), "fix (share 0.1)");
/// assert_eq!(Rollout::from(Level::Fix).to_string(), "fix");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Rollout {
    /// What is done about the lint.
    pub level: Level,
    /// On which share of the instances, from 0 to 1; `None` is on all.
    pub share: Option<f64>,
}

// === impl Rollout ===

impl Rollout {
    /// A `fix` or a `deny` on a share of the instances, from 0 to 1. Whether that can be is checked
    /// as the policy is built.
    pub const fn new(level: Level, share: f64) -> Rollout {
        Rollout { level, share: Some(share) }
    }
}

impl From<Level> for Rollout {
    fn from(level: Level) -> Rollout {
        Rollout { level, share: None }
    }
}

impl fmt::Display for Rollout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.share {
            None => f.pad(self.level.as_str()),
            Some(share) => f.pad(&format!("{} (share {share})", self.level)),
        }
    }
}
