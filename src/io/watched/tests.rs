use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, duplex, split};
use tokio::net::{TcpListener, TcpStream};
use tokio_test::io::Builder;
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready_ok, block_on};

use super::Watched;
use crate::io::Sensor;

use Event::*;

// The signatures by which an end is read.

#[test]
fn the_peer_closes_after_an_exchange() {
    let log = Log::default();
    let (mock, handle) = Builder::new().read(b"ping").write(b"pong").build_with_handle();
    let mut io = Watched::new(mock, log.clone());
    assert_eq!(read(&mut io, 64), Ok(b"ping".to_vec()));
    assert_eq!(write(&mut io, b"pong"), Ok(4));
    assert_eq!(read(&mut io, 64), Err(None), "the peer is silent");
    drop(handle);
    assert_eq!(read(&mut io, 64), Ok(vec![]), "the peer's end");
    assert_eq!(read(&mut io, 64), Ok(vec![]), "and again");
    shut_down(&mut io);
    shut_down(&mut io);
    drop(io);
    assert_eq!(log.take(), [Read(4), Wrote(4), ReadPending, Eof, ShuttingDown, Dropped]);
}

#[test]
fn it_is_closed_here_on_purpose() {
    let log = Log::default();
    let (mock, _handle) = Builder::new().build_with_handle();
    let mut io = Watched::new(mock, log.clone());
    shut_down(&mut io);
    drop(io);
    assert_eq!(log.take(), [ShuttingDown, Dropped]);
}

#[test]
fn it_is_only_dropped() {
    let log = Log::default();
    let (mock, _handle) = Builder::new().build_with_handle();
    drop(Watched::new(mock, log.clone()));
    assert_eq!(log.take(), [Dropped]);
}

#[test]
fn its_socket_is_closed_before_anything_is_made_of_that() {
    struct Closing(Log);

    impl AsyncRead for Closing {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    impl Drop for Closing {
        fn drop(&mut self) {
            self.0.tell(Closed);
        }
    }

    let log = Log::default();
    drop(Watched::new(Closing(log.clone()), log.clone()));
    assert_eq!(log.take(), [Closed, Dropped]);
}

#[test]
fn the_peer_half_closes_and_it_is_dropped() {
    let log = Log::default();
    let mut io = Watched::new(Builder::new().read(b"ping").build(), log.clone());
    assert_eq!(read(&mut io, 64), Ok(b"ping".to_vec()));
    assert_eq!(read(&mut io, 64), Ok(vec![]));
    drop(io);
    assert_eq!(log.take(), [Read(4), Eof, Dropped]);
}

#[test]
fn an_error_of_each_operation_is_told_and_drop_reads_no_more() {
    for operation in ["read", "write", "write vectored", "flush", "shut down"] {
        let log = Log::default();
        let script = Script { fails: Some(operation), ..Script::reading(&[]) };
        let mut io = Watched::new(script, log.clone());
        let reset = Err(Some(ErrorKind::ConnectionReset));
        let mut expected = vec![Failed(ErrorKind::ConnectionReset), Dropped];
        match operation {
            "read" => assert_eq!(read(&mut io, 64), reset.map(|()| vec![]), "{operation}"),
            "write" => assert_eq!(write(&mut io, b"x"), reset.map(|()| 0), "{operation}"),
            "write vectored" => {
                let polled = with(&mut io, |io, cx| io.poll_write_vectored(cx, &[]));
                assert_eq!(polled, reset.map(|()| 0), "{operation}");
            }
            "flush" => assert_eq!(with(&mut io, |io, cx| io.poll_flush(cx)), reset, "{operation}"),
            _ => {
                assert_eq!(with(&mut io, |io, cx| io.poll_shutdown(cx)), reset, "{operation}");
                expected.splice(0..0, [Eof, ShuttingDown]);
            }
        }
        drop(io);
        assert_eq!(log.take(), expected, "{operation}");
    }
}

#[tokio::test]
async fn a_reset_that_the_kernel_told_us_is_left_to_the_reader() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dialled = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (accepted, _) = listener.accept().await.unwrap();
    socket2::SockRef::from(&accepted).set_linger(Some(Duration::ZERO)).unwrap();
    drop(accepted);
    let log = Log::default();
    let mut io = Watched::new(dialled, log.clone());
    // Of a connection that was reset, nothing is left to be shut down.
    _ = io.shutdown().await;
    let told = io.read_u8().await.unwrap_err();
    assert_eq!(told.kind(), ErrorKind::ConnectionReset, "as without us");
    drop(io);
    assert_eq!(log.take()[..2], [Failed(ErrorKind::ConnectionReset), ShuttingDown]);
}

