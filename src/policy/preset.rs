use std::{fmt, str::FromStr};

use super::PolicyError;
use crate::lint::{Level, Lint};

/// A policy that ships with the crate. The number is part of it: a later version of the crate
/// adds a new lint to a pinned preset as `allow`. Default: `observe-1`.
///
/// ```
/// use tower_conn_lint::{Preset, lint::{self, Level}};
///
/// assert_eq!(Preset::default().level(lint::CLIENT_SENDS_CLOSE), Level::Warn);
/// assert_eq!(Preset::Recommended1.level(lint::CLIENT_SENDS_CLOSE), Level::Fix);
/// assert_eq!("strict-1".parse::<Preset>().unwrap(), Preset::Strict1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Preset {
    /// `observe-1`: what `recommended-1` reports, and no act.
    #[default]
    Observe1,
    /// `recommended-1`: fixes what nobody needs and is safe to remove; denies nothing.
    Recommended1,
    /// `strict-1`: every lint is reported, and fixed where a fix is safe; denies nothing.
    Strict1,
}

impl Preset {
    /// Every preset, the mildest first.
    pub const ALL: [Preset; 3] = [Preset::Observe1, Preset::Recommended1, Preset::Strict1];

    /// The name as in a policy file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Preset::Observe1 => "observe-1",
            Preset::Recommended1 => "recommended-1",
            Preset::Strict1 => "strict-1",
        }
    }

    /// The level of a lint under this preset.
    pub fn level(self, lint: Lint) -> Level {
        let fixed_at_will =
            lint.entry().rewrite.as_ref().is_some_and(|rewrite| !rewrite.by_name_only);
        match (self, lint.level()) {
            (Preset::Observe1, level) => level.min(Level::Warn),
            (Preset::Strict1, Level::Allow) => Level::Warn,
            (Preset::Strict1, Level::Warn) if fixed_at_will => Level::Fix,
            (_, level) => level,
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Preset {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Preset, PolicyError> {
        let known = Preset::ALL.into_iter().find(|preset| preset.as_str() == text);
        known.ok_or_else(|| PolicyError::unknown_preset(text))
    }
}
