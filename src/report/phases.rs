use std::time::Duration;

use crate::connection::Party;
use crate::lint::Client;

/// A part of a request's time, as its client sees it.
///
/// ```
/// use tower_conn_lint::report::Phase;
///
/// assert_eq!(Phase::FirstByte.as_str(), "first-byte");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// From the call to the first byte of the request on its connection: what waited for one, or for
    /// its dial.
    Wait,
    /// The dial of the connection, of its first request: with the handshake of TLS where that is
    /// done by the connector which the lint wraps.
    Dial,
    /// The handshake of TLS, of its first request, where the lint's connector stands below it.
    Tls,
    /// From the first byte of the request to the head of the response.
    FirstByte,
    /// From the head of the response to the end of its body, or to where it was given up.
    Body,
}

/// In which parts of it a request of ours took its time. What a client does not show is left out: of
/// HTTP/2 nobody sees when a request is written, nor of reqwest; nor of a request with content on a
/// connection that others used before, whose rest may be under way.
///
/// Told only where [`ConnLintBuilder::phases`](crate::ConnLintBuilder::phases) is on.
///
/// ```
/// use tower_conn_lint::ConnLint;
/// use tower_conn_lint::report::{Phase, Reporter, RequestPhases};
///
/// struct Waiting;
///
/// impl Reporter for Waiting {
///     fn request_passed(&self, phases: &RequestPhases<'_>) {
///         for (phase, took) in phases.iter() {
///             println!("{}: {took:?}", phase.as_str());
///         }
///     }
/// }
///
/// let lint = ConnLint::builder().phases(true).reporter(Waiting).build();
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RequestPhases<'a> {
    /// The client of ours that sent it.
    pub client: Option<Client>,
    /// The upstream that answered.
    pub upstream: Option<&'a Party>,
    /// The connection that it went on.
    pub connection: u64,
    /// Whether its connection had served a request before.
    pub reused: bool,
    pub(crate) took: [Option<Duration>; Phase::ALL.len()],
}

// === impl Phase ===

impl Phase {
    /// All of them, in the order of their time.
    pub const ALL: &'static [Phase] =
        &[Phase::Wait, Phase::Dial, Phase::Tls, Phase::FirstByte, Phase::Body];

    /// As in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Phase::Wait => "wait",
            Phase::Dial => "dial",
            Phase::Tls => "tls",
            Phase::FirstByte => "first-byte",
            Phase::Body => "body",
        }
    }
}

// === impl RequestPhases ===

impl RequestPhases<'_> {
    /// How long a part took; `None` where there was none, or nobody knows.
    pub fn of(&self, phase: Phase) -> Option<Duration> {
        self.took[phase as usize]
    }

    /// The parts that are known, in the order of their time.
    pub fn iter(&self) -> impl Iterator<Item = (Phase, Duration)> {
        Phase::ALL.iter().filter_map(|phase| Some((*phase, self.of(*phase)?)))
    }
}