#[test]
fn each_of_several_errors_is_told() {
    let log = Log::default();
    let mut io = Watched::new(Script::reading(&[Step::Fail, Step::Fail]), log.clone());
    for _ in 0..2 {
        assert_eq!(read(&mut io, 64), Err(Some(ErrorKind::ConnectionReset)));
    }
    shut_down(&mut io);
    drop(io);
    let reset = Failed(ErrorKind::ConnectionReset);
    assert_eq!(log.take(), [reset, reset, ShuttingDown, Dropped], "no read was done ahead");
}

// The read before the first shutdown.

#[test]
fn a_queued_end_is_told_before_the_shutdown() {
    let log = Log::default();
    let mut io = Watched::new(Script::reading(&[Step::End]), log.clone());
    shut_down(&mut io);
    drop(io);
    assert_eq!(log.take(), [Eof, ShuttingDown, Dropped]);
}

#[test]
fn an_end_that_comes_while_shutting_down_is_told_after_it() {
    let log = Log::default();
    let script = Script { shutdown_waits: 2, ..Script::reading(&[Step::Wait, Step::End]) };
    let mut io = Watched::new(script, log.clone());
    assert_eq!(with(&mut io, |io, cx| io.poll_shutdown(cx)), Err(None));
    assert_eq!(with(&mut io, |io, cx| io.poll_shutdown(cx)), Err(None), "no second read ahead");
    assert_eq!(read(&mut io, 64), Ok(vec![]));
    shut_down(&mut io);
    drop(io);
    assert_eq!(log.take(), [ShuttingDown, Eof, Dropped]);
}

#[test]
fn a_byte_read_ahead_reaches_a_reader_of_any_room() {
    for room in [1, 2, 64] {
        let log = Log::default();
        let mut io = Watched::new(Script::reading(&[Step::Bytes(b"abc")]), log.clone());
        shut_down(&mut io);
        assert_eq!(log.take(), [Read(1), ShuttingDown], "it came, though nobody asked");
        assert_eq!(read(&mut io, 0), Ok(vec![]), "no room for it, and it stays");
        let mut bytes = Vec::new();
        for _ in 0..3 {
            bytes.extend(read(&mut io, room).expect("the rest is there"));
        }
        assert_eq!(bytes, b"abc", "in order, with room for {room}");
        assert_eq!(read(&mut io, room), Ok(vec![]));
        drop(io);
        let told: usize = log.take().iter().map(|event| event.bytes_read()).sum();
        assert_eq!(told, 2, "what was read ahead is not told again, with room for {room}");
    }
}

#[test]
fn a_tunnel_shut_down_for_writing_is_read_to_its_end() {
    block_on(async {
        let log = Log::default();
        let mock = Builder::new().write(b"request").read(b"all of the response").build();
        let mut io = Watched::new(mock, log.clone());
        io.write_all(b"request").await.unwrap();
        io.shutdown().await.unwrap();
        let mut response = String::new();
        io.read_to_string(&mut response).await.unwrap();
        assert_eq!(response, "all of the response");
        drop(io);
        assert_eq!(log.take(), [Wrote(7), Read(1), ShuttingDown, Read(18), Eof, Dropped]);
    });
}

#[test]
fn an_error_of_the_read_ahead_is_none_of_the_shutdown() {
    let log = Log::default();
    let mut io = Watched::new(Script::reading(&[Step::Fail, Step::Bytes(b"after")]), log.clone());
    shut_down(&mut io);
    assert_eq!(read(&mut io, 64), Ok(b"after".to_vec()), "the reader asks the stream itself");
    drop(io);
    assert_eq!(
        log.take(),
        [Failed(ErrorKind::ConnectionReset), ShuttingDown, Read(5), Dropped],
        "told before the shutdown"
    );
}

