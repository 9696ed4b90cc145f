use std::fmt;

use super::Message;

/// Where a lint is looked for: in one of the four messages, on a connection, or in a window of
/// the requests of one route and caller, or of one client and upstream.
///
/// ```
/// use tower_conn_lint::lint::{Message, Place};
///
/// assert_eq!(Place::from(Message::OutgoingResponse), Place::OutgoingResponse);
/// assert_eq!(Place::InboundConnection.message(), None, "a connection has no head");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Place {
    /// A request that our server received from a caller.
    ReceivedRequest,
    /// A response of our server.
    OutgoingResponse,
    /// A request of our client.
    OutgoingRequest,
    /// A response that our client received from an upstream.
    ReceivedResponse,
    /// A connection that our server accepted from a caller.
    InboundConnection,
    /// A connection that our client dialled to an upstream.
    OutboundConnection,
    /// What our server received over a span of time.
    InboundWindow,
    /// What our client sent over a span of time.
    OutboundWindow,
}

/// A set of places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Places(u8);

// === impl Place ===

impl Place {
    /// Every place: the messages, the connections, the windows.
    pub const ALL: &'static [Place] = &[
        Place::ReceivedRequest,
        Place::OutgoingResponse,
        Place::OutgoingRequest,
        Place::ReceivedResponse,
        Place::InboundConnection,
        Place::OutboundConnection,
        Place::InboundWindow,
        Place::OutboundWindow,
    ];

    /// The kind of message; `None` for connections and windows, where nothing is left to rewrite
    /// or to reject.
    pub const fn message(self) -> Option<Message> {
        match self {
            Place::ReceivedRequest => Some(Message::ReceivedRequest),
            Place::OutgoingResponse => Some(Message::OutgoingResponse),
            Place::OutgoingRequest => Some(Message::OutgoingRequest),
            Place::ReceivedResponse => Some(Message::ReceivedResponse),
            _ => None,
        }
    }

    /// Whether it belongs to a server.
    pub const fn is_inbound(self) -> bool {
        Places::INBOUND.contains(self)
    }

    /// The words for it: `received request`, `connection of a caller`, ...
    pub const fn as_str(self) -> &'static str {
        match self {
            Place::ReceivedRequest => "received request",
            Place::OutgoingResponse => "outgoing response",
            Place::OutgoingRequest => "outgoing request",
            Place::ReceivedResponse => "received response",
            Place::InboundConnection => "connection of a caller",
            Place::OutboundConnection => "connection to an upstream",
            Place::InboundWindow => "window of inbound requests",
            Place::OutboundWindow => "window of outbound requests",
        }
    }

    /// The words for several of them.
    pub(super) const fn plural(self) -> &'static str {
        match self {
            Place::ReceivedRequest => "received requests",
            Place::OutgoingResponse => "outgoing responses",
            Place::OutgoingRequest => "outgoing requests",
            Place::ReceivedResponse => "received responses",
            Place::InboundConnection => "connections of callers",
            Place::OutboundConnection => "connections to upstreams",
            Place::InboundWindow => "windows of inbound requests",
            Place::OutboundWindow => "windows of outbound requests",
        }
    }
}

impl From<Message> for Place {
    fn from(message: Message) -> Place {
        message.place()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

// === impl Places ===

impl Places {
    pub(crate) const NONE: Places = Places(0);

    pub(crate) const OUTGOING: Places =
        Places::of(Place::OutgoingResponse).and(Place::OutgoingRequest);
    pub(crate) const REQUESTS: Places =
        Places::of(Place::ReceivedRequest).and(Place::OutgoingRequest);
    pub(crate) const RESPONSES: Places =
        Places::of(Place::OutgoingResponse).and(Place::ReceivedResponse);
    pub(crate) const ALL_MESSAGES: Places = Places::REQUESTS.union(Places::RESPONSES);

    pub(crate) const CONNECTIONS: Places =
        Places::of(Place::InboundConnection).and(Place::OutboundConnection);
    pub(crate) const WINDOWS: Places = Places::of(Place::InboundWindow).and(Place::OutboundWindow);

    pub(crate) const INBOUND: Places = Places::of(Place::ReceivedRequest)
        .and(Place::OutgoingResponse)
        .and(Place::InboundConnection)
        .and(Place::InboundWindow);
    pub(crate) const OUTBOUND: Places = Places::of(Place::OutgoingRequest)
        .and(Place::ReceivedResponse)
        .and(Place::OutboundConnection)
        .and(Place::OutboundWindow);

    pub(crate) const fn of(place: Place) -> Places {
        Places(1 << place as u8)
    }

    pub(crate) const fn and(self, place: Place) -> Places {
        self.union(Places::of(place))
    }

    pub(crate) const fn contains(self, place: Place) -> bool {
        self.intersects(Places::of(place))
    }

    pub(crate) const fn intersects(self, other: Places) -> bool {
        self.0 & other.0 != 0
    }

    const fn union(self, other: Places) -> Places {
        Places(self.0 | other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_on_one_side_and_is_one_thing() {
        for place in Place::ALL.iter().copied() {
            let sides = [Places::INBOUND, Places::OUTBOUND];
            let kinds = [Places::ALL_MESSAGES, Places::CONNECTIONS, Places::WINDOWS];
            let among = |sets: &[Places]| sets.iter().filter(|set| set.contains(place)).count();
            assert_eq!(among(&sides), 1, "{place} is inbound or outbound");
            assert_eq!(among(&kinds), 1, "{place} is a message, a connection or a window");
            assert_eq!(place.message().is_some(), Places::ALL_MESSAGES.contains(place), "{place}");
            assert!(place.message().is_none_or(|message| Place::from(message) == place));
        }
        assert_eq!(Place::ALL.len(), 8, "a set of places has eight bits");
    }
}
