use std::fmt;
use std::time::Duration;

use super::{Cure, Terms};

/// Which cures are switched on, and their bounds. Default: none.
///
/// ```
/// use std::time::Duration;
/// use tower_conn_lint::ConnLint;
/// use tower_conn_lint::heal::{Budget, Cures};
///
/// let cures = Cures::new().drain_response_body(Budget::default()).max_requests(10_000);
/// let lint = ConnLint::builder().heal(cures).build();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[must_use = "cures do nothing until a lint has them"]
pub struct Cures {
    pub(crate) drain_request_body: Switch<Budget>,
    pub(crate) drain_response_body: Switch<Budget>,
    pub(crate) peer_closes_first: Switch<Grace>,
    pub(crate) retire: Switch<()>,
    pub(crate) max_requests: Switch<u32>,
    pub(crate) max_age: Switch<Duration>,
    pub(crate) idle_timeout: Switch<Duration>,
    pub(crate) announce_idle_timeout: Switch<()>,
    pub(crate) drain: Switch<Duration>,
}

/// What one source says of a cure.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Switch<T> {
    /// Nothing: what is below holds.
    #[default]
    Unsaid,
    Off,
    On(T),
}

/// How much of a body is read that nobody else reads, and how many at once.
///
/// ```
/// use std::time::Duration;
/// use tower_conn_lint::heal::Budget;
///
/// let mut budget = Budget::default();
/// budget.bytes = 256 * 1024;
/// assert_eq!(budget.time, Duration::from_millis(500));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Budget {
    /// Default: 1 MiB.
    pub bytes: u64,
    /// Default: 500 ms.
    pub time: Duration,
    /// In the process. Default: 256.
    pub at_once: usize,
    /// From one address, or to one. Default: 16.
    pub at_once_per_peer: usize,
}

/// How long a server waits for its peer to close first, and with whom it goes on to.
///
/// ```
/// use std::time::Duration;
/// use tower_conn_lint::heal::Grace;
///
/// assert_eq!(Grace::default().time, Duration::from_millis(50));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grace {
    /// Default: 50 ms.
    pub time: Duration,
    /// How much that the peer still sends is read and thrown away. Default: 64 KiB.
    pub bytes: u64,
    /// How many connections wait at once in the process. Default: 1,024.
    pub at_once: usize,
    /// How many connections of one address may close so in a minute: the ports that these block
    /// are its own. Default: 5,000.
    pub per_minute: u32,
}

// === impl Cures ===

impl Cures {
    /// None.
    pub fn new() -> Cures {
        Cures::default()
    }

    /// Reads the rest of a request that a handler left unread, so that the connection serves the
    /// next one. What is over the budget as the response is made is told by `close` on it, so that
    /// no client sends its next request on a connection that is about to die; a budget of no bytes
    /// does no more than that. Never where the client waits for `100 Continue`. HTTP/1 only: other
    /// versions lose a stream by it, and no connection.
    pub fn drain_request_body(self, budget: Budget) -> Cures {
        Cures { drain_request_body: Switch::On(budget), ..self }
    }

    /// Reads the rest of a response that our code dropped, so that the connection goes back to its
    /// pool. HTTP/1 only.
    pub fn drain_response_body(self, budget: Budget) -> Cures {
        Cures { drain_response_body: Switch::On(budget), ..self }
    }

    /// Lets the peer of a server close first where a message said `close`, so that it keeps the
    /// TIME_WAIT. Most clients close as soon as they have the response. One that reads to the end
    /// of the connection waits for ours: it is known after two connections, and not waited for again.
    pub fn peer_closes_first(self, grace: Grace) -> Cures {
        Cures { peer_closes_first: Switch::On(grace), ..self }
    }

    /// Ends an idle connection of a client before its upstream does, by what that advertises
    /// (`Keep-Alive: timeout=`) or by the ages at which it was seen to close idle ones.
    pub fn retire(self) -> Cures {
        Cures { retire: Switch::On(()), ..self }
    }

    /// How many requests a server's connection serves: the last response says `close`. Spread by a
    /// tenth, so that connections that were opened together do not end together. One of HTTP/2 ends by
    /// GOAWAY, where [`ConnLint::serve`](crate::ConnLint) or `Accepted::serve` serves it; others can't be
    /// told, and go on.
    pub fn max_requests(self, requests: u32) -> Cures {
        Cures { max_requests: Switch::On(requests), ..self }
    }

    /// The age from which on a response of a server says `close`, and HTTP/2 GOAWAY as by
    /// [`max_requests`](Cures::max_requests). Spread by a tenth.
    pub fn max_age(self, age: Duration) -> Cures {
        Cures { max_age: Switch::On(age), ..self }
    }

    /// For how long a server keeps a connection without a request.
    pub fn idle_timeout(self, timeout: Duration) -> Cures {
        Cures { idle_timeout: Switch::On(timeout), ..self }
    }

