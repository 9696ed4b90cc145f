use std::time::Duration;

use crate::arrival::Unusable;
use crate::lint::Label;

/// How long a request was on its way before it arrived, by the time that its sender stamped it with.
///
/// Told only where
/// [`ConnLintBuilder::before_arrival`](crate::ConnLintBuilder::before_arrival) declares who stamps.
///
/// ```
/// use tower_conn_lint::report::{ArrivalTime, Reporter};
///
/// struct Late;
///
/// impl Reporter for Late {
///     fn arrived(&self, time: &ArrivalTime) {
///         if let (true, Ok(before)) = (time.slow, time.before) {
///             println!("{}: it was sent {before:?} before it arrived", time.of);
///         }
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ArrivalTime {
    /// The route.
    pub of: Label,
    /// The connection, where it is known.
    pub connection: Option<u64>,
    /// Which request on it, where that is known.
    pub request: Option<u64>,
    /// How long before its arrival it was sent, or why its stamp does not tell.
    pub before: Result<Duration, Unusable>,
    /// Whether that is long ([`BeforeArrival::slow`](crate::arrival::BeforeArrival::slow)).
    pub slow: bool,
}
