use std::fmt;

/// Which of the four messages a layer sees. Received messages can't be rewritten with effect,
/// outgoing ones can.
///
/// ```
/// use tower_conn_lint::lint::Message;
///
/// assert!(Message::OutgoingResponse.is_outgoing());
/// assert!(!Message::OutgoingResponse.can_be_denied(), "a handler's work is never thrown away");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Message {
    /// A request that our server received from a caller.
    ReceivedRequest,
    /// A response of our server.
    OutgoingResponse,
    /// A request of our client.
    OutgoingRequest,
    /// A response that our client received from an upstream.
    ReceivedResponse,
}

/// A set of kinds of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Messages(u8);

// === impl Message ===

impl Message {
    /// Whether the message is ours, and so can be rewritten.
    pub const fn is_outgoing(self) -> bool {
        matches!(self, Message::OutgoingResponse | Message::OutgoingRequest)
    }

    /// Whether a policy may reject it: only a request can be.
    pub const fn can_be_denied(self) -> bool {
        matches!(self, Message::ReceivedRequest | Message::OutgoingRequest)
    }

    /// Whether it is a request.
    pub const fn is_request(self) -> bool {
        self.can_be_denied()
    }

    /// Whether it was seen by a server's layer.
    pub const fn is_inbound(self) -> bool {
        matches!(self, Message::ReceivedRequest | Message::OutgoingResponse)
    }

    /// The words for it: `received request`, `outgoing response`, ...
    pub const fn as_str(self) -> &'static str {
        match self {
            Message::ReceivedRequest => "received request",
            Message::OutgoingResponse => "outgoing response",
            Message::OutgoingRequest => "outgoing request",
            Message::ReceivedResponse => "received response",
        }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

// === impl Messages ===

impl Messages {
    pub(crate) const ALL: Messages = Messages(0b1111);
    pub(crate) const OUTGOING: Messages =
        Messages::of(Message::OutgoingResponse).and(Message::OutgoingRequest);
    pub(crate) const REQUESTS: Messages =
        Messages::of(Message::ReceivedRequest).and(Message::OutgoingRequest);
    pub(crate) const RESPONSES: Messages =
        Messages::of(Message::OutgoingResponse).and(Message::ReceivedResponse);

    pub(crate) const INBOUND: Messages =
        Messages::of(Message::ReceivedRequest).and(Message::OutgoingResponse);
    pub(crate) const OUTBOUND: Messages =
        Messages::of(Message::OutgoingRequest).and(Message::ReceivedResponse);

    pub(crate) const fn of(message: Message) -> Messages {
        Messages(1 << message as u8)
    }

    pub(crate) const fn and(self, message: Message) -> Messages {
        Messages(self.0 | 1 << message as u8)
    }

    pub(crate) const fn contains(self, message: Message) -> bool {
        self.0 & 1 << message as u8 != 0
    }

    pub(crate) const fn intersects(self, other: Messages) -> bool {
        self.0 & other.0 != 0
    }
}
