use std::fmt;
use std::sync::Arc;

/// Where a setting of a policy stands: in a file, in code, in the environment, or in a preset.
/// `Display` is as a compiler writes it: `conn-lint.toml:12:1`.
///
/// ```
/// use tower_conn_lint::policy::Origin;
///
/// assert_eq!(Origin::CODE.to_string(), "code");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin(Place);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Place {
    Code,
    Environment,
    Preset(&'static str),
    File { name: Arc<str>, line: u32, column: u32 },
    WholeFile(Arc<str>),
}

impl Origin {
    /// A builder in code.
    pub const CODE: Origin = Origin(Place::Code);

    /// The variable `CONN_LINT`.
    pub const ENVIRONMENT: Origin = Origin(Place::Environment);

    /// A preset, which says it where nothing else does.
    pub(crate) const fn preset(name: &'static str) -> Origin {
        Origin(Place::Preset(name))
    }

    /// A place in a file; lines and columns are counted from one, columns in characters.
    pub(crate) fn file(name: Arc<str>, line: u32, column: u32) -> Origin {
        Origin(Place::File { name, line, column })
    }

    /// A file as such: one that is missing, say.
    pub(crate) fn whole_file(name: Arc<str>) -> Origin {
        Origin(Place::WholeFile(name))
    }

    /// The file, as it was named.
    pub fn file_name(&self) -> Option<&str> {
        match &self.0 {
            Place::File { name, .. } | Place::WholeFile(name) => Some(name),
            _ => None,
        }
    }

    /// The line and the column in the file, counted from one.
    pub fn line_column(&self) -> Option<(u32, u32)> {
        match self.0 {
            Place::File { line, column, .. } => Some((line, column)),
            _ => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Code => f.write_str("code"),
            Place::Environment => f.write_str("CONN_LINT"),
            Place::Preset(name) => f.write_str(name),
            Place::File { name, line, column } => write!(f, "{name}:{line}:{column}"),
            Place::WholeFile(name) => f.write_str(name),
        }
    }
}
