use std::fmt;

use super::suggest::nearest;
use super::{Origin, Preset, Rollout, TemplateError};
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
    /// A floor that is neither `fix` nor `warn`.
    Floor,
    /// Something that would lower a lint below its floor, which holds.
    BelowFloor,
    /// A cap where an earlier document allows none.
    Cap,
    /// A share that is not between 0 and 1, or of a level that doesn't act.
    Share,
    /// A bound on a lint that has none of this kind, or out of range.
    Bounds,
    /// A text that is no day of the calendar.
    Day,
    /// More of something than a policy may hold.
    TooMany,
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
    /// It is left out, and the rest holds: it is right in a later version of this crate, maybe, for a
    /// base file may be newer than a service; or what stands below doesn't let itself be changed.
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

    pub(super) fn at(self, origin: &Origin) -> PolicyError {
        PolicyError { origin: origin.clone(), ..self }
    }

    /// What is in the way, where that stands elsewhere.
    pub(super) fn against(self, other: &Origin) -> PolicyError {
        PolicyError { other: Some(other.clone()), ..self }
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

    pub(super) fn floor(lint: Lint, level: Option<Level>) -> PolicyError {
        let text = match level {
            Some(level) => {
                format!("`{level}` as the floor of `{lint}`: a floor is `warn` or `fix`")
            }
            None => format!("the floor of `{lint}` has no level: a floor is `warn` or `fix`"),
        };
        PolicyError::new(PolicyErrorKind::Floor, text)
    }

    /// `what` would lower the lint; what holds is the floor.
    pub(super) fn below_floor(what: impl fmt::Display, lint: Lint, floor: Rollout) -> PolicyError {
        let text = format_args!("{what} is below the floor of `{lint}`, `{floor}`, which holds");
        PolicyError::new(PolicyErrorKind::BelowFloor, text)
    }

    pub(super) fn cap(what: impl fmt::Display) -> PolicyError {
        let text = format_args!("{what}: an earlier document allows no cap; `CONN_LINT` may");
        PolicyError::new(PolicyErrorKind::Cap, text)
    }

    pub(super) fn share(lint: Lint, share: f64) -> PolicyError {
        let text = format_args!("share {share} of `{lint}`: name a share from 0 to 1");
        PolicyError::new(PolicyErrorKind::Share, text)
    }

    pub(super) fn share_of_no_act(lint: Lint, level: Level) -> PolicyError {
        let text = format_args!("a share of `{level}` on `{lint}`: only `fix` and `deny` have one");
        PolicyError::new(PolicyErrorKind::Share, text)
    }

    pub(super) fn bounds(lint: Lint, reason: &str) -> PolicyError {
        PolicyError::new(PolicyErrorKind::Bounds, format_args!("bounds of `{lint}`: {reason}"))
    }

    pub(super) fn day(text: &str) -> PolicyError {
        let text = format_args!("`{}` is no day: write one as `2027-03-31`", quoted(text));
        PolicyError::new(PolicyErrorKind::Day, text)
    }

    pub(super) fn too_many(what: &str, most: usize) -> PolicyError {
        PolicyError::new(PolicyErrorKind::TooMany, format_args!("more than {most} {what}"))
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
            Self::Floor => "floor",
            Self::BelowFloor => "below-floor",
            Self::Cap => "cap",
            Self::Share => "share",
            Self::Bounds => "bounds",
            Self::Day => "day",
            Self::TooMany => "too-many",
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
            // What stands below holds, and the rest of the document is in order.
            Self::BelowFloor | Self::Cap => Severity::Warning,
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
