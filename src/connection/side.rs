use std::fmt;

/// Which side of a connection is ours.
///
/// ```
/// use tower_conn_lint::connection::Side;
///
/// assert_eq!(Side::Inbound.as_str(), "inbound");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Side {
    /// A server of ours accepted it from a caller.
    Inbound,
    /// A client of ours dialled it to an upstream.
    Outbound,
}

// === impl Side ===

impl Side {
    /// The name as in logs and metrics: `inbound`, `outbound`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Side::Inbound => "inbound",
            Side::Outbound => "outbound",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
