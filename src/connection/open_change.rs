use http::Version;

use super::{Party, Side, State};

/// By how many the open connections of a kind changed. The sum of all changes is how many are
/// open; a connection that goes from one kind to another makes two.
///
/// ```
/// use std::sync::atomic::{AtomicI64, Ordering};
/// use tower_conn_lint::connection::{OpenChange, Side};
/// use tower_conn_lint::report::Reporter;
///
/// #[derive(Default)]
/// struct Accepted(AtomicI64);
///
/// impl Reporter for Accepted {
///     fn open_changed(&self, change: &OpenChange<'_>) {
///         if change.side == Side::Inbound {
///             self.0.fetch_add(change.by, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct OpenChange<'a> {
    /// Which side of them is ours.
    pub side: Side,
    /// The upstream; `None` for callers, who are not told apart here.
    pub party: Option<&'a Party>,
    /// What they speak; `None` where no message told.
    pub version: Option<Version>,
    /// Whether they are used.
    pub state: State,
    /// How many more there are; fewer, if it is negative.
    pub by: i64,
}
