use std::panic::Location;
use std::{fmt, slice, sync::Arc};

use http::{Method, Version};

use super::{Diagnostic, Evidence, Label, Level, Lint, Message, StandAside};

/// One lint that fired on one message, and what was done. `Display` is the diagnostic for people.
///
/// ```
/// use tower_conn_lint::lint::Finding;
///
/// fn is_ours(finding: &Finding) -> bool {
///     finding.message.is_outgoing()
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Finding {
    /// The lint.
    pub lint: Lint,
    /// The kind of message that it fired on.
    pub message: Message,
    /// What the policy says about the lint on this route.
    pub level: Level,
    /// What was done.
    pub action: Action,
    /// What the preview policy would say, where there is one and it is stricter than `allow`.
    pub would: Option<Level>,
    /// Why an exception in code silences it; `None` where none does.
    pub reason: Option<Arc<str>>,
    /// The request's method.
    pub method: Method,
    /// The route: the policy's template, else the router's matched path, else `other`.
    pub route: Label,
    /// Our client; `None` for messages of a server.
    pub client: Option<Client>,
    /// The upstream's host and port as the request names them; `None` for messages of a server.
    pub server: Option<Label>,
    /// The caller, where something tells: its IP address, or what the user's function says.
    pub caller: Option<Arc<str>>,
    /// The version on the wire; `None` where no response told it.
    pub version: Option<Version>,
    /// What of the message was seen.
    pub evidence: Evidence,
}

/// What was done about a finding. *Fixed* is not among them: whether the connection lived on is
/// seen only later.
///
/// ```
/// use tower_conn_lint::lint::{Action, StandAside};
///
/// let action = Action::StoodAside(StandAside::Draining);
/// assert_eq!(action.as_str(), "stood-aside");
/// assert_eq!(action.to_string(), "stood aside: the process is draining");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// Nothing: the level asks for no more than a report.
    None,
    /// The outgoing message was rewritten.
    Rewritten,
    /// The request was rejected.
    Denied,
    /// The policy asks for more, but it would be wrong, or can't be known to be right.
    StoodAside(StandAside),
}

/// A client of ours, as it was named and built.
///
/// ```
/// use tower_conn_lint::ConnLint;
///
/// // `outbound` remembers the line it is called from.
/// let layer = ConnLint::new().outbound("gateway");
/// assert!(layer.client().built_at.file().ends_with(".rs"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Client {
    /// The name given to `outbound`.
    pub name: Label,
    /// Where `outbound` was called.
    pub built_at: &'static Location<'static>,
}

/// What was found on a request and on its response, in the extensions of both: a handler finds
/// the request's part in the request, a client and a test find all of it in the response.
///
/// ```
/// use http::Response;
/// use tower_conn_lint::lint::{self, Findings};
///
/// # let response = Response::new(());
/// if let Some(findings) = response.extensions().get::<Findings>() {
///     assert!(!findings.contains(lint::CLIENT_SENDS_CLOSE));
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Findings(Arc<[Finding]>);

// === impl Finding ===

impl Finding {
    /// The method, cut at 16 bytes: a caller may invent one of any length.
    pub(crate) fn short_method(&self) -> &str {
        let method = self.method.as_str();
        method.get(..16).unwrap_or(method)
    }

    /// What was seen, in one line.
    pub fn seen(&self) -> String {
        let version = match self.version {
            Some(version) => format!("{version:?} "),
            None => String::new(),
        };
        match self.evidence.as_str() {
            "" => format!("{version}{}: {}", self.message, self.lint.summary()),
            line => format!("`{line}` in the {version}{}", self.message),
        }
    }

    /// What probably follows, though it was not seen.
    pub fn likely(&self) -> &'static str {
        self.lint.likely()
    }

    /// What can't be known from here.
    pub fn unknown(&self) -> &'static str {
        match self.version {
            Some(_) => self.lint.unknown(),
            None => "which version the wire speaks: no response told it",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Diagnostic::new(self).fmt(f)
    }
}

// === impl Client ===

impl Client {
    /// Where it was built, cut at the front: the file's name is what tells.
    pub(crate) fn short_built_at(self) -> String {
        let file = self.built_at.file();
        let cut = file.len().saturating_sub(40);
        format!("{}:{}", file.get(cut..).unwrap_or(file), self.built_at.line())
    }
}

// === impl Action ===

impl Action {
    /// The name as in logs and metrics: `none`, `rewritten`, `denied`, `stood-aside`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Action::None => "none",
            Action::Rewritten => "rewritten",
            Action::Denied => "denied",
            Action::StoodAside(_) => "stood-aside",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::StoodAside(reason) => write!(f, "stood aside: {reason}"),
            action => f.pad(action.as_str()),
        }
    }
}

// === impl Findings ===

impl Findings {
    /// Each finding: the request's first, in the catalogue's order.
    pub fn iter(&self) -> slice::Iter<'_, Finding> {
        self.0.iter()
    }

    /// The first finding of this lint.
    pub fn get(&self, lint: Lint) -> Option<&Finding> {
        self.iter().find(|finding| finding.lint == lint)
    }

    /// Whether this lint fired.
    pub fn contains(&self, lint: Lint) -> bool {
        self.get(lint).is_some()
    }
}

impl<'a> IntoIterator for &'a Findings {
    type Item = &'a Finding;
    type IntoIter = slice::Iter<'a, Finding>;

    fn into_iter(self) -> slice::Iter<'a, Finding> {
        self.iter()
    }
}

impl FromIterator<Finding> for Findings {
    fn from_iter<I: IntoIterator<Item = Finding>>(findings: I) -> Findings {
        Findings(findings.into_iter().collect())
    }
}
