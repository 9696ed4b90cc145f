use std::net::SocketAddr;

use crate::lint::Label;

/// The ports that are held towards upstreams, as the kernel told when it was last asked
/// ([`ConnLint::port_use`](crate::ConnLint::port_use)): of all processes in this network namespace.
///
/// ```
/// use tower_conn_lint::ConnLint;
///
/// let lint = ConnLint::new();
/// for upstream in lint.port_use().into_iter().flat_map(|ports| ports.upstreams) {
///     println!("{}: {} sockets in TIME_WAIT", upstream.name, upstream.time_wait);
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PortUse {
    /// When it was read, by the system's clock: seconds since the beginning of 1970 (UTC).
    pub taken_at: f64,
    /// The sockets in TIME_WAIT, towards whomever, and on either side; `None` where the system doesn't
    /// tell.
    pub time_wait: Option<u64>,
    /// How many ports there are for dials towards one address; `None` where the system doesn't tell.
    pub ports: Option<u32>,
    /// Whether all sockets were looked at. Else there was no time for them, and there are more than
    /// these.
    pub is_whole: bool,
    /// By address of those that our clients dialled of late: the most used first.
    pub upstreams: Vec<UpstreamPorts>,
}

/// The ports that are held towards one address of an upstream.
///
/// ```
/// use tower_conn_lint::snapshot::UpstreamPorts;
///
/// fn is_soon_out(upstream: &UpstreamPorts) -> bool {
///     upstream.lasts.is_some_and(|seconds| seconds < 60.0)
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct UpstreamPorts {
    /// The upstream's host and port.
    pub name: String,
    /// The client of ours that dialled it last.
    pub client: Label,
    /// The address.
    pub address: SocketAddr,
    /// Sockets in TIME_WAIT: connections that were closed on this side first.
    pub time_wait: u64,
    /// Sockets towards it, those in TIME_WAIT among them: each holds a port.
    pub held: u64,
    /// The held ones' share of the ports that there are, 0 to 1; `None` where those are not known.
    pub used: Option<f64>,
    /// How many seconds the rest of the ports is enough, if as many connections are closed first here as
    /// were in the last minute. `None` where a dial may take a port out of TIME_WAIT, where none is in
    /// it, and where the number of ports is not known.
    pub lasts: Option<f64>,
}