#[test]
fn a_writer_that_shuts_down_leaves_the_reader_in_another_task_awake() {
    let (io, mut peer) = duplex(64);
    let (mut reading, mut writing) = split(Watched::new(io, Log::default()));
    let mut reader = spawn(async move {
        let mut byte = [0];
        reading.read_exact(&mut byte).await.map(|_| byte)
    });
    assert_pending!(reader.poll());
    let mut writer = spawn(writing.shutdown());
    assert_ready_ok!(writer.poll());
    assert!(!reader.is_woken(), "nothing came yet");
    block_on(peer.write_all(b"x")).unwrap();
    assert!(reader.is_woken(), "the waker that the stream had is still the reader's");
    assert_eq!(assert_ready_ok!(reader.poll()), *b"x");
}

// The read in drop.

#[test]
fn an_end_that_is_queued_when_it_is_dropped_is_told() {
    let log = Log::default();
    drop(Watched::new(Script::reading(&[Step::End]), log.clone()));
    assert_eq!(log.take(), [Eof, Dropped]);
}

#[test]
fn a_reset_and_bytes_that_are_queued_when_it_is_dropped_are_told() {
    let log = Log::default();
    drop(Watched::new(Script::reading(&[Step::Fail]), log.clone()));
    assert_eq!(log.take(), [Failed(ErrorKind::ConnectionReset), Dropped]);
    drop(Watched::new(Script::reading(&[Step::Bytes(b"unread")]), log.clone()));
    assert_eq!(log.take(), [Read(1), Dropped]);
}

#[test]
fn a_stream_that_outlives_its_runtime_did_not_fail() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (io, _peer) = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (dialled, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        (dialled.unwrap(), accepted.unwrap())
    });
    let log = Log::default();
    let io = Watched::new(io, log.clone());
    drop(runtime);
    drop(io);
    assert_eq!(log.take(), [Dropped]);
}

#[test]
fn a_panic_around_it_reads_no_more() {
    let log = Log::default();
    let io = Watched::new(Script::reading(&[Step::End]), log.clone());
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _io = io;
        std::panic::resume_unwind(Box::new("a handler's"));
    }));
    assert!(unwound.is_err());
    assert_eq!(log.take(), [Dropped]);
}

// The stream itself.

#[test]
fn a_read_without_room_is_no_end() {
    let log = Log::default();
    let mut io = Watched::new(Script::reading(&[Step::Bytes(b"x"), Step::End]), log.clone());
    assert_eq!(read(&mut io, 0), Ok(vec![]));
    assert_eq!(log.take(), []);
    assert_eq!(read(&mut io, 1), Ok(b"x".to_vec()));
    assert_eq!(read(&mut io, 0), Ok(vec![]));
    assert_eq!(log.take(), [Read(1)], "the end is behind a read without room");
    assert_eq!(read(&mut io, 1), Ok(vec![]));
    assert_eq!(log.take(), [Eof]);
}

#[test]
fn bytes_that_the_buffer_held_before_are_not_counted() {
    let log = Log::default();
    let mut io = Watched::new(Script::reading(&[Step::Bytes(b"new"), Step::End]), log.clone());
    let mut bytes = [0; 64];
    let mut buf = ReadBuf::new(&mut bytes);
    buf.put_slice(b"before ");
    for _ in 0..2 {
        with(&mut io, |io, cx| io.poll_read(cx, &mut buf)).unwrap();
    }
    assert_eq!(buf.filled(), b"before new");
    assert_eq!(log.take(), [Read(3), Eof]);
}

#[test]
fn vectored_writes_are_forwarded() {
    for vectored in [true, false] {
        let log = Log::default();
        let script = Script { vectored, ..Script::default() };
        let mut io = Watched::new(script, log.clone());
        assert_eq!(io.is_write_vectored(), vectored, "what the stream says of itself");
        let bufs = [IoSlice::new(b"head"), IoSlice::new(b"body")];
        let wrote = with(&mut io, |io, cx| io.poll_write_vectored(cx, &bufs));
        assert_eq!(wrote, Ok(8), "both parts at once");
        assert_eq!(io.get_ref().vectored_writes, 1);
        assert_eq!(io.get_ref().written, b"headbody");
        assert_eq!(log.take(), [Wrote(8)]);
    }
}

