use std::fmt;

use super::Place;

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
        self.place().as_str()
    }

    pub(super) const fn place(self) -> Place {
        match self {
            Message::ReceivedRequest => Place::ReceivedRequest,
            Message::OutgoingResponse => Place::OutgoingResponse,
            Message::OutgoingRequest => Place::OutgoingRequest,
            Message::ReceivedResponse => Place::ReceivedResponse,
        }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
