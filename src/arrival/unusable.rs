use std::fmt;

/// Why the time that a request was stamped with tells nothing.
///
/// ```
/// use tower_conn_lint::arrival::Unusable;
///
/// assert_eq!(Unusable::Future.to_string(), "future");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unusable {
    /// Whoever sent it is not declared.
    UndeclaredPeer,
    /// It is no time, or more than one.
    Malformed,
    /// It is later than now: the clocks differ by more than the
    /// [tolerance](super::BeforeArrival::TOLERANCE).
    Future,
    /// It is older than any request gets ([`BeforeArrival::OLDEST`](super::BeforeArrival::OLDEST)).
    TooOld,
}

// === impl Unusable ===

impl Unusable {
    /// As in metrics and in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Unusable::UndeclaredPeer => "undeclared-peer",
            Unusable::Malformed => "malformed",
            Unusable::Future => "future",
            Unusable::TooOld => "too-old",
        }
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
