/// What is true of a connection, or of its last request.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(crate) enum Flag {
    /// The socket is watched.
    Socket = 1,
    /// The request's body is watched, and its end was not seen.
    BodyUnread = 1 << 1,
    /// The request's body was read to its end.
    BodyRead = 1 << 2,
    Draining = 1 << 3,
    /// The connection reached its declared maximum.
    LastRequest = 1 << 4,
    /// A handler asks to close after its response.
    CloseAsked = 1 << 5,
    /// Someone can say so on the response.
    CanClose = 1 << 6,
    /// Bytes came in with no request under way.
    ReadIdle = 1 << 7,
    /// See [`Ending::stray_bytes`].
    Stray = 1 << 8,
    /// The last request that was answered had content.
    Content = 1 << 9,
    /// The record was closed.
    Closed = 1 << 10,
    /// Rising concurrency needed the connection.
    Excused = 1 << 11,
    /// A request was written after a message had said that the connection ends.
    AfterClose = 1 << 12,
    /// What was written after the last response may be the rest of its request, outbound; its
    /// requests may be seen by nobody, inbound.
    MayBeRest = 1 << 13,
    /// An exchange ended, and what is left of it is still to be written.
    JustEnded = 1 << 14,
    /// No layer tells of responses.
    Blind = 1 << 15,
    /// The rest of a message that nobody wanted was read away, and no request came since.
    Drained = 1 << 20,
    /// The request under way is one of a lint with cures.
    Cured = 1 << 21,
    /// What passes is under TLS.
    Sealed = 1 << 16,
    /// The handshake of TLS may be under way.
    Shaking = 1 << 17,
    /// The socket can't be asked what is queued.
    Veiled = 1 << 18,
    /// The socket is gone, and a response was on its way to its caller.
    Gone = 1 << 19,
    /// Whoever serves the connection can end it gracefully.
    CanEnd = 1 << 22,
    /// Our code asks for that.
    EndAsked = 1 << 23,
    /// A read was polled in vain since the last exchange.
    Rests = 1 << 24,
}
