use std::any::Any;
use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;
#[cfg(target_os = "linux")]
use std::os::fd::AsFd as _;

#[cfg(feature = "hyper-util")]
use hyper_util::rt::TokioIo;
#[cfg(target_os = "linux")]
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{SockRef, Socket};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

/// What a peer sent that nobody read yet, as the kernel has it.
#[derive(Debug)]
pub(crate) enum Queued {
    Nothing,
    /// With no end behind them, or none that can be seen.
    Bytes,
    /// Its end.
    End,
    Failed(io::Error),
}

// === impl Queued ===

impl Queued {
    /// Asks the kernel; `None` for a stream that is no socket, or has one within that can't be
    /// reached.
    ///
    /// A socket of tokio's is read only once its driver reported it to be ready (tokio 1.54). An
    /// end that came since is queued, and a read says that there is nothing: of the connections
    /// that curl had closed first, a server on one thread then took nearly all for its own.
    pub(crate) fn of<T: 'static>(stream: &T) -> Option<Queued> {
        let mut byte = [MaybeUninit::uninit()];
        let socket = socket(stream)?;
        Some(match socket.peek(&mut byte) {
            Ok(0) => Queued::End,
            Ok(_) => Queued::behind_bytes(&socket),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Queued::Nothing,
            Err(error) => Queued::Failed(error),
        })
    }

    /// A GOAWAY or a `close_notify` of the peer's comes before its end, and a peek sees only that; a
    /// poll tells of the end behind it. A reset is one as well: it may have answered what we sent
    /// after the end.
    #[cfg(target_os = "linux")]
    fn behind_bytes(socket: &Socket) -> Queued {
        let mut polled = [PollFd::from_borrowed_fd(socket.as_fd(), PollFlags::RDHUP)];
        if poll(&mut polled, Some(&Timespec::default())).is_err() {
            return Queued::Bytes;
        }
        match polled[0].revents().contains(PollFlags::RDHUP) {
            true => Queued::End,
            false => Queued::Bytes,
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn behind_bytes(_: &Socket) -> Queued {
        Queued::Bytes
    }
}

/// Whether the kernel can be asked about a stream.
pub(crate) fn is_socket<T: 'static>(stream: &T) -> bool {
    socket(stream).is_some()
}

fn socket(stream: &dyn Any) -> Option<SockRef<'_>> {
    #[cfg(feature = "hyper-util")]
    let stream = unwrapped(stream);
    if let Some(tcp) = stream.downcast_ref::<TcpStream>() {
        return Some(SockRef::from(tcp));
    }
    #[cfg(unix)]
    if let Some(unix) = stream.downcast_ref::<UnixStream>() {
        return Some(SockRef::from(unix));
    }
    None
}

/// The streams of a connector are in hyper-util's adapter, and in one of ours around that.
#[cfg(feature = "hyper-util")]
fn unwrapped(stream: &dyn Any) -> &dyn Any {
    if let Some(tcp) = stream.downcast_ref::<TokioIo<TokioIo<TcpStream>>>() {
        return tcp.inner().inner();
    }
    #[cfg(unix)]
    if let Some(unix) = stream.downcast_ref::<TokioIo<TokioIo<UnixStream>>>() {
        return unix.inner().inner();
    }
    stream
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn the_kernel_tells_what_is_queued_and_keeps_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dialled = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut accepted, _) = listener.accept().await.unwrap();
        #[cfg(feature = "hyper-util")]
        let dialled = TokioIo::new(TokioIo::new(dialled));
        #[cfg(not(feature = "hyper-util"))]
        let mut dialled = dialled;
        assert!(matches!(Queued::of(&dialled), Some(Queued::Nothing)), "nothing came");
        accepted.write_all(b"x").await.unwrap();
        assert!(matches!(Queued::of(&dialled), Some(Queued::Bytes)), "a byte came");
        #[cfg(feature = "hyper-util")]
        let mut dialled = dialled.into_inner().into_inner();
        assert_eq!(dialled.read_u8().await.unwrap(), b'x', "it is still there");
        // Before the driver can have seen it: nothing is awaited in between.
        drop(accepted);
        assert!(matches!(Queued::of(&dialled), Some(Queued::End)), "its end came");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn an_end_behind_bytes_is_seen() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        for linger in [None, Some(std::time::Duration::ZERO)] {
            let dialled = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (mut accepted, _) = listener.accept().await.unwrap();
            accepted.write_all(b"GOAWAY").await.unwrap();
            assert!(matches!(Queued::of(&dialled), Some(Queued::Bytes)), "no end is behind them");
            SockRef::from(&accepted).set_linger(linger).unwrap();
            drop(accepted);
            assert!(matches!(Queued::of(&dialled), Some(Queued::End)), "linger {linger:?}");
        }
    }

    #[cfg(all(target_os = "linux", feature = "hyper-util"))]
    #[tokio::test]
    async fn an_end_behind_bytes_of_a_unix_socket_is_seen() {
        let (dialled, mut accepted) = UnixStream::pair().unwrap();
        accepted.write_all(b"GOAWAY").await.unwrap();
        assert!(matches!(Queued::of(&dialled), Some(Queued::Bytes)), "no end behind them");
        drop(accepted);
        assert!(matches!(Queued::of(&dialled), Some(Queued::End)), "its end came");
    }

    #[cfg(all(unix, feature = "hyper-util"))]
    #[tokio::test]
    async fn a_unix_socket_of_a_connector_is_asked_too() {
        let (dialled, accepted) = UnixStream::pair().unwrap();
        let dialled = TokioIo::new(TokioIo::new(dialled));
        assert!(matches!(Queued::of(&dialled), Some(Queued::Nothing)), "nothing came");
        drop(accepted);
        assert!(matches!(Queued::of(&dialled), Some(Queued::End)), "its end came");
    }

    #[test]
    fn a_stream_that_is_no_socket_is_not_asked() {
        let (stream, _peer) = duplex(1);
        assert!(Queued::of(&stream).is_none());
    }
}
