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
use crate::wired::Guard;

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
        // Of the connection, until its stream holds it.
        guard: Option<Guard>,
    }
}

// === impl Acceptor ===

impl<A> Acceptor<A> {
    pub(crate) fn new(inner: A, shared: Arc<Shared>) -> Acceptor<A> {
        Acceptor { inner, shared }
    }
}

/// The services of acceptors for TLS take the body of hyper and no other (axum-server 0.9), so ours
/// stand within theirs.
impl<A, I, S> Accept<I, S> for Acceptor<A>
where
    A: Accept<I, PerConnection<S, Tracked>>,
    A::Stream: AsyncRead + 'static,
    I: 'static,
{
    type Stream = Io<A::Stream>;
    type Service = A::Service;
    type Future = AcceptFuture<A::Future>;

    fn accept(&self, stream: I, service: S) -> AcceptFuture<A::Future> {
        let (guard, connection) = Accepted::before_stream(&self.shared, Addresses::of(&stream));
        let future = self.inner.accept(stream, connection.service(service));
        AcceptFuture { future, guard }
    }
}

// === impl AcceptFuture ===

impl<F, T, S> Future for AcceptFuture<F>
where
    F: Future<Output = io::Result<(T, S)>>,
    T: AsyncRead + 'static,
{
    type Output = io::Result<(Io<T>, S)>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (stream, service) = ready!(this.future.poll(cx))?;
        Poll::Ready(Ok((Io::new(stream, this.guard.take()), service)))
    }
}
