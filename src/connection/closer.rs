use std::fmt;

/// Who closed a connection first, as far as it was seen. The active closer keeps the TIME_WAIT.
///
/// ```
/// use tower_conn_lint::connection::Closer;
///
/// assert_eq!(Closer::Peer.as_str(), "peer");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Closer {
    /// This side.
    Local,
    /// The other side: its end was read before we closed, or it reset the connection.
    Peer,
    /// Both ends crossed on their way. Only the kernel sees that, so this is never said yet.
    Both,
    /// Nothing that is wired sees the socket.
    Unknown,
}

// === impl Closer ===

impl Closer {
    /// Every closer.
    pub const ALL: [Closer; 4] = [Closer::Local, Closer::Peer, Closer::Both, Closer::Unknown];

    /// The name as in logs and metrics: `local`, `peer`, `both`, `unknown`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Closer::Local => "local",
            Closer::Peer => "peer",
            Closer::Both => "both",
            Closer::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Closer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