#[test]
fn a_write_of_nothing_is_not_told() {
    let log = Log::default();
    let mut io = Watched::new(Script::default(), log.clone());
    assert_eq!(write(&mut io, b""), Ok(0));
    assert_eq!(io.sensor().take(), []);
}

#[derive(Clone, Debug)]
enum Act {
    Read(usize),
    Write(Vec<u8>),
    ShutDown,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_same_bytes_pass_as_without_it(
        steps in prop::collection::vec(any_step(), 0..12),
        shutdown_waits in 0..3_usize,
        acts in prop::collection::vec(any_act(), 0..24),
    ) {
        let script = Script { shutdown_waits, ..Script::reading(&steps) };
        let mut bare = script.clone();
        let log = Log::default();
        let mut io = Watched::new(script, log.clone());
        let (mut expected, mut passed) = (Vec::new(), Vec::new());
        // What comes when may differ after the read ahead, so the rest is read to its end.
        let to_the_end = vec![Act::Read(3); 80];
        for act in acts.iter().chain(&to_the_end) {
            perform(&mut bare, act, &mut expected);
            perform(&mut io, act, &mut passed);
        }
        prop_assert_eq!(&passed, &expected, "bytes read");
        prop_assert_eq!(&io.get_ref().written, &bare.written, "bytes written");
        prop_assert_eq!(io.get_ref().shutdown_waits, bare.shutdown_waits, "polls of a shutdown");
        drop(io);

        let told = log.take();
        let wrote: usize = told.iter().map(|event| if let Wrote(n) = event { *n } else { 0 }).sum();
        prop_assert_eq!(wrote, bare.written.len());
        prop_assert_eq!(told.iter().map(|event| event.bytes_read()).sum::<usize>(), passed.len());
        prop_assert!(!told.contains(&Read(0)) && !told.contains(&Wrote(0)), "{:?}", told);
        let count = |of: Event| told.iter().filter(|event| **event == of).count();
        prop_assert_eq!(count(Eof), 1, "the end in {:?}", told);
        let shuts_down = acts.iter().any(|act| matches!(act, Act::ShutDown));
        prop_assert_eq!(count(ShuttingDown), usize::from(shuts_down), "{:?}", told);
        prop_assert_eq!(count(Dropped), 1);
        prop_assert_eq!(told.last(), Some(&Dropped), "last of {:?}", told);
    }
}

// === fixtures ===

#[derive(Clone, Copy, Debug, PartialEq)]
enum Event {
    Read(usize),
    ReadPending,
    Eof,
    Wrote(usize),
    ShuttingDown,
    Failed(ErrorKind),
    /// By the stream itself.
    Closed,
    Dropped,
}

impl Event {
    fn bytes_read(&self) -> usize {
        if let Read(bytes) = self { *bytes } else { 0 }
    }
}

#[derive(Clone, Debug, Default)]
struct Log(Rc<RefCell<Vec<Event>>>);

impl Log {
    fn take(&self) -> Vec<Event> {
        self.0.take()
    }

    fn tell(&self, event: Event) {
        self.0.borrow_mut().push(event);
    }
}

impl Sensor for Log {
    fn read(&self, bytes: &[u8]) {
        self.tell(Read(bytes.len()));
    }

    fn read_pending(&self) {
        self.tell(ReadPending);
    }

    fn eof(&self) {
        self.tell(Eof);
    }

    fn wrote(&self, _: &[u8], bytes: usize) {
        self.tell(Wrote(bytes));
    }

    // Of no interest to the order of ends.
    fn flushed(&self) {}

    // Told before each end that is asked for.
    fn leaving(&self) {}

    fn shutting_down(&self) {
        self.tell(ShuttingDown);
    }

    fn failed(&self, error: &io::Error) {
        self.tell(Failed(error.kind()));
    }

