use std::error::Error as StdError;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::{self, Connected};
use hyper_util::rt::TokioIo;
use tokio::io::AsyncRead;
use tower_service::Service;

use super::{Dial, Dialling};
use crate::connection::{Alive, Dialler, Io, Pool};
use crate::exchange::Shared;
use crate::lint::Client;
use crate::outbound::join::{Current, JoinLayer};

/// A connector whose connections have records; made by
/// [`ConnLint::connector`](crate::ConnLint::connector). It dials as the one within does.
///
/// ```
/// use std::time::Duration;
/// use hyper_util::client::legacy::{Client, connect::HttpConnector};
/// use hyper_util::rt::{TokioExecutor, TokioTimer};
/// use tower_conn_lint::ConnLint;
///
/// # type Body = http_body_util::Empty<bytes::Bytes>;
/// let lint = ConnLint::new();
/// let idle = Duration::from_secs(30);
/// let connector = lint.connector("gateway", HttpConnector::new()).pool(idle, 32);
/// let client = Client::builder(TokioExecutor::new())
///     .pool_timer(TokioTimer::new())
///     .pool_idle_timeout(idle)
///     .pool_max_idle_per_host(32)
///     .build::<_, Body>(connector);
/// ```
#[derive(Debug)]
pub struct Connector<C> {
    inner: C,
    shared: Arc<Shared>,
    alive: Arc<Alive>,
    current: Arc<Current>,
}

/// What a [`Connector`] connects to: the stream of the one within, seen.
///
/// ```
/// use tower_conn_lint::outbound::Connection;
///
/// fn is_named<T: hyper::rt::Read + hyper::rt::Write + Unpin>(_: Connection<T>) {}
/// ```
pub type Connection<T> = TokioIo<Io<TokioIo<T>>>;

// === impl Connector ===

impl<C> Connector<C> {
    pub(crate) fn new(inner: C, shared: Arc<Shared>, client: Client) -> Connector<C> {
        let alive = Alive::new(Dialler::new(client, None));
        Connector { inner, shared, alive, current: Arc::default() }
    }

    /// Declares the settings of the pool that this connector is given to, which can't be read from
    /// it. Where they explain why an idle connection was closed here, the cause is
    /// `idle-timeout` or `pool-full`. Default: nothing is declared, and the cause is
    /// `closed-idle-local`.
    #[must_use]
    pub fn pool(self, idle_timeout: Duration, max_idle: usize) -> Connector<C> {
        let client = self.alive.dialler().client;
        let dialler = Dialler::new(client, Some(Pool::new(idle_timeout, max_idle)));
        Connector { alive: Alive::new(dialler), ..self }
    }

    /// The layer that joins responses with connections where the client below does not: one of
    /// tonic's `Channel`s, which has one connection at a time and takes this connector with it.
    /// Beneath [`ConnLint::outbound`](crate::ConnLint::outbound).
    ///
    /// While a channel connects anew it may not be known which of two connections a response came
    /// on: it is joined with none then.
    ///
    /// ```no_run
    /// # async fn connect() -> Result<(), Box<dyn std::error::Error>> {
    /// use hyper_util::client::legacy::connect::HttpConnector;
    /// use tower::ServiceBuilder;
    /// use tower_conn_lint::ConnLint;
    ///
    /// # #[cfg(feature = "tonic")] {
    /// let lint = ConnLint::new();
    /// let connector = lint.connector("gateway", HttpConnector::new());
    /// let join = connector.join();
    /// let endpoint = tonic::transport::Endpoint::from_static("http://gateway:50051");
    /// let gateway = ServiceBuilder::new()
    ///     .layer(lint.response_bodies())
    ///     .layer(lint.outbound("gateway"))
    ///     .layer(join)
    ///     .service(endpoint.connect_with_connector(connector).await?);
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    pub fn join(&self) -> JoinLayer {
        JoinLayer::new(self.current.clone())
    }
}

impl<C: Clone> Clone for Connector<C> {
    fn clone(&self) -> Connector<C> {
        let Connector { inner, shared, alive, current } = self;
        let (shared, alive, current) = (shared.clone(), alive.clone(), current.clone());
        Connector { inner: inner.clone(), shared, alive, current }
    }
}

impl<C, T> Service<Uri> for Connector<C>
where
    C: Service<Uri, Response = T>,
    C::Error: Into<Box<dyn StdError + Send + Sync>>,
    TokioIo<T>: AsyncRead,
    T: connect::Connection + 'static,
{
    type Response = Connection<T>;
    type Error = Box<dyn StdError + Send + Sync>;
    type Future = Dialling<C::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Dialling<C::Future> {
        let dialler = self.alive.dialler().clone();
        let upstream = upstream(&uri);
        let dial = Dial::new(self.shared.clone(), dialler, upstream);
        Dialling::new(self.inner.call(uri), dial, self.current.clone())
    }
}

/// Host and port, so that a request and a dial name the same upstream.
fn upstream(uri: &Uri) -> String {
    let host = uri.host().unwrap_or("unknown");
    match (uri.port_u16(), uri.scheme_str()) {
        (Some(port), _) => format!("{host}:{port}"),
        (None, Some("https")) => format!("{host}:443"),
        (None, _) => format!("{host}:80"),
    }
}

impl<T> connect::Connection for Io<T>
where
    T: AsyncRead + connect::Connection,
{
    /// Asked of the stream as a connector gives it: after the handshake of TLS, where there is one.
    fn connected(&self) -> Connected {
        self.established();
        let connected = self.get_ref().connected();
        match self.handle_of_responses() {
            Some(handle) => connected.extra(handle),
            None => connected,
        }
    }
}
