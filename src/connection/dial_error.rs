use std::fmt;

/// Why a dial failed.
///
/// ```
/// use tower_conn_lint::connection::DialError;
///
/// assert_eq!(DialError::NoPort.as_str(), "no-port");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DialError {
    /// Nobody listens there.
    Refused,
    /// The peer, or what stands between, reset it.
    Reset,
    /// The connector's timeout or the kernel's passed.
    TimedOut,
    /// No way leads there.
    Unreachable,
    /// No local port is free towards this address: TIME_WAIT holds them, most likely.
    NoPort,
    /// TLS was not agreed on: a certificate that does not fit, most likely, or no TLS at all.
    Tls,
    /// Our code gave up waiting for it: a timeout around the call, most likely.
    GivenUp,
    /// Another error: of the resolver, say.
    Other,
}

// === impl DialError ===

impl DialError {
    /// Every kind.
    pub const ALL: &'static [DialError] = &[
        DialError::Refused,
        DialError::Reset,
        DialError::TimedOut,
        DialError::Unreachable,
        DialError::NoPort,
        DialError::Tls,
        DialError::GivenUp,
        DialError::Other,
    ];

    /// The name as in logs, and as `error.type` in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            DialError::Refused => "refused",
            DialError::Reset => "reset",
            DialError::TimedOut => "timed-out",
            DialError::Unreachable => "unreachable",
            DialError::NoPort => "no-port",
            DialError::Tls => "tls",
            DialError::GivenUp => "given-up",
            DialError::Other => "other",
        }
    }
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
