use std::time::Duration;

use crate::connection::Side;
use crate::lint::Label;

/// How long a request took: inbound from its head to the end of its response, outbound from the
/// call to the end of the response's body. Of requests that got a response.
///
/// Told only where
/// [`ConnLintBuilder::durations`](crate::ConnLintBuilder::durations) is on.
///
/// ```
/// use std::time::Duration;
/// use tower_conn_lint::ConnLint;
/// use tower_conn_lint::report::{Reporter, RequestTime};
///
/// struct Slow;
///
/// impl Reporter for Slow {
///     fn request_took(&self, time: &RequestTime) {
///         if time.took > Duration::from_secs(1) && !time.reused {
///             println!("{}: {:?} on a fresh connection", time.of, time.took);
///         }
///     }
/// }
///
/// let lint = ConnLint::builder().durations(true).reporter(Slow).build();
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RequestTime {
    /// Whether it was received or sent.
    pub side: Side,
    /// The route inbound, the client's name outbound.
    pub of: Label,
    /// Whether its connection had served a request before.
    pub reused: bool,
    /// From its beginning to the end of its response.
    pub took: Duration,
}
