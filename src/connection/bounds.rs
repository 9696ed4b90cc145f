use std::time::Duration;

/// From where on missing reuse is worth a finding. All have a default that a client which reuses
/// its connections never meets.
///
/// ```
/// use std::time::Duration;
/// use tower_conn_lint::ConnLint;
/// use tower_conn_lint::connection::Bounds;
///
/// let mut bounds = Bounds::default();
/// bounds.min_reuse = 0.95;
/// bounds.warm_up = Duration::ZERO;
/// let lint = ConnLint::builder().bounds(bounds).build();
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Bounds {
    /// The least share of requests on reused connections. Default: 0.8.
    pub min_reuse: f64,
    /// How many requests a window must have before its share tells anything. Default: 100.
    pub min_requests: u64,
    /// How long windows slide over. Default: 60 s; at least 600 ms. It is fixed as a lint is built:
    /// of a policy that comes later all bounds hold but this one.
    pub window: Duration,
    /// How long a caller, an upstream or a route is given to fill its pools. Default: 30 s.
    pub warm_up: Duration,
    /// From how much idleness on a connection should have been ended. Default: 10 min.
    pub idle: Duration,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            min_reuse: 0.8,
            min_requests: 100,
            window: Duration::from_secs(60),
            warm_up: Duration::from_secs(30),
            idle: Duration::from_secs(600),
        }
    }
}
