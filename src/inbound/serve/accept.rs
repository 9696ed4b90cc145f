use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::io::AsyncRead;

use super::{PerConnection, Serving, Tracked};
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

    /// Serves the connection, by a future that does: it ends gracefully, by `end`, as its handle asks
    /// ([`ConnHandle::close_gracefully`]), and as [`Serving::graceful_shutdown`] is called.
    ///
    /// ```no_run
    /// # async fn serve() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// use http::{Request, Response};
    /// use hyper::server::conn::http1;
    /// use hyper_util::{rt::TokioIo, service::TowerToHyperService};
    /// use tower_conn_lint::ConnLint;
    ///
    /// # let hello = tower::service_fn(|_: Request<_>| async {
    /// #     let _: tower_conn_lint::connection::TrackedBody<hyper::body::Incoming>;
    /// #     Ok::<_, std::convert::Infallible>(Response::new(String::new()))
    /// # });
    /// let lint = ConnLint::new();
    /// let tcp = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    /// loop {
    ///     let (stream, peer) = tcp.accept().await?;
    ///     let (stream, connection) = lint.accept(stream, peer);
    ///     let service = TowerToHyperService::new(connection.service(hello));
    ///     let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    ///     tokio::spawn(connection.serve(served, http1::Connection::graceful_shutdown));
    /// }
    /// # }
    /// ```
    pub fn serve<C, E>(&self, connection: C, end: E) -> Serving<C, E>
    where
        C: Future,
        E: FnOnce(Pin<&mut C>),
    {
        let record = self.link.as_ref().map(|link| link.record.clone());
        Serving::new(connection, end, record)
    }

    /// The connection; `None` where `CONN_LINT=off`.
    pub fn handle(&self) -> Option<ConnHandle> {
        let link = self.link.as_ref()?;
        Some(ConnHandle::of(link.record.clone()))
    }
}