    /// Announces the idle timeout in each response of HTTP/1.1, as `Keep-Alive: timeout=`, in whole
    /// seconds.
    pub fn announce_idle_timeout(self) -> Cures {
        Cures { announce_idle_timeout: Switch::On(()), ..self }
    }

    /// As the process drains ([`ConnLint::drain`](crate::ConnLint::drain)), responses say `close`, HTTP/2
    /// says GOAWAY as by [`max_requests`](Cures::max_requests), and idle connections end, each at its
    /// own place in this time, so that callers don't all come back at once.
    pub fn drain(self, spread: Duration) -> Cures {
        Cures { drain: Switch::On(spread), ..self }
    }

    /// Switches a cure off, which a policy below may have switched on. An honest close is a part of
    /// the drain of requests.
    pub fn without(mut self, cure: Cure) -> Cures {
        match cure {
            Cure::DrainRequestBody | Cure::HonestClose => self.drain_request_body = Switch::Off,
            Cure::DrainResponseBody => self.drain_response_body = Switch::Off,
            Cure::PeerClosesFirst => self.peer_closes_first = Switch::Off,
            Cure::Retire => self.retire = Switch::Off,
            Cure::MaxRequests => self.max_requests = Switch::Off,
            Cure::MaxAge => self.max_age = Switch::Off,
            Cure::IdleTimeout => self.idle_timeout = Switch::Off,
            Cure::Drain => self.drain = Switch::Off,
        }
        self
    }

    /// These, and those where these say nothing.
    pub(crate) fn over(self, below: Cures) -> Cures {
        Cures {
            drain_request_body: self.drain_request_body.or(below.drain_request_body),
            drain_response_body: self.drain_response_body.or(below.drain_response_body),
            peer_closes_first: self.peer_closes_first.or(below.peer_closes_first),
            retire: self.retire.or(below.retire),
            max_requests: self.max_requests.or(below.max_requests),
            max_age: self.max_age.or(below.max_age),
            idle_timeout: self.idle_timeout.or(below.idle_timeout),
            announce_idle_timeout: self.announce_idle_timeout.or(below.announce_idle_timeout),
            drain: self.drain.or(below.drain),
        }
    }

    /// Whether any is switched on.
    pub(crate) fn any(&self) -> bool {
        self.switched_on().next().is_some() || self.announce_idle_timeout.on().is_some()
    }

    /// Each cure that is switched by itself, with its terms.
    pub(crate) fn all(&self) -> [(Cure, Switch<Terms>); 8] {
        let requests = self.drain_request_body.map(Terms::Budget);
        let responses = self.drain_response_body.map(Terms::Budget);
        [
            (Cure::DrainRequestBody, requests),
            (Cure::DrainResponseBody, responses),
            (Cure::PeerClosesFirst, self.peer_closes_first.map(Terms::Grace)),
            (Cure::Retire, self.retire.map(|()| Terms::None)),
            (Cure::MaxRequests, self.max_requests.map(Terms::Requests)),
            (Cure::MaxAge, self.max_age.map(Terms::Time)),
            (Cure::IdleTimeout, self.idle_timeout.map(Terms::Time)),
            (Cure::Drain, self.drain.map(Terms::Time)),
        ]
    }

    /// The same of one.
    pub(crate) fn switch(&self, cure: Cure) -> Switch<Terms> {
        let all = self.all().into_iter().find(|(known, _)| *known == cure);
        all.map_or(Switch::Unsaid, |(_, switch)| switch)
    }

    fn switched_on(&self) -> impl Iterator<Item = Cure> {
        self.all().into_iter().filter(|(_, switch)| switch.on().is_some()).map(|(cure, _)| cure)
    }
}

/// The names of those that are switched on: `drain-request-body, max-age`, or `none`.
impl fmt::Display for Cures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.switched_on().map(Cure::as_str).collect();
        f.pad(&if names.is_empty() { "none".to_owned() } else { names.join(", ") })
    }
}

// === impl Switch ===

impl<T: Copy> Switch<T> {
    /// What it is switched on with.
    pub(crate) fn on(self) -> Option<T> {
        match self {
            Switch::On(value) => Some(value),
            Switch::Off | Switch::Unsaid => None,
        }
    }

    pub(crate) fn map<U>(self, terms: impl FnOnce(T) -> U) -> Switch<U> {
        match self {
            Switch::On(value) => Switch::On(terms(value)),
            Switch::Off => Switch::Off,
            Switch::Unsaid => Switch::Unsaid,
        }
    }

    pub(crate) fn or(self, below: Switch<T>) -> Switch<T> {
        match self {
            Switch::Unsaid => below,
            said => said,
        }
    }
}

// === impl Budget ===

impl Default for Budget {
    fn default() -> Budget {
        Budget {
            bytes: 1 << 20,
            time: Duration::from_millis(500),
            at_once: 256,
            at_once_per_peer: 16,
        }
    }
}

// === impl Grace ===

impl Default for Grace {
    fn default() -> Grace {
        Grace {
            time: Duration::from_millis(50),
            bytes: 64 << 10,
            at_once: 1_024,
            per_minute: 5_000,
        }
    }
}
