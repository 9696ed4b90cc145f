use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum_server::accept::Accept;
use pin_project_lite::pin_project;
use tokio::io::AsyncRead;

use super::{Accepted, PerConnection, Tracked};
use crate::connection::{Addresses, Io};
use crate::exchange::Shared;

/// An acceptor for axum-server whose connections have records; made by
/// [`ConnLint::acceptor`](crate::ConnLint::acceptor).
///
/// ```
/// use axum_server::accept::DefaultAcceptor;
/// use tower_conn_lint::inbound::Acceptor;
///
/// fn is_named(_: Acceptor<DefaultAcceptor>) {}
/// ```
#[derive(Clone, Debug)]
pub struct Acceptor<A> {
    inner: A,
    shared: Arc<Shared>,
}

pin_project! {
    /// A connection that an [`Acceptor`] is about to accept.
    ///
    /// ```
    /// use tower_conn_lint::inbound::AcceptFuture;
    ///
    /// fn is_named<F>(_: AcceptFuture<F>) {}
    /// ```
    #[derive(Debug)]
    pub struct AcceptFuture<F> {
        #[pin]
        future: F,
        addresses: Addresses,
        shared: Arc<Shared>,
    }
}

// === impl Acceptor ===

impl<A> Acceptor<A> {
    pub(crate) fn new(inner: A, shared: Arc<Shared>) -> Acceptor<A> {
        Acceptor { inner, shared }
    }
}

impl<A, I, S> Accept<I, S> for Acceptor<A>
where
    A: Accept<I, S>,
    A::Stream: AsyncRead + 'static,
    I: 'static,
{
    type Stream = Io<A::Stream>;
    type Service = PerConnection<A::Service, Tracked>;
    type Future = AcceptFuture<A::Future>;

    fn accept(&self, stream: I, service: S) -> AcceptFuture<A::Future> {
        let addresses = Addresses::of(&stream);
        let future = self.inner.accept(stream, service);
        AcceptFuture { future, addresses, shared: self.shared.clone() }
    }
}

// === impl AcceptFuture ===

impl<F, T, S> Future for AcceptFuture<F>
where
    F: Future<Output = io::Result<(T, S)>>,
    T: AsyncRead + 'static,
{
    type Output = io::Result<(Io<T>, PerConnection<S, Tracked>)>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (stream, service) = ready!(this.future.poll(cx))?;
        let (stream, connection) = Accepted::new(this.shared, stream, *this.addresses);
        Poll::Ready(Ok((stream, connection.service(service))))
    }
}
