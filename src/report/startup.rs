use std::fmt;

use super::Wired;
use crate::heal::Cures;
use crate::lint::{Level, LintSet};
use crate::policy::{PolicySource, Preset};

/// With what a lint starts: told once, as its first connection is opened.
///
/// ```
/// use tower_conn_lint::report::{Reporter, Startup};
///
/// struct Stderr;
///
/// impl Reporter for Stderr {
///     fn started(&self, startup: &Startup) {
///         eprintln!("wired: {}; policy: {}", startup.wired, startup.preset);
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Startup {
    /// The parts that are wired by now.
    pub wired: Wired,
    /// Where the policy comes from.
    pub source: PolicySource,
    /// The preset that the policy refines.
    pub preset: Preset,
    /// No level acts above this one, by the policy or by `CONN_LINT`.
    pub cap: Level,
    /// The floors that don't hold, by the policy's cap or by `CONN_LINT`.
    pub capped_floors: LintSet,
    /// The cures that are switched on, wherever no route says otherwise.
    pub cures: Cures,
}

// === impl Startup ===

impl Startup {
    /// What is unknown by what is wired, and what is not.
    pub(super) fn unknown(&self) -> impl fmt::Display {
        let unknown: Vec<_> = self.wired.unknown().collect();
        if unknown.is_empty() { "nothing".to_owned() } else { unknown.join("; ") }
    }
}
