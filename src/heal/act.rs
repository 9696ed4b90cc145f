use std::fmt;

use crate::connection::Side;

/// Something that was done for a connection, or what came of it. `Display` is
/// `drain-request-body: worked`.
///
/// ```
/// use tower_conn_lint::heal::Act;
/// use tower_conn_lint::report::Reporter;
///
/// struct Stderr;
///
/// impl Reporter for Stderr {
///     fn healed(&self, act: &Act) {
///         eprintln!("{act} on connection {}", act.connection);
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Act {
    /// What was done.
    pub cure: Cure,
    /// What came of it, as far as that is known by now.
    pub outcome: Outcome,
    /// Which side of the connection is ours.
    pub side: Side,
    /// The number of the connection's record.
    pub connection: u64,
}

/// What can be done for connections, by its name.
///
/// ```
/// use tower_conn_lint::heal::Cure;
///
/// assert_eq!(Cure::PeerClosesFirst.as_str(), "peer-closes-first");
/// assert_eq!("max-age".parse(), Ok(Cure::MaxAge));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Cure {
    /// The rest of a request is read that a handler left.
    DrainRequestBody,
    /// A response says `close`, since the rest of its request won't be read.
    HonestClose,
    /// The rest of a response is read that our code dropped.
    DrainResponseBody,
    /// The peer's end is waited for before ours is sent.
    PeerClosesFirst,
    /// An idle connection ends before its upstream ends it.
    Retire,
    /// A connection has served its maximum of requests.
    MaxRequests,
    /// A connection has its maximum age.
    MaxAge,
    /// A server's connection had no request for too long.
    IdleTimeout,
    /// The process drains, and a response says so.
    Drain,
}

/// What came of an act. Each is tried first; what it came to is told as it is seen.
///
/// ```
/// use tower_conn_lint::heal::Outcome;
///
/// assert_eq!(Outcome::GaveUp.to_string(), "gave-up");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// It was begun.
    Tried,
    /// It was seen to be of use: the connection served another request, or the peer closed first.
    Worked,
    /// Its budget was used up.
    GaveUp,
    /// It was not begun: too many of its kind are under way, or it is of no use with this peer.
    Refused,
}

/// No cure has this name.
///
/// ```
/// use tower_conn_lint::heal::Cure;
///
/// assert_eq!("max-ages".parse::<Cure>().unwrap_err().to_string(), "no cure has this name");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no cure has this name")]
#[non_exhaustive]
pub struct UnknownCure;

// === impl Act ===

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.cure, self.outcome)
    }
}

// === impl Cure ===

impl Cure {
    /// Every cure.
    pub const ALL: &'static [Cure] = &[
        Cure::DrainRequestBody,
        Cure::HonestClose,
        Cure::DrainResponseBody,
        Cure::PeerClosesFirst,
        Cure::Retire,
        Cure::MaxRequests,
        Cure::MaxAge,
        Cure::IdleTimeout,
        Cure::Drain,
    ];

    /// The name as in policies, logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Cure::DrainRequestBody => "drain-request-body",
            Cure::HonestClose => "honest-close",
            Cure::DrainResponseBody => "drain-response-body",
            Cure::PeerClosesFirst => "peer-closes-first",
            Cure::Retire => "retire",
            Cure::MaxRequests => "max-requests",
            Cure::MaxAge => "max-age",
            Cure::IdleTimeout => "idle-timeout",
            Cure::Drain => "drain",
        }
    }

    /// Whether a route can switch it: it acts on bodies, and not on connections.
    pub(crate) fn is_by_route(self) -> bool {
        matches!(self, Cure::DrainRequestBody | Cure::DrainResponseBody)
    }

    /// On which side of connections it acts.
    pub(crate) fn side(self) -> Side {
        match self {
            Cure::DrainResponseBody | Cure::Retire => Side::Outbound,
            _ => Side::Inbound,
        }
    }
}

impl fmt::Display for Cure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Cure {
    type Err = UnknownCure;

    fn from_str(name: &str) -> Result<Cure, UnknownCure> {
        Cure::ALL.iter().copied().find(|cure| cure.as_str() == name).ok_or(UnknownCure)
    }
}

// === impl Outcome ===

impl Outcome {
    /// The name as in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Outcome::Tried => "tried",
            Outcome::Worked => "worked",
            Outcome::GaveUp => "gave-up",
            Outcome::Refused => "refused",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
