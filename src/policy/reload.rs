use std::fmt;

/// What a reload of the policy's files came to, where they are in order.
///
/// ```
/// use tower_conn_lint::policy::Reload;
///
/// assert_eq!(Reload::Replaced.to_string(), "replaced");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reload {
    /// The files say what they said, or there are none: the policy was written in code.
    Unchanged,
    /// What they say is in force.
    Replaced,
}

/// Where the policy in force comes from.
///
/// ```
/// use tower_conn_lint::policy::PolicySource;
///
/// assert_eq!(PolicySource::LastGood.to_string(), "last-good");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PolicySource {
    /// It was written in code.
    Code,
    /// Files, as they are, or as far as they could be read when the process started.
    File,
    /// There are files, and none of them could be read: [`Policy::default`](super::Policy::default).
    BuiltIn,
    /// The files as they were: what they say now is wrong, and is not in force.
    LastGood,
}

// === impl Reload ===

impl Reload {
    /// The name, in kebab case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Reload::Unchanged => "unchanged",
            Reload::Replaced => "replaced",
        }
    }
}

impl fmt::Display for Reload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

// === impl PolicySource ===

impl PolicySource {
    /// The name, in kebab case.
    pub const fn as_str(self) -> &'static str {
        match self {
            PolicySource::Code => "code",
            PolicySource::File => "file",
            PolicySource::BuiltIn => "builtin",
            PolicySource::LastGood => "last-good",
        }
    }
}

impl fmt::Display for PolicySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
