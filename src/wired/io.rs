use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::Version;
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Guard;
#[cfg(feature = "hyper-util")]
use super::Hold;
use super::frames::Frames;
use crate::connection::{EndCause, Event, Flag, Record, Side};
use crate::handle::ConnHandle;
use crate::heal::{Farewell, IdleTimer};
use crate::io::{Sensor, Watched, is_socket, tls};

pin_project! {
    /// A stream whose connection has a record: bytes and ends are seen, and nothing is changed.
    ///
    /// ```
    /// use tokio::net::TcpStream;
    /// use tower_conn_lint::connection::Io;
    ///
    /// fn inner(stream: &Io<TcpStream>) -> &TcpStream {
    ///     stream.get_ref()
    /// }
    /// ```
    #[derive(Debug)]
    pub struct Io<T: AsyncRead> {
        #[pin]
        stream: Watched<T, Witness>,
        frames: Frames,
        parting: Parting,
        idle: IdleTimer,
    }

    impl<T: AsyncRead> PinnedDrop for Io<T> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let Some(guard) = &this.stream.sensor().0 {
                this.idle.end(guard.shared(), guard.record());
            }
        }
    }
}

/// A stream that may know its connection's record: [`Io`] does, plain sockets don't. A stream of
/// another kind needs no more than `impl Recorded for MyStream {}`, or a listener wrapped by
/// `ConnLint::listener`.
///
/// ```
/// use tower_conn_lint::connection::Recorded;
///
/// struct MyStream;
///
/// impl Recorded for MyStream {}
///
/// assert!(MyStream.handle().is_none());
/// ```
pub trait Recorded {
    /// The handle of its connection.
    fn handle(&self) -> Option<ConnHandle> {
        None
    }
}

/// Whether the peer is let close first.
#[derive(Debug)]
enum Parting {
    NotAsked,
    /// Boxed, since few do.
    Waiting(Box<Farewell>),
    Over,
}

/// Writes down what a stream tells; nothing where `CONN_LINT=off`.
#[derive(Debug)]
struct Witness(Option<Arc<Guard>>);

/// What a client of HTTP/2 says first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n";

// === impl Io ===

impl<T: AsyncRead> Io<T> {
    pub(crate) fn new(stream: T, guard: Option<Guard>) -> Io<T>
    where
        T: 'static,
    {
        if let Some(guard) = &guard {
            guard.record().raise(Flag::Socket);
            if !is_socket(&stream) {
                guard.record().raise(Flag::Veiled);
            }
        }
        let stream = Watched::new(stream, Witness(guard.map(Arc::new)));
        let (frames, idle) = (Frames::default(), IdleTimer::default());
        Io { stream, frames, parting: Parting::NotAsked, idle }
    }

    /// The handle of its connection, for the client below to put into responses.
    #[cfg(feature = "hyper-util")]
    pub(crate) fn handle_of_responses(&self) -> Option<ConnHandle> {
        let guard = self.stream.sensor().0.as_ref()?;
        let hold = Hold::source(guard.clone());
        Some(ConnHandle::of(guard.record().clone()).holding(hold))
    }

    /// Whoever dialled is done: what is written from here on are requests.
    #[cfg(feature = "hyper-util")]
    pub(crate) fn established(&self) {
        if let Some(guard) = &self.stream.sensor().0 {
            let record = guard.record();
            record.established(|| record.clock.now());
        }
    }

    #[cfg(feature = "tonic")]
    pub(crate) fn guard(&self) -> Option<&Arc<Guard>> {
        self.stream.sensor().0.as_ref()
    }

    /// The stream within.
    pub fn get_ref(&self) -> &T {
        self.stream.get_ref()
    }
}

impl<T: AsyncRead> Recorded for Io<T> {
    fn handle(&self) -> Option<ConnHandle> {
        let guard = self.stream.sensor().0.as_ref()?;
        Some(ConnHandle::of(guard.record().clone()))
    }
}

impl<T: AsyncRead> AsyncRead for Io<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut this = self.project();
        let filled = buf.filled().len();
        let polled = this.stream.as_mut().poll_read(cx, buf);
        if this.frames.is_on() && this.frames.has_goaway(&buf.filled()[filled..]) {
            this.stream.sensor().note(Event::Seen(EndCause::GoAway));
        }
        let Some(guard) = this.stream.sensor().0.as_ref().filter(|_| polled.is_pending()) else {
            return polled;
        };
        let shared = guard.shared();
        if shared.heals() && this.idle.poll(shared, guard.record(), cx).is_ready() {
            // As if the peer had closed: whoever reads ends the connection.
            return Poll::Ready(Ok(()));
        }
        polled
    }
}

