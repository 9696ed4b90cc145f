use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Request, Version};

use crate::clock::Clock;
use crate::connection::{Addresses, AtDial, EndCause, Flag, Record, Side, Slice, Standard, Turn};
use crate::field::Signs;
use crate::wired::{Hold, Stopwatch};

/// The connection of a request: which one, how often used, how old, how long idle before. A
/// handler extracts it, a client finds it in the response's extensions.
///
/// The wrappers of a server put it into each request's extensions
/// ([`ConnLint::make_service`](crate::ConnLint), [`ConnLint::accept`](crate::ConnLint)), the
/// connector of a client into each response's. Layers read from it what the parts that see the
/// connection know; a stack without our wrappers may make one by itself, and tell what it sees.
///
/// ```
/// use http::Request;
/// use tower_conn_lint::ConnHandle;
///
/// fn is_cold(request: &Request<()>) -> bool {
///     request.extensions().get::<ConnHandle>().is_some_and(|connection| !connection.reused())
/// }
///
/// // In a stack of its own kind: as the body is polled, and before the response's head is made.
/// let handle = ConnHandle::new();
/// let request = Request::post("/login").extension(handle.clone()).body(()).unwrap();
/// handle.request_body_ended();
/// ```
#[derive(Clone)]
pub struct ConnHandle {
    record: Arc<Record>,
    /// Zero where the request is not known.
    request: u64,
    /// In nanoseconds, as is the age: half as wide as a duration.
    idle_before: u64,
    age: u64,
    arrival: Option<Arrival>,
    /// Of the connection, while a response is under way on it.
    hold: Hold,
    /// There where the times of requests are taken.
    stopwatch: Option<Arc<Stopwatch>>,
}

/// What was seen of a request as it came in, for the layers further in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    /// Of its head, before any layer changed it.
    pub(crate) signs: Signs,
    /// Of its method and whole path, which `nest` may strip.
    pub(crate) path_hash: u64,
    pub(crate) path_len: u32,
    pub(crate) method: Standard,
    /// In which part of its lint's window it falls.
    pub(crate) slice: Slice,
    /// The [mark](crate::exchange::Shared::mark) of the lint that the connection belongs to: what
    /// its record knows of routes tells no other lint anything.
    pub(crate) lint: usize,
    /// Which policy was in force.
    pub(crate) policy: u32,
    /// Whether the record remembers all that layers need of the request.
    pub(crate) is_remembered: bool,
}

/// Why a connection can't be closed: it speaks HTTP/2 or later, where a response has no say in it
/// and nobody serves it who would send GOAWAY, the response is out already, or no wrapper stands
/// around the service that could say it.
///
/// ```
/// use tower_conn_lint::ConnHandle;
///
/// let detached = ConnHandle::new();
/// assert!(detached.close_after_response().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this connection can't be closed from here: it was answered already, or what serves it can't be told to"
)]
#[non_exhaustive]
pub struct Unsupported;

// === impl ConnHandle ===

impl ConnHandle {
    /// The handle of a connection of which nothing is known, with a record of its own.
    pub fn new() -> ConnHandle {
        let record =
            Record::new(Side::Inbound, Clock::default(), Instant::now(), Addresses::default());
        ConnHandle::of(Arc::new(record))
    }

    /// The handle of a connection, and of none of its requests.
    pub(crate) fn of(record: Arc<Record>) -> ConnHandle {
        ConnHandle {
            record,
            request: 0,
            idle_before: 0,
            age: 0,
            arrival: None,
            hold: Hold::NONE,
            stopwatch: None,
        }
    }

    /// The one that a received request carries.
    #[inline]
    pub(crate) fn of_request<B>(request: &Request<B>) -> Option<&ConnHandle> {
        if Record::exist() { request.extensions().get() } else { None }
    }

    /// The handle of a request.
    pub(crate) fn of_turn(record: Arc<Record>, turn: Turn, arrival: Arrival) -> ConnHandle {
        let Turn { number, idle, age, .. } = turn;
        ConnHandle {
            record,
            request: number,
            idle_before: idle,
            age,
            arrival: Some(arrival),
            hold: Hold::NONE,
            stopwatch: None,
        }
    }

    #[cfg(feature = "hyper-util")]
    pub(crate) fn holding(self, hold: Hold) -> ConnHandle {
        ConnHandle { hold, ..self }
    }

    /// What it holds; from then on nothing.
    pub(crate) fn take_hold(&mut self) -> Hold {
        std::mem::take(&mut self.hold)
    }

    /// Makes the handle of a connection one of a request.
    pub(crate) fn take_turn(&mut self, turn: Turn) {
        (self.request, self.idle_before, self.age) = (turn.number, turn.idle, turn.age);
    }

