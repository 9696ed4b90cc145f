use std::sync::Arc;

use tokio::io::AsyncRead;

use super::{PerConnection, Tracked};
use crate::connection::{Addresses, Io};
use crate::exchange::Shared;
use crate::handle::ConnHandle;
use crate::wired::{Guard, Link};

/// A connection that was accepted, made by [`ConnLint::accept`](crate::ConnLint::accept): its
/// services are put under it.
///
/// ```
/// use tower_conn_lint::inbound::Accepted;
///
/// fn number(connection: &Accepted) -> Option<u64> {
///     connection.handle().map(|handle| handle.id())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Accepted {
    link: Option<Arc<Link>>,
}

// === impl Accepted ===

impl Accepted {
    pub(crate) fn new<T: AsyncRead + 'static>(
        shared: &Arc<Shared>,
        stream: T,
        addresses: Addresses,
    ) -> (Io<T>, Accepted) {
        let (guard, accepted) = Accepted::before_stream(shared, addresses);
        (Io::new(stream, guard), accepted)
    }

    /// A connection whose stream comes later, or never: then it ends with the guard.
    pub(super) fn before_stream(
        shared: &Arc<Shared>,
        addresses: Addresses,
    ) -> (Option<Guard>, Accepted) {
        let guard = shared.accept(addresses);
        let link = |guard: &Guard| Arc::new(Link::new(shared.clone(), guard.record().clone()));
        let link = guard.as_ref().map(link);
        (guard, Accepted { link })
    }

    /// The service of this connection: its requests get their [`ConnHandle`], and bodies are
    /// tracked.
    pub fn service<S>(&self, service: S) -> PerConnection<S, Tracked> {
        PerConnection::new(service, self.link.clone())
    }

    /// The same, for a stack whose bodies have a type of their own: `Same` for axum's, or what you
    /// implement [`Bodies`](super::Bodies) for.
    pub fn service_with_bodies<T, S>(&self, service: S) -> PerConnection<S, T> {
        PerConnection::new(service, self.link.clone())
    }

    /// The connection; `None` where `CONN_LINT=off`.
    pub fn handle(&self) -> Option<ConnHandle> {
        let link = self.link.as_ref()?;
        Some(ConnHandle::of(link.record.clone()))
    }
}
