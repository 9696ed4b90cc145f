use std::future::Future;
#[cfg(feature = "hyper")]
use std::net::SocketAddr;
use std::panic::Location;
use std::sync::Arc;

#[cfg(feature = "axum")]
use axum::serve::ListenerExt;
#[cfg(feature = "hyper")]
use tokio::io::AsyncRead;

use crate::builder::ConnLintBuilder;
#[cfg(feature = "hyper")]
use crate::connection::{Addresses, Io};
use crate::exchange::{Placement, Shared};
#[cfg(feature = "hyper")]
use crate::inbound::Accepted;
#[cfg(feature = "axum-server")]
use crate::inbound::Acceptor;
use crate::inbound::{InboundLayer, ShutdownSignal};
#[cfg(feature = "tonic")]
use crate::inbound::{Incoming, JoinLayer};
#[cfg(feature = "hyper-util")]
use crate::inbound::{Listen, Serve};
#[cfg(feature = "axum")]
use crate::inbound::{Listener, MakeService, SeenListener, untouched};
use crate::lint::Lint;
#[cfg(feature = "hyper-util")]
use crate::lint::{Client, Label};
use crate::outbound::OutboundLayer;
#[cfg(feature = "hyper")]
use crate::outbound::ResponseBodiesLayer;
#[cfg(feature = "reqwest")]
use crate::outbound::reqwest;
#[cfg(feature = "hyper-util")]
use crate::outbound::{Connector, Dials};
use crate::report::Part;
use crate::snapshot::{PortUse, Snapshot};

/// The lint of a process: one policy, one place to report to, and the layers that stand under
/// them. A clone is the same lint.
///
/// ```
/// use tower_conn_lint::ConnLint;
///
/// let lint = ConnLint::new();
/// let inbound = lint.inbound();
/// let outbound = lint.outbound("gateway");
/// ```
#[derive(Clone, Debug)]
pub struct ConnLint(pub(crate) Arc<Shared>);

impl ConnLint {
    /// A lint that observes: findings go to `tracing`, and with the feature `metrics` to its
    /// facade. Not one byte on the wire changes. `CONN_LINT` in the environment is heeded.
    pub fn new() -> ConnLint {
        ConnLint::builder().build()
    }

    /// A lint with a policy, reporters, a clock of its own.
    pub fn builder() -> ConnLintBuilder {
        ConnLintBuilder::new()
    }

