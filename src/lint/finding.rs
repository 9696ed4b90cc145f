use std::panic::Location;
use std::{fmt, slice, sync::Arc};

use http::{Method, Version};

use super::{Diagnostic, Evidence, Expected, Label, Level, Lint, Message, Place, StandAside};

/// One lint that fired in one place, and what was done. `Display` is the diagnostic for people.
///
/// ```
/// use tower_conn_lint::lint::Finding;
///
/// fn tell(finding: &Finding) {
///     if finding.is_ours() {
///         eprintln!("{}: {}", finding.seen(), finding.fix());
///     }
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Finding {
    /// The lint.
    pub lint: Lint,
    /// Where it fired: on a message, on a connection, in a window.
    pub place: Place,
    /// What the policy says about the lint on this route.
    pub level: Level,
    /// What was done.
    pub action: Action,
    /// What the preview policy would say, where there is one and it is stricter than `allow`; what
    /// instances do that are in the share of the level; or the floor that a cap doesn't let hold.
    pub would: Option<Level>,
    /// Why an exception in code silences it, or an expectation; `None` where none does.
    pub reason: Option<Arc<str>>,
    /// The expectation that silences it.
    pub expected: Option<Arc<Expected>>,
    /// The request's method; `None` where it is about more than one request, or none.
    pub method: Option<Method>,
    /// The route: the policy's template, else the router's matched path, else `other`.
    pub route: Label,
    /// Our client; `None` where a server's side was looked at.
    pub client: Option<Client>,
    /// The upstream's host and port as the request names them; `None` where a server's side was
    /// looked at.
    pub server: Option<Label>,
    /// The caller, where something tells: its IP address, or what the user's function says.
    pub caller: Option<Arc<str>>,
    /// The number of the connection's record; `None` where there is none, or more than one.
    pub connection: Option<u64>,
    /// Which request of its connection it is, from 1; `None` where that is not known.
    pub request: Option<u64>,
    /// The version on the wire; `None` where no response told it.
    pub version: Option<Version>,
    /// What was seen of the message, the connection or the window.
    pub evidence: Evidence,
    /// What to change in this very case, where that is more than the lint's [`fix`](Lint::fix).
    pub help: Option<Arc<str>>,
    /// Of a message it is told by its direction, of a connection and a window by the check.
    pub(crate) ours: bool,
}

/// What was done about a finding. *Fixed* is not among them: whether the connection lived on is
/// seen only later.
///
/// ```
/// use tower_conn_lint::lint::{Action, Place, StandAside};
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
    /// A finding of which nothing more is known. On a connection or in a window it is the peer's
    /// fault, until the check says otherwise.
    pub(crate) fn new(lint: Lint, place: Place, level: Level, would: Option<Level>) -> Finding {
        Finding {
            lint,
            place,
            level,
            action: Action::None,
            would,
            reason: None,
            expected: None,
            method: None,
            route: Label::OTHER,
            client: None,
            server: None,
            caller: None,
            connection: None,
            request: None,
            version: None,
            evidence: Evidence::default(),
            help: None,
            ours: place.message().is_some_and(Message::is_outgoing),
        }
    }

    /// The method, cut at 16 bytes: a caller may invent one of any length.
    pub(crate) fn short_method(&self) -> Option<&str> {
        let method = self.method.as_ref()?.as_str();
        Some(method.get(..16).unwrap_or(method))
    }

    /// Whether it is our own fault, and so ours to change: that of our handler or client. Of an
    /// outgoing message it is; of a connection it depends on what was done there, and by whom.
    pub const fn is_ours(&self) -> bool {
        self.ours
    }

    /// What was seen, in one line.
    pub fn seen(&self) -> String {
        if self.place.message().is_none() && !self.evidence.as_str().is_empty() {
            return self.evidence.as_str().to_owned();
        }
        let version = match self.version {
            Some(version) => format!("{version:?} "),
            None => String::new(),
        };
        match self.evidence.as_str() {
            "" => format!("{version}{}: {}", self.place, self.lint.summary()),
            line => format!("`{line}` in the {version}{}", self.place),
        }
    }

    /// What probably follows, though it was not seen.
    pub fn likely(&self) -> &'static str {
        self.lint.likely()
    }

    /// What can't be known from here.
    pub fn unknown(&self) -> &'static str {
        match (self.version, self.place.message()) {
            (None, Some(_)) => "which version the wire speaks: no response told it",
            _ => self.lint.unknown(),
        }
    }

    /// What to change: in this very case where that is known, else what mends the lint.
    pub fn fix(&self) -> &str {
        self.help.as_deref().unwrap_or(self.lint.fix())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint;

    #[test]
    fn a_finding_can_be_kept_and_sent_to_another_thread() {
        fn is_plain<T: Clone + Send + Sync + 'static>() {}
        is_plain::<Finding>();
    }

    #[test]
    fn whose_fault_it_is_follows_from_a_message_and_is_said_of_a_connection() {
        for place in Place::ALL.iter().copied() {
            let outgoing = matches!(place, Place::OutgoingResponse | Place::OutgoingRequest);
            let finding = Finding::new(lint::SILENT_CLOSE, place, Level::Warn, None);
            assert_eq!(finding.is_ours(), outgoing, "{place}");
        }
    }

    #[test]
    fn what_is_unknown_of_a_connection_is_not_its_version() {
        let of = |place| Finding::new(lint::STALE_REUSE, place, Level::Warn, None);
        let (message, connection) = (of(Place::OutgoingRequest), of(Place::OutboundConnection));
        assert!(message.unknown().contains("version"), "{}", message.unknown());
        assert_eq!(connection.unknown(), lint::STALE_REUSE.unknown());
    }
}