    /// Which connection: a number that no other one of this process has.
    pub fn id(&self) -> u64 {
        self.record.id
    }

    /// Which request on it, counted from one; zero where nobody counted.
    pub fn request(&self) -> u64 {
        self.request
    }

    /// Whether the connection served a request before this one.
    pub fn reused(&self) -> bool {
        self.request > 1
    }

    /// Whether this is the first request on the connection. Where neither this nor
    /// [`reused`](ConnHandle::reused) holds, nobody saw which of the two it is.
    pub fn fresh(&self) -> bool {
        self.request == 1
    }

    /// How old the connection was as the request began; for a client, as its response came.
    pub fn age(&self) -> Duration {
        Duration::from_nanos(self.age)
    }

    /// For how long no request had been under way on it, before this one.
    pub fn idle_before(&self) -> Duration {
        Duration::from_nanos(self.idle_before)
    }

    /// How long its dial took, outbound.
    pub fn dial(&self) -> Option<Duration> {
        self.record.dial
    }

    /// What the kernel had counted of it right after its dial, where it was asked.
    pub fn at_dial(&self) -> Option<AtDial> {
        self.record.at_dial
    }

    /// Which side of the connection is ours.
    pub fn side(&self) -> Side {
        self.record.side
    }

    /// What it speaks; `None` until the first message told.
    pub fn version(&self) -> Option<Version> {
        self.record.version()
    }

    /// The peer's address, where it has one and the wrapper knows it.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.record.addresses().peer
    }

    /// Our address, where there is one and the wrapper knows it.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.record.addresses().local
    }

    /// Asks to end the connection after the response to this request: the outermost wrapper puts
    /// `close` on it, and takes it as meant. On HTTP/2 it is
    /// [`close_gracefully`](ConnHandle::close_gracefully).
    ///
    /// # Errors
    ///
    /// [`Unsupported`] on HTTP/2 and later where `close_gracefully` is, where no wrapper stands
    /// around the service, and for a request that was answered already, or none.
    pub fn close_after_response(&self) -> Result<(), Unsupported> {
        if self.record.is_multiplexed() {
            return self.close_gracefully();
        }
        let is_due = self.request == self.record.requests() && self.record.is_asked();
        if !is_due || !self.record.is(Flag::CanClose) {
            return Err(Unsupported);
        }
        self.record.raise(Flag::CloseAsked);
        Ok(())
    }

    /// Asks to end the connection gracefully, from anywhere and at any time: what is under way on
    /// it is answered, no new request is taken, then it is closed. HTTP/2 says so by GOAWAY,
    /// HTTP/1 by `close` on the response that is under way. The cause is
    /// [`graceful-close`](crate::connection::EndCause::GracefulClose).
    ///
    /// # Errors
    ///
    /// [`Unsupported`] where nobody serves the connection who can be told: `ConnLint::serve` does,
    /// and `Accepted::serve` in an accept loop of your own. `axum::serve` and tonic own theirs.
    pub fn close_gracefully(&self) -> Result<(), Unsupported> {
        if !self.record.is(Flag::CanEnd) {
            return Err(Unsupported);
        }
        self.record.ask_end(EndCause::GracefulClose);
        Ok(())
    }

    /// Someone watches the request's body, and its end has not been seen.
    pub fn request_body_watched(&self) {
        // What is watched now has not ended, though a body before it may have.
        self.record.lower(Flag::BodyRead);
        self.record.raise(Flag::BodyUnread);
    }

    /// The request's body was read to its end.
    pub fn request_body_ended(&self) {
        self.record.raise(Flag::BodyRead);
    }

    /// The process drains or shuts down: closing is right from now on.
    pub fn draining(&self) {
        self.record.raise(Flag::Draining);
    }

    /// The connection reached its declared maximum of age or requests.
    pub fn last_request(&self) {
        self.record.raise(Flag::LastRequest);
    }

    pub(crate) fn record(&self) -> &Arc<Record> {
        &self.record
    }

    pub(crate) fn arrival(&self) -> Option<&Arrival> {
        self.arrival.as_ref()
    }

    /// Takes the time of its request.
    pub(crate) fn time(&mut self, stopwatch: Arc<Stopwatch>) {
        self.stopwatch = Some(stopwatch);
    }

    pub(crate) fn stopwatch(&self) -> Option<&Arc<Stopwatch>> {
        self.stopwatch.as_ref()
    }
}

/// The connection and the request, without what is counted of both.
impl fmt::Debug for ConnHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnHandle")
            .field("id", &self.id())
            .field("side", &self.side())
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}

impl Default for ConnHandle {
    fn default() -> ConnHandle {
        ConnHandle::new()
    }
}
