use std::any::Any;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::serve::{IncomingStream, TapIo};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{PerConnection, Same};
use crate::connection::{Addresses, Io, Recorded};
use crate::exchange::Shared;
use crate::wired::Link;

/// A listener whose connections have records; made by
/// [`ConnLint::listener`](crate::ConnLint::listener).
///
/// ```
/// use axum::serve::Listener as _;
/// use tower_conn_lint::inbound::Listener;
///
/// fn address(listener: &Listener<tokio::net::TcpListener>) -> std::io::Result<std::net::SocketAddr> {
///     listener.local_addr()
/// }
/// ```
#[derive(Debug)]
pub struct Listener<L> {
    inner: L,
    shared: Arc<Shared>,
}

/// A [`Listener`] under a `TapIo` that does nothing: axum gives `ConnectInfo<SocketAddr>` to that
/// type and to `TcpListener` only.
///
/// ```
/// use tower_conn_lint::inbound::SeenListener;
///
/// fn is_named(_: SeenListener<tokio::net::TcpListener>) {}
/// ```
pub type SeenListener<L> = TapIo<Listener<L>, fn(&mut Io<<L as axum::serve::Listener>::Io>)>;

/// Makes the services of each connection; made by
/// [`ConnLint::make_service`](crate::ConnLint::make_service).
///
/// ```
/// use tower_conn_lint::inbound::MakeService;
///
/// fn is_named<M>(_: MakeService<M>) {}
/// ```
#[derive(Clone, Debug)]
pub struct MakeService<M> {
    make: M,
    shared: Arc<Shared>,
}

pin_project! {
    /// The services of a connection, as they are made by a [`MakeService`].
    ///
    /// ```
    /// use tower_conn_lint::inbound::MakeFuture;
    ///
    /// fn is_named<F>(_: MakeFuture<F>) {}
    /// ```
    #[derive(Debug)]
    pub struct MakeFuture<F> {
        #[pin]
        future: F,
        link: Option<Arc<Link>>,
    }
}

// === impl Listener ===

impl<L> Listener<L> {
    pub(crate) fn new(inner: L, shared: Arc<Shared>) -> Listener<L> {
        Listener { inner, shared }
    }
}

impl<L> axum::serve::Listener for Listener<L>
where
    L: axum::serve::Listener,
    L::Addr: 'static,
{
    type Io = Io<L::Io>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (Io<L::Io>, L::Addr) {
        let (stream, peer) = self.inner.accept().await;
        let known = (&peer as &dyn Any).downcast_ref().copied();
        let addresses = Addresses { peer: known, ..Addresses::of(&stream) };
        let guard = self.shared.accept(addresses);
        guard.iter().for_each(|guard| guard.claims_requests(true));
        (Io::new(stream, guard), peer)
    }

    fn local_addr(&self) -> io::Result<L::Addr> {
        self.inner.local_addr()
    }
}

// === impl MakeService ===

impl<M> MakeService<M> {
    pub(crate) fn new(make: M, shared: Arc<Shared>) -> MakeService<M> {
        MakeService { make, shared }
    }

    /// The record that the listener made, or one for a connection whose socket nobody watches.
    fn link<S: Recorded>(&self, stream: &S) -> Option<Arc<Link>> {
        let shared = self.shared.clone();
        let link = match stream.handle() {
            Some(handle) => Link::new(shared, handle.record().clone()),
            None => Link::guarding(shared, self.shared.accept(Addresses::default())?),
        };
        Some(Arc::new(link))
    }
}

impl<'a, L, M> Service<IncomingStream<'a, L>> for MakeService<M>
where
    L: axum::serve::Listener,
    L::Io: Recorded,
    M: Service<IncomingStream<'a, L>>,
{
    type Response = PerConnection<M::Response, Same>;
    type Error = M::Error;
    type Future = MakeFuture<M::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), M::Error>> {
        self.make.poll_ready(cx)
    }

    fn call(&mut self, stream: IncomingStream<'a, L>) -> MakeFuture<M::Future> {
        let link = self.link(stream.io());
        MakeFuture { future: self.make.call(stream), link }
    }
}

// === impl MakeFuture ===

impl<F, S, E> Future for MakeFuture<F>
where
    F: Future<Output = Result<S, E>>,
{
    type Output = Result<PerConnection<S, Same>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.future.poll(cx).map_ok(|service| PerConnection::new(service, this.link.take()))
    }
}

/// What a connection is told of by `ConnectInfo`: nothing is done to it.
pub(crate) fn untouched<T>(_: &mut T) {}
