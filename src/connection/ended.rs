use std::net::SocketAddr;
use std::time::{Duration, Instant};

use http::Version;

use super::{AtDial, End, Party, Record, Side};
use crate::lint::{Client, Label};

/// A connection that ended: what was known of it, and how it ended.
///
/// ```
/// use tower_conn_lint::ConnLint;
/// use tower_conn_lint::connection::Ended;
/// use tower_conn_lint::report::Reporter;
///
/// struct Ends;
///
/// impl Reporter for Ends {
///     fn ended(&self, connection: &Ended) {
///         println!("{}: {}, by {}", connection.id, connection.end.cause, connection.end.closer);
///     }
/// }
///
/// let lint = ConnLint::builder().reporter(Ends).build();
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ended {
    /// A number that no other connection of this process has.
    pub id: u64,
    /// Which side of it was ours.
    pub side: Side,
    /// Who was at the other end; `None` for a caller of whom nothing is known.
    pub party: Option<Party>,
    /// The client of ours that dialled it.
    pub client: Option<Client>,
    /// The route of its last request, inbound; `other` where none is known.
    pub route: Label,
    /// Our address, where it had one and it is known.
    pub local: Option<SocketAddr>,
    /// The peer's address, where it had one and it is known.
    pub peer: Option<SocketAddr>,
    /// What it spoke; `None` where no message told.
    pub version: Option<Version>,
    /// How many requests it carried: outbound those that were answered.
    pub requests: u64,
    /// Bytes that came from the peer; zero where the socket is not watched.
    pub bytes_in: u64,
    /// Bytes that went to the peer; zero where the socket is not watched.
    pub bytes_out: u64,
    /// How long its dial took, outbound.
    pub dial: Option<Duration>,
    /// What the kernel had counted of it then, where it was asked.
    pub at_dial: Option<AtDial>,
    /// From its opening to its end; at most, where that was not seen.
    pub lived: Duration,
    /// Whether its end was seen. reqwest hides it: what is known then is that it ended before now,
    /// and why only where a message had announced it.
    pub end_seen: bool,
    /// Why it ended, and who closed it.
    pub end: End,
}

// === impl Ended ===

impl Ended {
    pub(super) fn new(record: &Record, end: End, route: Label, now: Instant) -> Ended {
        let (bytes_in, bytes_out) = record.bytes();
        Ended {
            id: record.id,
            side: record.side,
            party: record.party().cloned(),
            client: record.dialler.as_ref().map(|dialler| dialler.client),
            route,
            local: record.addresses().local,
            peer: record.addresses().peer,
            version: record.version(),
            requests: record.requests(),
            bytes_in,
            bytes_out,
            dial: record.dial,
            at_dial: record.at_dial,
            lived: record.age(now),
            end_seen: !record.hides_end(),
            end,
        }
    }

    /// Whether it carried several requests at once, so that no `close` ends it.
    pub(crate) fn is_multiplexed(&self) -> bool {
        self.version.is_some_and(|version| version >= Version::HTTP_2)
    }

    /// Whether it carried more than one request.
    pub fn was_reused(&self) -> bool {
        self.requests > 1
    }
}

#[cfg(test)]
mod example {
    use super::*;
    use crate::connection::{Causes, Closer, EndCause};

    impl End {
        pub(crate) fn example(cause: EndCause, closer: Closer, idle: Duration) -> End {
            End { cause, beside: Causes::NONE, closer, idle }
        }
    }

    impl Ended {
        pub(crate) fn example(side: Side, requests: u64, version: Version, end: End) -> Ended {
            Ended {
                id: 17,
                side,
                party: None,
                client: None,
                route: Label::OTHER,
                local: None,
                peer: None,
                version: Some(version),
                requests,
                bytes_in: 80,
                bytes_out: 120,
                dial: None,
                at_dial: None,
                lived: Duration::from_secs(9),
                end_seen: true,
                end,
            }
        }
    }
}
