use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::{mem, thread};

use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Queued, Sensor};

pin_project! {
    /// A stream that tells a [`Sensor`] what passes and how it ends. To its user it is the stream
    /// itself.
    ///
    /// Who closed first is told before the first shutdown, or else in drop: the peer's end may be
    /// queued where nobody reads any more. A socket is asked without reading; of another kind of
    /// stream one byte is read ahead.
    #[derive(Debug)]
    #[project = Parts]
    pub(crate) struct Watched<T: AsyncRead, S: Sensor> {
        #[pin]
        inner: T,
        // Behind the stream, so that what is made of its end holds up no socket that is to be closed.
        sensor: Last<S>,
        queued: fn(&T) -> Option<Queued>,
        seen: Seen,
        ahead: Ahead,
        // Who was last told to wait for bytes.
        reader: Option<Waker>,
    }

    impl<T: AsyncRead, S: Sensor> PinnedDrop for Watched<T, S> {
        fn drop(this: Pin<&mut Self>) {
            this.project().end();
        }
    }
}

/// What was taken from the stream before its reader asked, kept for who goes on reading after shutting
/// down.
#[derive(Debug)]
enum Ahead {
    Nothing,
    Byte(u8),
    /// By the system's number, which takes no room beside the rest.
    Failure(u16),
}

/// Told as it is dropped.
#[derive(Debug)]
struct Last<S: Sensor>(S);

#[derive(Debug, Default)]
struct Seen {
    eof: bool,
    failed: bool,
    shutdown: bool,
}

// === impl Watched ===

impl<T: AsyncRead, S: Sensor> Watched<T, S> {
    pub(crate) fn new(inner: T, sensor: S) -> Watched<T, S>
    where
        T: 'static,
    {
        let queued = Queued::of::<T>;
        let (sensor, seen) = (Last(sensor), Seen::default());
        Watched { inner, sensor, queued, seen, ahead: Ahead::Nothing, reader: None }
    }

    pub(crate) fn get_ref(&self) -> &T {
        &self.inner
    }

    pub(crate) fn sensor(&self) -> &S {
        &self.sensor.0
    }
}

impl<T: AsyncRead, S: Sensor> AsyncRead for Watched<T, S> {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut this = self.project();
        if !matches!(this.ahead, Ahead::Nothing) {
            return Poll::Ready(this.ahead.read(buf));
        }
        let polled = this.read(cx, buf);
        if polled.is_pending() {
            match this.reader {
                Some(reader) => reader.clone_from(cx.waker()),
                None => *this.reader = Some(cx.waker().clone()),
            }
            this.sensor.0.read_pending();
        }
        polled
    }
}

impl<T: AsyncRead + AsyncWrite, S: Sensor> AsyncWrite for Watched<T, S> {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut this = self.project();
        let polled = this.inner.as_mut().poll_write(cx, buf);
        this.wrote(buf, polled)
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut this = self.project();
        let polled = this.inner.as_mut().poll_write_vectored(cx, bufs);
        let first = bufs.iter().find(|buf| !buf.is_empty());
        this.wrote(first.map_or(&[], |buf| buf), polled)
    }

    #[inline]
    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut this = self.project();
        let polled = this.inner.as_mut().poll_flush(cx);
        if let Poll::Ready(Ok(())) = polled {
            this.sensor.0.flushed();
        }
        this.tried(polled)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut this = self.project();
        let is_first = !mem::replace(&mut this.seen.shutdown, true);
        if is_first && !this.seen.eof && !this.seen.failed {
            this.sensor.0.leaving();
            if !this.ask_kernel() {
                this.read_ahead();
            }
        }
        // Nothing stands between the question and our end: what comes in there, nobody sees.
        let polled = this.inner.as_mut().poll_shutdown(cx);
        if is_first {
            this.sensor.0.shutting_down();
        }
        this.tried(polled)
    }
}

// === impl Parts ===

