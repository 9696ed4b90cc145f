use std::future::Future;
use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixListener;
#[cfg(unix)]
use tokio::net::UnixStream;

/// What [`ConnLint::serve`](crate::ConnLint::serve) accepts connections from: listeners of TCP and
/// of Unix sockets, or one of your own, that sets options of its sockets, say.
///
/// ```
/// use std::{io, net::SocketAddr};
/// use tokio::net::{TcpListener, TcpStream};
/// use tower_conn_lint::inbound::Listen;
///
/// struct NoDelay(TcpListener);
///
/// impl Listen for NoDelay {
///     type Stream = TcpStream;
///
///     async fn accept(&mut self) -> io::Result<(TcpStream, Option<SocketAddr>)> {
///         let (stream, peer) = self.0.accept().await?;
///         stream.set_nodelay(true)?;
///         Ok((stream, Some(peer)))
///     }
/// }
/// ```
pub trait Listen: Send + 'static {
    /// Its connections.
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    /// The next connection, and the caller's address; none of a Unix socket.
    ///
    /// It is dropped as the server shuts down. What takes a peer's time, such as a handshake of
    /// TLS, holds up those behind it here: do that in an accept loop of your own, in the
    /// connection's task ([`ConnLint::accept`](crate::ConnLint::accept)).
    ///
    /// # Errors
    ///
    /// Of a connection that was reset or aborted before it was accepted: the next one is accepted.
    /// Any other: the process is out of file descriptors, most likely, and it is tried again in a
    /// second.
    fn accept(
        &mut self,
    ) -> impl Future<Output = io::Result<(Self::Stream, Option<SocketAddr>)>> + Send;
}

impl Listen for TcpListener {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, Option<SocketAddr>)> {
        let (stream, peer) = TcpListener::accept(self).await?;
        Ok((stream, Some(peer)))
    }
}

#[cfg(unix)]
impl Listen for UnixListener {
    type Stream = UnixStream;

    async fn accept(&mut self) -> io::Result<(UnixStream, Option<SocketAddr>)> {
        let (stream, _) = UnixListener::accept(self).await?;
        Ok((stream, None))
    }
}