    fn dropped(&self) {
        self.tell(Dropped);
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Bytes(&'static [u8]),
    Wait,
    Fail,
    End,
}

/// A stream that gives what it is told, then its end; without steps it is silent.
#[derive(Clone, Debug, Default)]
struct Script {
    steps: VecDeque<Step>,
    written: Vec<u8>,
    vectored: bool,
    vectored_writes: usize,
    shutdown_waits: usize,
    fails: Option<&'static str>,
}

impl Script {
    fn reading(steps: &[Step]) -> Script {
        let steps = steps.iter().copied().chain([Step::End]);
        Script { steps: steps.collect(), ..Script::default() }
    }

    fn fails(&self, operation: &str) -> io::Result<()> {
        if self.fails == Some(operation) { Err(ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

impl AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.fails("read")?;
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        match self.steps.front().copied() {
            None => Poll::Pending,
            Some(Step::End) => Poll::Ready(Ok(())),
            Some(Step::Wait) => {
                self.steps.pop_front();
                Poll::Pending
            }
            Some(Step::Fail) => {
                self.steps.pop_front();
                Poll::Ready(Err(ErrorKind::ConnectionReset.into()))
            }
            Some(Step::Bytes(bytes)) => {
                let (now, later) = bytes.split_at(bytes.len().min(buf.remaining()));
                buf.put_slice(now);
                self.steps.pop_front();
                if !later.is_empty() {
                    self.steps.push_front(Step::Bytes(later));
                }
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl AsyncWrite for Script {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.fails("write")?;
        // A short write, for whoever counts what was asked for.
        let taken = &buf[..buf.len().min(5)];
        self.written.extend_from_slice(taken);
        Poll::Ready(Ok(taken.len()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.fails("write vectored")?;
        self.vectored_writes += 1;
        let bytes: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter().copied()).collect();
        self.written.extend_from_slice(&bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn is_write_vectored(&self) -> bool {
        self.vectored
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.fails("flush"))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.fails("shut down")?;
        if self.shutdown_waits > 0 {
            self.shutdown_waits -= 1;
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }
}

/// Polls once; a pending poll is the error that is none.
fn with<T: Unpin, R>(
    io: &mut T,
    poll: impl FnOnce(Pin<&mut T>, &mut Context<'_>) -> Poll<io::Result<R>>,
) -> Result<R, Option<ErrorKind>> {
    match poll(Pin::new(io), &mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done.map_err(|error| Some(error.kind())),
        Poll::Pending => Err(None),
    }
}

fn read<T: AsyncRead + Unpin>(io: &mut T, room: usize) -> Result<Vec<u8>, Option<ErrorKind>> {
    let mut bytes = vec![0; room];
    let mut buf = ReadBuf::new(&mut bytes);
    with(io, |io, cx| io.poll_read(cx, &mut buf))?;
    Ok(buf.filled().to_vec())
}

fn write<T: AsyncWrite + Unpin>(io: &mut T, bytes: &[u8]) -> Result<usize, Option<ErrorKind>> {
    with(io, |io, cx| io.poll_write(cx, bytes))
}

fn shut_down<T: AsyncWrite + Unpin>(io: &mut T) {
    assert_eq!(with(io, |io, cx| io.poll_shutdown(cx)), Ok(()), "a shutdown that is done");
}

fn perform<T: AsyncRead + AsyncWrite + Unpin>(io: &mut T, act: &Act, bytes: &mut Vec<u8>) {
    match act {
        Act::Read(room) => bytes.extend(read(io, *room).unwrap_or_default()),
        Act::Write(bytes) => drop(write(io, bytes)),
        Act::ShutDown => drop(with(io, |io, cx| io.poll_shutdown(cx))),
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
    prop_oneof![
        4 => (1..=ALPHABET.len()).prop_map(|end| Step::Bytes(&ALPHABET[end / 2..end])),
        1 => Just(Step::Wait),
        1 => Just(Step::Fail),
    ]
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..20_usize).prop_map(Act::Read),
        2 => prop::collection::vec(any::<u8>(), 0..9).prop_map(Act::Write),
        1 => Just(Act::ShutDown),
    ]
}
