use std::fmt;

/// A part of the lint that can be wired: each lets more be known.
///
/// ```
/// use tower_conn_lint::report::Part;
///
/// assert_eq!(Part::Listener.as_str(), "listener");
/// assert_eq!(Part::Listener.unknown_without(), "who closes connections inbound, and bytes");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Part {
    /// `ConnLint::listener` or `ConnLint::incoming`: the sockets of a server.
    Listener,
    /// `ConnLint::make_service` or `ConnLint::join`: the requests of its connections.
    MakeService,
    /// `ConnLint::serve`, `ConnLint::accept` or `ConnLint::acceptor`: both, in an accept loop of
    /// ours, of your own or of axum-server.
    Accept,
    /// `ConnLint::inbound`: the heads of its messages, and their routes.
    Inbound,
    /// `ConnLint::shutdown_signal`: its drain.
    ShutdownSignal,
    /// `ConnLint::connector` or `ConnLint::dial`: the dials and the sockets of a client.
    Connector,
    /// `ConnLint::response_bodies`: the bodies that it receives.
    ResponseBodies,
    /// `ConnLint::outbound`: the heads of its messages.
    Outbound,
    /// `ConnLint::connector_layer`: the dials of a client of reqwest, which hides the rest of its
    /// sockets.
    ConnectorLayer,
}

// === impl Part ===

impl Part {
    /// Every part, those of a server first.
    pub const ALL: &'static [Part] = &[
        Part::Listener,
        Part::MakeService,
        Part::Accept,
        Part::Inbound,
        Part::ShutdownSignal,
        Part::Connector,
        Part::ResponseBodies,
        Part::Outbound,
        Part::ConnectorLayer,
    ];

    /// The name of the method that wires it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Part::Listener => "listener",
            Part::MakeService => "make_service",
            Part::Accept => "accept",
            Part::Inbound => "inbound",
            Part::ShutdownSignal => "shutdown_signal",
            Part::Connector => "connector",
            Part::ResponseBodies => "response_bodies",
            Part::Outbound => "outbound",
            Part::ConnectorLayer => "connector_layer",
        }
    }

    /// What is unknown where it is not wired, in a few words.
    pub const fn unknown_without(self) -> &'static str {
        match self {
            Part::Listener => "who closes connections inbound, and bytes",
            Part::MakeService => "requests on connections inbound, and why those end",
            Part::Accept => "who closes connections inbound, their requests, and why they end",
            Part::Inbound => "routes, and what heads inbound say",
            Part::ShutdownSignal => "whether connections inbound were drained",
            Part::Connector => "dials, connections outbound, and why those end",
            Part::ResponseBodies => "whether our clients read responses to their end",
            Part::Outbound => "what heads outbound say",
            Part::ConnectorLayer => "dials of reqwest, and which connection a response came on",
        }
    }

    /// What stays unknown though it is wired, in a few words.
    pub const fn unknown_with(self) -> Option<&'static str> {
        match self {
            Part::ConnectorLayer => {
                Some("who closes connections of reqwest, most causes, and bytes")
            }
            _ => None,
        }
    }

    /// Whether it stands on a server's side.
    pub(super) const fn is_of_server(self) -> bool {
        matches!(
            self,
            Part::Listener
                | Part::MakeService
                | Part::Accept
                | Part::Inbound
                | Part::ShutdownSignal
        )
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
