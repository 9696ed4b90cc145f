use std::fmt;

use super::suggest::nearest;
use super::{Origin, Preset, TemplateError};
use crate::lint::{self, Level, Lint};

/// One mistake in a policy. `Display` names what was written, and the nearest right thing; in a file
/// with the place before it, as a compiler does: `conn-lint.toml:12:1: unknown lint ...`.
///
/// ```
/// use tower_conn_lint::{Policy, policy::PolicyErrorKind, lint};
///
/// let errors = Policy::builder().fix(lint::CALLER_SENDS_CLOSE).build().unwrap_err();
/// let error = errors.iter().next().unwrap();
/// assert_eq!(error.kind(), PolicyErrorKind::CannotFix);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    kind: PolicyErrorKind,
    text: String,
    origin: Origin,
    other: Option<Origin>,
}

/// What kind of mistake it is.
///
/// ```
/// use tower_conn_lint::{Preset, policy::PolicyErrorKind};
///
/// let error = "recomended-1".parse::<Preset>().unwrap_err();
/// assert_eq!(error.kind(), PolicyErrorKind::UnknownPreset);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PolicyErrorKind {
    /// No lint has this name.
    UnknownLint,
    /// No preset has this name.
    UnknownPreset,
    /// A setting of `CONN_LINT` can't be read.
    Setting,
    /// A route can't be read: its method, its client or host, or its template.
    Route,
    /// `fix` on a lint that no rewrite mends.
    CannotFix,
    /// `deny` on a lint of messages that are never rejected, or of connections.
    CannotDeny,
    /// A lint on a route of the side where it is never looked for.
    WrongSide,
    /// A status for denied requests that is no error.
    DenyStatus,
    /// A file that can't be read: missing, too long, or not UTF-8.
    Unreadable,
    /// What stands in the file is not TOML.
    Syntax,
    /// A file of a version that this crate doesn't know.
    Version,
    /// No key has this name.
    UnknownKey,
    /// A key that is set twice.
    DuplicateKey,
    /// A key that has to be there is not.
    MissingKey,
    /// A value of the wrong type, or out of range.
    Value,
    /// A key that means nothing where it stands.
    Misplaced,
}

/// How much a mistake matters to a running service. Strict loading refuses both.
///
/// ```
/// use tower_conn_lint::policy::{PolicyErrorKind, Severity};
///
/// assert_eq!(PolicyErrorKind::UnknownLint.severity(), Severity::Warning);
/// assert!(Severity::Warning < PolicyErrorKind::Syntax.severity());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// It is right in a later version of this crate, maybe: a base file may be newer than a service.
    Warning,
    /// It is wrong in every version.
    Error,
}

// === impl PolicyError ===

impl PolicyError {
    /// What kind of mistake it is.
    pub fn kind(&self) -> PolicyErrorKind {
        self.kind
    }

    /// How much it matters to a running service.
    pub fn severity(&self) -> Severity {
        self.kind.severity()
    }

    /// Where it stands.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What it contradicts, where that stands elsewhere.
    pub fn other(&self) -> Option<&Origin> {
        self.other.as_ref()
    }

    /// The mistake without its place.
    pub fn message(&self) -> &str {
        &self.text
    }

    pub(super) fn new(kind: PolicyErrorKind, text: impl fmt::Display) -> PolicyError {
        PolicyError { kind, text: text.to_string(), origin: Origin::CODE, other: None }
    }

    pub(super) fn at(self, origin: Origin) -> PolicyError {
        PolicyError { origin, ..self }
    }

    /// What is in the way, where that stands elsewhere.
    #[allow(dead_code, reason = "for floors")]
    pub(super) fn against(self, other: Origin) -> PolicyError {
        PolicyError { other: Some(other), ..self }
    }

    pub(super) fn unknown_lint(name: &str) -> PolicyError {
        let hint = match nearest(name, lint::all().map(Lint::name)) {
            None => ": `lint::all()` lists those that there are".to_owned(),
            near => did_you_mean(near),
        };
        PolicyError::new(
            PolicyErrorKind::UnknownLint,
            format_args!("unknown lint `{}`{hint}", quoted(name)),
        )
    }

