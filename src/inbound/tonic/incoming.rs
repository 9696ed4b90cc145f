use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use http::Extensions;
use pin_project_lite::pin_project;
use tokio::io::AsyncRead;
use tonic::transport::server::Connected;

use super::Key;
use crate::connection::{Addresses, Io};
use crate::exchange::Shared;
use crate::wired::{Guard, Link};

pin_project! {
    /// Connections for a server of tonic's, with records; made by
    /// [`ConnLint::incoming`](crate::ConnLint::incoming).
    ///
    /// ```
    /// use tower_conn_lint::inbound::Incoming;
    ///
    /// fn is_named(_: Incoming<tonic::transport::server::TcpIncoming>) {}
    /// ```
    #[derive(Debug)]
    pub struct Incoming<I> {
        #[pin]
        inner: I,
        shared: Arc<Shared>,
    }
}

// === impl Incoming ===

impl<I> Incoming<I> {
    pub(crate) fn new(inner: I, shared: Arc<Shared>) -> Incoming<I> {
        Incoming { inner, shared }
    }
}

impl<I, T, E> Stream for Incoming<I>
where
    I: Stream<Item = Result<T, E>>,
    T: AsyncRead + 'static,
{
    type Item = Result<Io<T>, E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Io<T>, E>>> {
        let this = self.project();
        let accepted = ready!(this.inner.poll_next(cx));
        Poll::Ready(accepted.map(|accepted| {
            accepted.map(|stream| {
                let guard = this.shared.accept(Addresses::of(&stream));
                Io::new(stream, guard)
            })
        }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

// === impl Io ===

/// What the stream within tells: handlers see no other caller than without the lint.
impl<T: AsyncRead + Connected> Connected for Io<T> {
    type ConnectInfo = T::ConnectInfo;

    fn connect_info(&self) -> T::ConnectInfo {
        let info = self.get_ref().connect_info();
        if let Some(guard) = self.guard() {
            guard.tell(info.clone());
        }
        info
    }
}

// === impl Guard ===

impl Guard {
    /// Takes the connection in under what its requests are told of it.
    fn tell<T: Clone + Send + Sync + 'static>(&self, info: T) {
        let (shared, record) = (self.shared(), self.record());
        let mut extensions = Extensions::new();
        extensions.insert(info);
        let key = Key::of(&mut extensions);
        self.claims_requests(key.is_some());
        // Told once: of a Unix socket each time it is asked for lies elsewhere.
        if let Some(key) = key.filter(|key| self.is_known_as(*key)) {
            let link = Link::new(shared.clone(), record.clone());
            shared.peers.insert(key, Arc::new(link));
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::ConnLint;

    async fn connection(lint: &ConnLint, listener: &TcpListener) -> (Io<TcpStream>, TcpStream) {
        let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let guard = lint.shared().accept(Addresses::of(&stream));
        (Io::new(stream, guard), peer)
    }

    #[tokio::test]
    async fn what_is_held_of_a_connection_ends_with_its_socket() {
        let lint = ConnLint::builder().environment("").build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peers = &lint.shared().peers;
        let mut held = Vec::new();
        for open in 1..=20 {
            let (stream, peer) = connection(&lint, &listener).await;
            let info = stream.connect_info();
            assert_eq!(info.remote_addr(), peer.local_addr().ok(), "it is the stream's");
            stream.connect_info();
            assert_eq!(peers.len(), open, "one for each connection");
            held.push((stream, peer));
        }
        drop(held);
        assert_eq!(peers.len(), 0, "they are gone");
    }

    #[tokio::test]
    async fn a_connection_takes_no_other_out_that_came_under_its_key() {
        let lint = ConnLint::builder().environment("").build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (first, _peer) = connection(&lint, &listener).await;
        let (second, _peer) = connection(&lint, &listener).await;
        let info = first.connect_info();
        second.guard().unwrap().tell(info);
        drop(first);
        assert_eq!(lint.shared().peers.len(), 1, "the second one is still open");
        drop(second);
        assert_eq!(lint.shared().peers.len(), 0, "nor is it any more");
    }
}
