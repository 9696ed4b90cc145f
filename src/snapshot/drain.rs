use std::time::Duration;

use crate::connection::Callers;

/// How far the drain of the process is, by the connections of callers that had a request and are
/// open still.
///
/// ```
/// use tower_conn_lint::ConnLint;
///
/// let lint = ConnLint::new();
/// assert!(lint.snapshot().drain.is_none(), "it does not drain");
/// lint.drain();
/// let drain = lint.snapshot().drain.expect("now it does");
/// assert_eq!((drain.open, drain.in_flight), (0, 0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DrainProgress {
    /// For how long it drains, in seconds.
    pub since: f64,
    /// Connections that are open.
    pub open: u64,
    /// Of these, such that no request is under way on.
    pub idle: u64,
    /// The requests under way on the others.
    pub in_flight: u64,
    /// Of all that are open, such as were told to close: by a cure, by the end of our accept loop, or
    /// by your code. What else serves, as axum does, tells them unseen.
    pub told: u64,
}

// === impl DrainProgress ===

impl DrainProgress {
    pub(crate) fn new(since: Duration, callers: Callers) -> DrainProgress {
        let Callers { open, idle, in_flight, told } = callers;
        DrainProgress { since: since.as_secs_f64(), open, idle, in_flight, told }
    }
}