    pub(super) fn unknown_preset(name: &str) -> PolicyError {
        let names = Preset::ALL.map(Preset::as_str);
        let hint = match nearest(name, names) {
            None => format!(": there are {}", names.join(", ")),
            near => did_you_mean(near),
        };
        PolicyError::new(
            PolicyErrorKind::UnknownPreset,
            format_args!("unknown preset `{}`{hint}", quoted(name)),
        )
    }

    pub(super) fn setting(text: &str, expected: &str, near: Option<&str>) -> PolicyError {
        let hint = did_you_mean(near);
        PolicyError::new(
            PolicyErrorKind::Setting,
            format_args!("`{}` is not {expected}{hint}", quoted(text)),
        )
    }

    pub(super) fn route(route: &str, reason: impl fmt::Display) -> PolicyError {
        PolicyError::new(
            PolicyErrorKind::Route,
            format_args!("route `{}`: {reason}", quoted(route)),
        )
    }

    /// What stands where a client or host is due is a path or a URL.
    pub(super) fn target(route: &str, written: &str, near: &str) -> PolicyError {
        let (written, near) = (quoted(written), quoted(near));
        let reason = format!("`{written}` is no client and no host: did you mean `{near}`?");
        PolicyError::route(route, reason)
    }

    pub(super) fn template(route: &str, error: &TemplateError) -> PolicyError {
        PolicyError::route(route, error)
    }

    pub(super) fn cannot_fix(lint: Lint) -> PolicyError {
        let text = format_args!(
            "`fix` on `{lint}`: no rewrite of ours mends it; the most that helps is `{}`",
            if lint.is_deniable() { Level::Deny } else { Level::Warn },
        );
        PolicyError::new(PolicyErrorKind::CannotFix, text)
    }

    pub(super) fn cannot_deny(lint: Lint) -> PolicyError {
        let text = format_args!(
            "`deny` on `{lint}`: {}; the most that helps is `{}`",
            if lint.is_of_messages() {
                "a response is never replaced"
            } else {
                "a connection is not rejected"
            },
            if lint.is_fixable() { Level::Fix } else { Level::Warn },
        );
        PolicyError::new(PolicyErrorKind::CannotDeny, text)
    }

    pub(super) fn wrong_side(route: &str, lint: Lint, right: &str) -> PolicyError {
        let text = format_args!(
            "`{lint}` on the route `{}`: it is looked for {right} only",
            quoted(route)
        );
        PolicyError::new(PolicyErrorKind::WrongSide, text)
    }

    pub(super) fn deny_status(status: http::StatusCode) -> PolicyError {
        let text = format_args!(
            "a denied request can't be answered with {status}: name a status from 400 to 599"
        );
        PolicyError::new(PolicyErrorKind::DenyStatus, text)
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.origin.file_name().is_some() {
            write!(f, "{}: ", self.origin)?;
        }
        f.write_str(&self.text)?;
        self.other.as_ref().map_or(Ok(()), |other| write!(f, " ({other})"))
    }
}

impl std::error::Error for PolicyError {}

// === impl PolicyErrorKind ===

impl PolicyErrorKind {
    /// The name, in kebab case: `unknown-lint`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownLint => "unknown-lint",
            Self::UnknownPreset => "unknown-preset",
            Self::Setting => "setting",
            Self::Route => "route",
            Self::CannotFix => "cannot-fix",
            Self::CannotDeny => "cannot-deny",
            Self::WrongSide => "wrong-side",
            Self::DenyStatus => "deny-status",
            Self::Unreadable => "unreadable",
            Self::Syntax => "syntax",
            Self::Version => "version",
            Self::UnknownKey => "unknown-key",
            Self::DuplicateKey => "duplicate-key",
            Self::MissingKey => "missing-key",
            Self::Value => "value",
            Self::Misplaced => "misplaced",
        }
    }

    /// How much a mistake of this kind matters to a running service.
    pub const fn severity(self) -> Severity {
        match self {
            Self::UnknownLint | Self::UnknownKey | Self::Version => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

impl fmt::Display for PolicyErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

pub(super) fn did_you_mean(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!(": did you mean `{near}`?"))
}

/// What was written, short enough and without control characters, as it may go to a log.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for c in text.chars().take(64) {
        match c {
            '"' | '\'' => quoted.push(c),
            _ => quoted.extend(c.escape_debug()),
        }
    }
    if text.chars().nth(64).is_some() {
        quoted.push_str("...");
    }
    quoted
}