impl<T: AsyncRead + AsyncWrite> AsyncWrite for Io<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.project();
        if this.stream.sensor().begins_frames(buf) {
            this.frames.begin();
        }
        this.stream.poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.project();
        if bufs.first().is_some_and(|buf| this.stream.sensor().begins_frames(buf)) {
            this.frames.begin();
        }
        this.stream.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().stream.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut this = self.project();
        if let Parting::NotAsked = this.parting {
            let guard = this.stream.sensor().0.as_ref();
            let farewell = guard.and_then(|guard| Farewell::begin(guard.shared(), guard.record()));
            let waiting = |farewell| Parting::Waiting(Box::new(farewell));
            *this.parting = farewell.map_or(Parting::Over, waiting);
        }
        if let Parting::Waiting(farewell) = this.parting {
            let outcome = ready!(farewell.poll(this.stream.as_mut(), cx));
            if let Some(guard) = &this.stream.sensor().0 {
                farewell.end(guard.shared(), guard.record(), outcome);
            }
            *this.parting = Parting::Over;
        }
        this.stream.poll_shutdown(cx)
    }
}

// === impl Recorded ===

impl Recorded for tokio::net::TcpStream {}

#[cfg(unix)]
impl Recorded for tokio::net::UnixStream {}

// === impl Witness ===

impl Sensor for Witness {
    fn read(&self, bytes: &[u8]) {
        let Some(guard) = &self.0 else { return };
        let record = guard.record();
        if record.side == Side::Inbound && record.requests() == 0 {
            Witness::begins(record, bytes);
        }
        if record.is(Flag::Sealed) && tls::is_alert(bytes, bytes.len()) {
            record.read_alert(bytes.len());
        } else {
            record.read(bytes.len());
        }
    }

    fn read_pending(&self) {
        if let Some(guard) = &self.0 {
            let record = guard.record();
            record.read_in_vain(|| record.clock.now());
        }
    }

    fn eof(&self) {
        self.note(Event::Eof);
    }

    fn wrote(&self, offered: &[u8], bytes: usize) {
        let Some(guard) = &self.0 else { return };
        let record = guard.record();
        match record.side {
            Side::Outbound if record.requests() == 0 => Witness::begins(record, offered),
            Side::Inbound if record.is(Flag::Shaking) && !tls::is_record(offered) => {
                record.unseal();
            }
            _ => {}
        }
        if record.is(Flag::Sealed) && tls::is_alert(offered, bytes) {
            record.wrote_alert(bytes);
        } else {
            record.wrote(bytes, || record.clock.now());
        }
    }

    fn flushed(&self) {
        if let Some(guard) = &self.0 {
            let record = guard.record();
            record.flushed(|| record.clock.now());
        }
    }

    fn leaving(&self) {
        self.note(Event::Leaving);
    }

    fn shutting_down(&self) {
        self.note(Event::ShutDown);
    }

    fn failed(&self, error: &io::Error) {
        self.note(match error.kind() {
            // A TLS peer that closes without saying so first (rustls).
            ErrorKind::UnexpectedEof => Event::Eof,
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
                Event::Failed { reset: true }
            }
            _ => Event::Failed { reset: false },
        });
    }

    fn dropped(&self) {
        if let Some(guard) = &self.0 {
            guard.let_go();
        }
    }
}

impl Witness {
    /// A client that takes HTTP/2 as known says so first (RFC 9113, 3.4), long before a message tells
    /// the version; and one of TLS hides what it says. Either may come behind a proxy's preamble.
    fn begins(record: &Record, bytes: &[u8]) {
        if bytes.starts_with(PREFACE) {
            record.speaks(Version::HTTP_2);
        } else if tls::is_hello(bytes) && !record.is(Flag::Sealed) {
            record.seal();
        }
    }

    /// Whether a client of HTTP/2 begins with these bytes.
    #[inline]
    fn begins_frames(&self, offered: &[u8]) -> bool {
        let Some(guard) = &self.0 else { return false };
        let record = guard.record();
        let is_first = record.side == Side::Outbound && record.bytes().1 == 0;
        is_first && offered.starts_with(PREFACE)
    }

    fn note(&self, event: Event) {
        if let Some(guard) = &self.0 {
            guard.record().note(event);
        }
    }
}
