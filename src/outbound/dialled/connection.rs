use std::sync::Arc;

use super::{OnConnection, Sender, Source};
use crate::connection::{Alive, Dialler};
use crate::exchange::Shared;
use crate::handle::ConnHandle;

/// A connection that was dialled, made by [`ConnLint::dial`](crate::ConnLint::dial): what sends
/// requests on it is put under it.
///
/// ```
/// use hyper::client::conn::http1;
/// use tower_conn_lint::outbound::{Dialled, OnConnection, Sender};
///
/// fn service<B>(
///     connection: Dialled,
///     sender: http1::SendRequest<B>,
/// ) -> OnConnection<Sender<http1::SendRequest<B>>> {
///     connection.sender(sender)
/// }
/// ```
#[derive(Debug)]
pub struct Dialled {
    shared: Arc<Shared>,
    dialler: Arc<Dialler>,
    /// For responses; none where every lint is off.
    handle: Option<ConnHandle>,
}

// === impl Dialled ===

impl Dialled {
    pub(super) fn new(
        shared: Arc<Shared>,
        dialler: Arc<Dialler>,
        handle: Option<ConnHandle>,
    ) -> Dialled {
        Dialled { shared, dialler, handle }
    }

    /// hyper's sender as a service, whose responses carry the [`ConnHandle`] of the connection: of
    /// HTTP/1, or with the feature `http2` of HTTP/2. The connection ends with it and its clones,
    /// and `client-dropped` is the cause then.
    pub fn sender<T>(self, sender: T) -> OnConnection<Sender<T>> {
        self.service(Sender::new(sender))
    }

    /// The same, for any service that sends requests on this connection and on no other.
    pub fn service<S>(self, service: S) -> OnConnection<S> {
        let Dialled { shared, dialler, handle } = self;
        let source = handle.map(|handle| Source { shared, handle, _alive: Alive::new(dialler) });
        OnConnection::new(service, source.map(Arc::new))
    }

    /// The connection; `None` where `CONN_LINT=off`.
    pub fn handle(&self) -> Option<ConnHandle> {
        let handle = self.handle.as_ref()?;
        Some(ConnHandle::of(handle.record().clone()))
    }
}
