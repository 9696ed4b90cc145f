use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Version;

use super::{AtDial, Party, Record, Side};
use crate::handle::ConnHandle;
use crate::lint::Client;

/// A connection that was opened: what is known of it then.
///
/// ```
/// use tower_conn_lint::ConnLint;
/// use tower_conn_lint::connection::Opened;
/// use tower_conn_lint::report::Reporter;
///
/// struct Dials;
///
/// impl Reporter for Dials {
///     fn opened(&self, connection: &Opened) {
///         if let (Some(upstream), Some(dial)) = (&connection.party, connection.dial) {
///             println!("{upstream}: dialled in {dial:?}");
///         }
///     }
/// }
///
/// let lint = ConnLint::builder().reporter(Dials).build();
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Opened {
    /// A number that no other connection of this process has.
    pub id: u64,
    /// Which side of it is ours.
    pub side: Side,
    /// The upstream; `None` inbound, where the first request tells who calls.
    pub party: Option<Party>,
    /// The client of ours that dialled it.
    pub client: Option<Client>,
    /// Our address, where it has one and it is known.
    pub local: Option<SocketAddr>,
    /// The peer's address, where it has one and it is known.
    pub peer: Option<SocketAddr>,
    /// What it speaks; `None` where no handshake told.
    pub version: Option<Version>,
    /// How long its dial took, outbound.
    pub dial: Option<Duration>,
    /// What the kernel had counted of it then, where it was asked.
    pub at_dial: Option<AtDial>,
    record: Arc<Record>,
}

// === impl Opened ===

impl Opened {
    pub(crate) fn new(record: &Arc<Record>) -> Opened {
        Opened {
            id: record.id,
            side: record.side,
            party: record.party().cloned(),
            client: record.dialler.as_ref().map(|dialler| dialler.client),
            local: record.addresses().local,
            peer: record.addresses().peer,
            version: record.version(),
            dial: record.dial,
            at_dial: record.at_dial,
            record: record.clone(),
        }
    }

    /// The connection, and none of its requests: to ask later what was not known yet.
    pub fn handle(&self) -> ConnHandle {
        ConnHandle::of(self.record.clone())
    }
}
