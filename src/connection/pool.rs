use std::time::Duration;

/// The settings of a client's pool, as its owner declared them: they can't be read from it.
///
/// ```
/// use std::time::Duration;
/// use tower_conn_lint::connection::Pool;
///
/// // What hyper-util has by default, which is no bound on idle connections.
/// let pool = Pool::new(Duration::from_secs(90), usize::MAX);
/// assert_eq!(pool.idle_timeout, Duration::from_secs(90));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pool {
    /// How long the pool keeps a connection that is not used.
    pub idle_timeout: Duration,
    /// How many such connections it keeps for one upstream.
    pub max_idle: usize,
}

// === impl Pool ===

impl Pool {
    /// A pool with these settings.
    pub const fn new(idle_timeout: Duration, max_idle: usize) -> Pool {
        Pool { idle_timeout, max_idle }
    }
}
