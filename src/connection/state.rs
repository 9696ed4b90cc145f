use std::fmt;

/// Whether an open connection is used, as `http.connection.state` of OpenTelemetry's conventions.
///
/// ```
/// use tower_conn_lint::connection::State;
///
/// assert_eq!(State::Idle.as_str(), "idle");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum State {
    /// A request is under way on it.
    Active,
    /// It waits for a request.
    Idle,
}

// === impl State ===

impl State {
    /// The name as in metrics: `active`, `idle`.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Active => "active",
            State::Idle => "idle",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