impl<T: AsyncRead, S: Sensor> Parts<'_, T, S> {
    #[inline(always)]
    fn read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let (filled, room) = (buf.filled().len(), buf.remaining());
        let polled = self.inner.as_mut().poll_read(cx, buf);
        if let Poll::Ready(Ok(())) = polled {
            match buf.filled().get(filled..).unwrap_or_default() {
                // What had no room may be there all the same.
                [] if room == 0 => {}
                [] => self.eof(),
                bytes => self.sensor.0.read(bytes),
            }
        }
        self.tried(polled)
    }

    /// Whether the kernel tells what is queued.
    fn ask_kernel(&mut self) -> bool {
        match (self.queued)(&self.inner) {
            None => return false,
            Some(Queued::Nothing | Queued::Bytes) => {}
            Some(Queued::End) => self.eof(),
            Some(Queued::Failed(error)) => {
                self.failed(&error);
                // The kernel tells it once.
                let number = error.raw_os_error().and_then(|number| number.try_into().ok());
                *self.ahead = number.map_or(Ahead::Nothing, Ahead::Failure);
            }
        }
        true
    }

    /// Reads one byte, since the peer's end may be queued before ours is sent.
    ///
    /// A stream wakes only the task that read last. Where the halves of a split stream live in two
    /// tasks, the writer shuts down while the reader waits, so this read keeps the reader's waker
    /// registered and not the writer's. If nobody waits, nobody has to be woken.
    fn read_ahead(&mut self) {
        let reader = self.reader.take();
        let mut cx = Context::from_waker(reader.as_ref().unwrap_or(Waker::noop()));
        let mut byte = [0];
        let mut buf = ReadBuf::new(&mut byte);
        // An error is told, and remains with the stream: it is no error of the shutdown's.
        if let Poll::Ready(Ok(())) = self.read(&mut cx, &mut buf) {
            *self.ahead = buf.filled().first().map_or(Ahead::Nothing, |byte| Ahead::Byte(*byte));
        }
        *self.reader = reader;
    }

    fn end(&mut self) {
        // A stream that panics in an unwinding drop would abort the process.
        if self.seen.any() || thread::panicking() {
            return;
        }
        self.sensor.0.leaving();
        if !self.ask_kernel() {
            self.read_last();
        }
    }

    fn read_last(&mut self) {
        let mut byte = [0];
        let mut buf = ReadBuf::new(&mut byte);
        let mut cx = Context::from_waker(Waker::noop());
        match self.inner.as_mut().poll_read(&mut cx, &mut buf) {
            Poll::Pending => {}
            Poll::Ready(Ok(())) if buf.filled().is_empty() => self.eof(),
            Poll::Ready(Ok(())) => self.sensor.0.read(buf.filled()),
            // So says tokio where the runtime ended before the stream, which tells of no peer.
            Poll::Ready(Err(error)) if error.kind() == ErrorKind::Other => {}
            Poll::Ready(Err(error)) => self.failed(&error),
        }
    }

    #[inline]
    fn wrote(
        &mut self,
        offered: &[u8],
        polled: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes @ 1..)) = polled {
            self.sensor.0.wrote(offered, bytes);
        }
        self.tried(polled)
    }

    #[inline]
    fn tried<R>(&mut self, polled: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        if let Poll::Ready(Err(error)) = &polled {
            self.failed(error);
        }
        polled
    }

    #[cold]
    fn eof(&mut self) {
        if !self.seen.eof {
            self.seen.eof = true;
            self.sensor.0.eof();
        }
    }

    #[cold]
    fn failed(&mut self, error: &io::Error) {
        self.seen.failed = true;
        self.sensor.0.failed(error);
    }
}

// === impl Ahead ===

impl Ahead {
    #[cold]
    fn read(&mut self, buf: &mut ReadBuf<'_>) -> io::Result<()> {
        match mem::replace(self, Ahead::Nothing) {
            Ahead::Failure(number) => return Err(io::Error::from_raw_os_error(number.into())),
            Ahead::Byte(byte) if buf.remaining() > 0 => buf.put_slice(&[byte]),
            kept => *self = kept,
        }
        Ok(())
    }
}

// === impl Last ===

impl<S: Sensor> Drop for Last<S> {
    fn drop(&mut self) {
        self.0.dropped();
    }
}

// === impl Seen ===

impl Seen {
    fn any(&self) -> bool {
        self.eof || self.failed || self.shutdown
    }
}

#[cfg(test)]
mod tests;
