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
pub struct Party(Arc<Named>);

/// Shared by all connections of one party.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Named {
    client: Option<Label>,
    name: Arc<str>,
}

// === impl Party ===

impl Party {
    /// A caller of a server of ours.
    pub fn caller(name: impl Into<Arc<str>>) -> Party {
        Party(Arc::new(Named { client: None, name: name.into() }))
    }

    /// An upstream, by its host and port, as the client of this name sees it.
    pub fn upstream(client: Label, authority: impl Into<Arc<str>>) -> Party {
        Party(Arc::new(Named { client: Some(client), name: authority.into() }))
    }

    /// Which side of its connections is ours.
    pub fn side(&self) -> Side {
        if self.0.client.is_some() { Side::Outbound } else { Side::Inbound }
    }

    /// The client of ours that calls it; `None` for a caller.
    pub fn client(&self) -> Option<Label> {
        self.0.client
    }

    /// The caller's name or address, or the upstream's host and port.
    pub fn name(&self) -> &Arc<str> {
        &self.0.name
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Named { client, name } = &*self.0;
        match client {
            Some(client) => write!(f, "{client} -> {name}"),
            None => f.pad(name),
        }
    }
}
