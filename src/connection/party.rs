use std::fmt;
use std::sync::Arc;

use super::Side;
use crate::lint::Label;

/// Who is at the other end: a caller, or an upstream as one of our clients sees it.
///
/// ```
/// use tower_conn_lint::connection::Party;
///
/// let caller = Party::caller("192.0.2.1");
/// assert_eq!(caller.to_string(), "192.0.2.1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Party {
    client: Option<Label>,
    name: Arc<str>,
}

// === impl Party ===

impl Party {
    /// A caller of a server of ours.
    pub fn caller(name: impl Into<Arc<str>>) -> Party {
        Party { client: None, name: name.into() }
    }

    /// An upstream, by its host and port, as the client of this name sees it.
    pub fn upstream(client: Label, authority: impl Into<Arc<str>>) -> Party {
        Party { client: Some(client), name: authority.into() }
    }

    /// Which side of its connections is ours.
    pub fn side(&self) -> Side {
        if self.client.is_some() { Side::Outbound } else { Side::Inbound }
    }

    /// The client of ours that calls it; `None` for a caller.
    pub fn client(&self) -> Option<Label> {
        self.client
    }

    /// The caller's name or address, or the upstream's host and port.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.client {
            Some(client) => write!(f, "{client} -> {}", self.name),
            None => f.pad(&self.name),
        }
    }
}
