use std::time::Duration;

/// What the kernel had counted of a connection, right after its dial.
///
/// It is asked of slow dials only
/// ([`ConnLintBuilder::slow_dial`](crate::ConnLintBuilder::slow_dial)), on Linux and with the
/// feature `linux`; elsewhere, and where the kernel does not answer, nothing is known.
///
/// ```
/// use tower_conn_lint::connection::Opened;
///
/// /// A dial that hangs for a second or three, and why.
/// fn was_dropped_on_the_way(connection: &Opened) -> bool {
///     connection.at_dial.is_some_and(|at_dial| at_dial.syn_retransmitted == Some(true))
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct AtDial {
    /// How many segments had been sent again: the SYN, or after a handshake of TLS others, too.
    pub retransmitted: u32,
    /// Whether the SYN was among them; `None` where content was sent again, and so nobody knows, and
    /// of reqwest over TLS, whose dials are seen after its handshake only.
    pub syn_retransmitted: Option<bool>,
    /// The round trip, as far as the kernel had measured it.
    pub rtt: Option<Duration>,
}