    #[cfg(test)]
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }

    pub(crate) fn from_shared(shared: Shared) -> ConnLint {
        ConnLint(Arc::new(shared))
    }

    /// The layer for a server. On an axum router it is added last, so that it covers every route.
    pub fn inbound(&self) -> InboundLayer {
        self.0.wiring.add(Part::Inbound);
        InboundLayer::new(Placement::inbound(self.0.clone()))
    }

    /// A connector whose connections have records, for a client of hyper-util: give it the
    /// client's name, as [`outbound`](ConnLint::outbound).
    ///
    /// ```
    /// use hyper_util::{client::legacy::{Client, connect::HttpConnector}, rt::TokioExecutor};
    /// use tower::{Layer, ServiceBuilder};
    /// use tower_conn_lint::ConnLint;
    ///
    /// # type Body = http_body_util::Empty<bytes::Bytes>;
    /// let lint = ConnLint::new();
    /// let pool = Client::builder(TokioExecutor::new())
    ///     .build::<_, Body>(lint.connector("gateway", HttpConnector::new()));
    /// let gateway = ServiceBuilder::new()
    ///     .layer(lint.response_bodies())
    ///     .layer(lint.outbound("gateway"))
    ///     .service(pool);
    /// ```
    #[cfg(feature = "hyper-util")]
    #[track_caller]
    pub fn connector<C>(&self, name: impl AsRef<str>, connector: C) -> Connector<C> {
        self.0.wiring.add(Part::Connector);
        let client = Client { name: Label::new(name.as_ref()), built_at: Location::caller() };
        Connector::new(connector, self.0.clone(), client)
    }

    /// A layer for `reqwest::ClientBuilder::connector_layer`, which observes the client's dials:
    /// give it the client's name, as [`outbound`](ConnLint::outbound), which joins them to
    /// responses.
    ///
    /// ```
    /// use reqwest_middleware::ClientBuilder;
    /// use tower_conn_lint::ConnLint;
    ///
    /// # fn build() -> reqwest::Result<()> {
    /// let lint = ConnLint::new();
    /// let client = reqwest::Client::builder()
    ///     .connector_layer(lint.connector_layer("gateway"))
    ///     .build()?;
    /// let gateway = ClientBuilder::new(client).with(lint.outbound("gateway")).build();
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "reqwest")]
    #[track_caller]
    pub fn connector_layer(&self, name: impl AsRef<str>) -> reqwest::ConnectorLayer {
        self.0.wiring.add(Part::ConnectorLayer);
        let client = Client { name: Label::new(name.as_ref()), built_at: Location::caller() };
        reqwest::ConnectorLayer::new(self.0.clone(), client)
    }

    /// A connection that a client of yours dials by itself, to shake hands on by
    /// `hyper::client::conn`: what comes of `dial` becomes a stream whose connection has a record,
    /// and a [`Dialled`](crate::outbound::Dialled), which puts its handle into responses. `name` is the client's, as
    /// [`outbound`](ConnLint::outbound), `upstream` is host and port, as people read them.
    ///
    /// ```
    /// # async fn call() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// use http::{Request, header};
    /// use hyper::client::conn::http1;
    /// use hyper_util::rt::TokioIo;
    /// use tokio::net::TcpStream;
    /// use tower::{ServiceBuilder, ServiceExt};
    /// use tower_conn_lint::ConnLint;
    ///
    /// # type Body = http_body_util::Empty<bytes::Bytes>;
    /// let lint = ConnLint::new();
    /// let gateway = "gateway:8080";
    /// let (stream, dialled) = lint.dial("gateway", gateway, TcpStream::connect(gateway)).await?;
    /// let (sender, connection) = http1::handshake::<_, Body>(TokioIo::new(stream)).await?;
    /// tokio::spawn(connection);
    /// let mut gateway = ServiceBuilder::new()
    ///     .layer(lint.response_bodies())
    ///     .layer(lint.outbound("gateway"))
    ///     .service(dialled.sender(sender));
    ///
    /// let request = Request::get("/").header(header::HOST, "gateway").body(Body::new())?;
    /// let response = tower::Service::call(gateway.ready().await?, request).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "hyper-util")]
    #[track_caller]
    pub fn dial<F, T, E>(
        &self,
        name: impl AsRef<str>,
        upstream: impl Into<String>,
        dial: F,
    ) -> Dials<F>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.0.wiring.add(Part::Connector);
        let client = Client { name: Label::new(name.as_ref()), built_at: Location::caller() };
        Dials::new(dial, self.0.clone(), client, upstream.into())
    }

    /// The layer that tracks the bodies of a client's responses, beside the header layer: it
    /// changes their type to [`TrackedBody`](crate::connection::TrackedBody), and nothing else.
    #[cfg(feature = "hyper")]
    pub fn response_bodies(&self) -> ResponseBodiesLayer {
        self.0.wiring.add(Part::ResponseBodies);
        ResponseBodiesLayer::new(self.0.clone())
    }

    /// The layer for a client, next to it and below retries. The name stands for the client in
    /// policies, logs and metrics; findings also tell where this was called.
    #[track_caller]
    pub fn outbound(&self, name: impl AsRef<str>) -> OutboundLayer {
        self.0.wiring.add(Part::Outbound);
        OutboundLayer::new(Placement::outbound(self.0.clone(), name.as_ref(), Location::caller()))
    }

    /// Services for `axum::serve` whose requests carry a [`ConnHandle`](crate::ConnHandle), with the
    /// bodies of both directions tracked. Takes what `axum::serve` takes: a `Router`, or what its
    /// `into_make_service` and `into_make_service_with_connect_info` give.
    ///
    /// With a [`listener`](ConnLint::listener) of the same lint, bytes, ends and closers are seen
    /// as well; without one, who closed is unknown.
    ///
    /// ```no_run
    /// # async fn serve() -> std::io::Result<()> {
    /// use axum::Router;
    /// use tower_conn_lint::ConnLint;
    ///
    /// let lint = ConnLint::new();
    /// let app: Router = Router::new().layer(lint.inbound());
    /// let tcp = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    /// axum::serve(lint.listener(tcp), lint.make_service(app.into_make_service())).await
    /// # }
    /// ```
    #[cfg(feature = "axum")]
    pub fn make_service<M>(&self, make: M) -> MakeService<M> {
        self.0.wiring.add(Part::MakeService);
        MakeService::new(make, self.0.clone())
    }

    /// A listener for `axum::serve` that sees who closes each of its connections: of TCP, of Unix
    /// sockets, or of any other kind, such as one that accepts TLS.
    ///
    /// It comes as a `TapIo` that does nothing, since axum gives `ConnectInfo<SocketAddr>` to
    /// that one and to `TcpListener` only.
    #[cfg(feature = "axum")]
    pub fn listener<L>(&self, listener: L) -> SeenListener<L>
    where
        L: axum::serve::Listener,
        L::Addr: 'static,
    {
        self.0.wiring.add(Part::Listener);
        Listener::new(listener, self.0.clone()).tap_io(untouched as fn(&mut Io<L::Io>))
    }

    /// An acceptor for axum-server around another, whose connections have records and whose
    /// requests carry a [`ConnHandle`](crate::ConnHandle). Around one for TLS it sees what is
    /// within, and a handshake that fails as a connection without a request; within one, the socket.
    ///
    /// ```no_run
    /// # async fn serve(app: axum::Router) -> std::io::Result<()> {
    /// use tower_conn_lint::ConnLint;
    ///
    /// let lint = ConnLint::new();
    /// let address = std::net::SocketAddr::from(([127, 0, 0, 1], 8080));
    /// axum_server::bind(address)
    ///     .map(|acceptor| lint.acceptor(acceptor))
    ///     .serve(app.into_make_service())
    ///     .await
    /// # }
    /// ```
    #[cfg(feature = "axum-server")]
    pub fn acceptor<A>(&self, acceptor: A) -> Acceptor<A> {
        self.0.wiring.add(Part::Accept);
        Acceptor::new(acceptor, self.0.clone())
    }

    /// Connections for a server of tonic's: what it is served with, wrapped. `remote_addr()`,
    /// `peer_certs()` and the `ConnectInfo` of the stream within are the same as without. Beside it
    /// stands [`join`](ConnLint::join), or nothing is known of requests.
    ///
    /// Where tonic speaks TLS itself, it does so around these streams, and bytes are counted as they
    /// are on the wire.
    ///
    /// ```no_run
    /// # async fn serve<S>(service: S) -> Result<(), Box<dyn std::error::Error>>
    /// # where
    /// #     S: tower::Service<http::Request<tonic::body::Body>, Response = http::Response<tonic::body::Body>, Error = std::convert::Infallible>
    /// #         + tonic::server::NamedService + Clone + Send + Sync + 'static,
    /// #     S::Future: Send,
    /// # {
    /// use tonic::transport::{Server, server::TcpIncoming};
    /// use tower_conn_lint::ConnLint;
    ///
    /// let lint = ConnLint::new();
    /// let tcp = TcpIncoming::bind("127.0.0.1:50051".parse()?)?.with_nodelay(Some(true));
    /// Server::builder()
    ///     .layer(lint.join())
    ///     .layer(lint.inbound())
    ///     .add_service(service)
    ///     .serve_with_incoming(lint.incoming(tcp))
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "tonic")]
    pub fn incoming<I>(&self, incoming: I) -> Incoming<I> {
        self.0.wiring.add(Part::Listener);
        Incoming::new(incoming, self.0.clone())
    }

    /// The layer that joins the requests of a server of tonic's with the connections of its
    /// [`incoming`](ConnLint::incoming): each carries its [`ConnHandle`](crate::ConnHandle), and
    /// bodies are tracked. Added first, it is the outermost, where it belongs.
    #[cfg(feature = "tonic")]
    pub fn join(&self) -> JoinLayer {
        self.0.wiring.add(Part::MakeService);
        JoinLayer::new(self.0.clone())
    }

    /// A server of hyper-util's, for HTTP/1 and HTTP/2, around a listener of TCP, of Unix sockets, or
    /// [another one](crate::inbound::Listen): all that [`accept`](ConnLint::accept) gives, in an
    /// accept loop of ours. Each connection can be closed gracefully by its handle
    /// ([`ConnHandle::close_gracefully`](crate::ConnHandle::close_gracefully)).
    ///
    /// The service is any of tower's, an axum `Router` among them. It runs as it is awaited, on a
    /// runtime of tokio's with its timer enabled.
    ///
    /// ```no_run
    /// # async fn serve() -> std::io::Result<()> {
    /// use http::{Request, Response};
    /// use hyper::body::Incoming;
    /// use tower::ServiceBuilder;
    /// use tower_conn_lint::{ConnLint, connection::TrackedBody};
    ///
    /// let lint = ConnLint::new();
    /// let hello = ServiceBuilder::new().layer(lint.inbound()).service_fn(
    ///     async |_: Request<TrackedBody<Incoming>>| {
    ///         Ok::<_, std::convert::Infallible>(Response::new("hello".to_owned()))
    ///     },
    /// );
    /// let tcp = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    /// let ctrl_c = async { _ = tokio::signal::ctrl_c().await };
    /// lint.serve(tcp, hello).with_graceful_shutdown(ctrl_c).await;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "hyper-util")]
    pub fn serve<L: Listen, S>(&self, listener: L, service: S) -> Serve<L, S> {
        self.0.wiring.add(Part::Accept);
        Serve::new(listener, service, self.0.clone())
    }

    /// A connection of an accept loop of your own, its stream and what its services go under.
    /// `peer` is the caller's address; a Unix socket has none.
    ///
    /// ```no_run
    /// # async fn serve() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// use http::{Request, Response};
    /// use hyper_util::{rt::{TokioExecutor, TokioIo}, server::conn::auto, service::TowerToHyperService};
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
    ///     tokio::spawn(async move {
    ///         let builder = auto::Builder::new(TokioExecutor::new());
    ///         builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await
    ///     });
    /// }
    /// # }
    /// ```
    #[cfg(feature = "hyper")]
    pub fn accept<T: AsyncRead + 'static>(
        &self,
        stream: T,
        peer: impl Into<Option<SocketAddr>>,
    ) -> (Io<T>, Accepted) {
        self.0.wiring.add(Part::Accept);
        let addresses = Addresses { peer: peer.into(), ..Addresses::of(&stream) };
        Accepted::new(&self.0, stream, addresses)
    }

    /// A signal to shut down that the lint sees coming: from then on closing is right, and
    /// connections that end were drained. Give it to whatever shuts the server down. It is passed on at
    /// once; where the cure [`drain`](crate::heal::Cures::drain) is switched on, as the time of that is
    /// over, so that connections are told one after the other before the rest is shut down.
    ///
    /// ```no_run
    /// # async fn serve(app: axum::Router, tcp: tokio::net::TcpListener) -> std::io::Result<()> {
    /// use tower_conn_lint::ConnLint;
    ///
    /// let lint = ConnLint::new();
    /// let ctrl_c = async { _ = tokio::signal::ctrl_c().await };
    /// axum::serve(lint.listener(tcp), lint.make_service(app))
    ///     .with_graceful_shutdown(lint.shutdown_signal(ctrl_c))
    ///     .await
    /// # }
    /// ```
    pub fn shutdown_signal<F: Future>(&self, signal: F) -> ShutdownSignal<F> {
        self.0.wiring.add(Part::ShutdownSignal);
        ShutdownSignal::new(signal, self.0.clone())
    }

    /// The process drains from now on: closing is right, so no fix keeps a connection alive, and
    /// connections that end have the cause `drain`. Where the cure is switched on
    /// ([`Cures::drain`](crate::heal::Cures::drain)) responses say `close` and idle connections end,
    /// each at its own place in the time that is set. How far it is, each
    /// [`snapshot`](ConnLint::snapshot) tells ([`DrainProgress`](crate::snapshot::DrainProgress)). A graceful shutdown of
    /// the server may begin after that time: nothing is lost then.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_conn_lint::ConnLint;
    /// use tower_conn_lint::heal::Cures;
    ///
    /// let lint = ConnLint::builder().heal(Cures::new().drain(Duration::from_secs(10))).build();
    /// lint.drain();
    /// ```
    pub fn drain(&self) {
        self.0.drain();
    }

    /// What is known of connections now: requests and reuse by route, caller and upstream, why
    /// connections end, and what each should change. Made for a page, a log line or a test, not
    /// for every request: it walks all connections that are open, and brings the gauges up to date.
    ///
    /// ```
    /// use tower_conn_lint::ConnLint;
    ///
    /// let lint = ConnLint::new();
    /// for upstream in lint.snapshot().upstreams {
    ///     if let Some(change) = upstream.change {
    ///         println!("{} dials for {} requests: {change}", upstream.dials, upstream.requests);
    ///     }
    /// }
    /// ```
    pub fn snapshot(&self) -> Snapshot {
        self.0.snapshot()
    }

    /// The ports that are held towards the addresses that clients of this lint dialled of late, and how
    /// long the rest is enough: asked of the kernel now (`sock_diag`), and of all processes in this network
    /// namespace. It takes some milliseconds for each 10,000 sockets towards them, and a tenth of a second
    /// at most, on this thread: in a service it belongs on one that may wait, as of tokio's
    /// `spawn_blocking`, or is [read each so often](crate::ConnLintBuilder::port_use_every). `None` where
    /// the kernel can't be asked, elsewhere than on Linux, and without the feature `linux`.
    ///
    /// ```
    /// use tower_conn_lint::ConnLint;
    ///
    /// let lint = ConnLint::new();
    /// let ports = lint.port_use();
    /// let soon = ports.into_iter().flat_map(|ports| ports.upstreams);
    /// for upstream in soon.filter(|upstream| upstream.lasts.is_some_and(|seconds| seconds < 60.0)) {
    ///     println!("{}: {} of its ports are held", upstream.name, upstream.held);
    /// }
    /// ```
    pub fn port_use(&self) -> Option<PortUse> {
        self.0.read_ports()
    }

    /// An exception for one route of a server, as a layer on it: the lint is silent there, and
    /// nothing is done about it. Only `CONN_LINT` is stronger, and a floor of the policy
    /// ([`PolicyBuilder::floor`](crate::policy::PolicyBuilder::floor)): a line at WARN names an
    /// exception that it forbids.
    ///
    /// A request is denied by the outermost layer, before a route's own is asked: an exception
    /// from a denial belongs into the policy, as a [`Route`](crate::Route).
    ///
    /// ```
    /// # #[cfg(feature = "axum")] {
    /// use axum::{Router, routing::get};
    /// use tower_conn_lint::{ConnLint, lint};
    ///
    /// # async fn export() {}
    /// let lint = ConnLint::new();
    /// let app: Router = Router::new()
    ///     .route("/export", get(export).layer(lint.allow(lint::HANDLER_SENDS_CLOSE, "one-shot download")))
    ///     .layer(lint.inbound());
    /// # }
    /// ```
    pub fn allow(&self, lint: Lint, reason: impl AsRef<str>) -> InboundLayer {
        InboundLayer::new(Placement::exceptions_only(self.0.clone())).allow(lint, reason)
    }
}

impl Default for ConnLint {
    fn default() -> ConnLint {
        ConnLint::new()
    }
}
