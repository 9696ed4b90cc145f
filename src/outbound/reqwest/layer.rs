use std::sync::Arc;
use std::time::Duration;

use tower_layer::Layer;

use super::Connector;
use crate::connection::Pool;
use crate::exchange::Shared;
use crate::lint::Client;

/// Observes the dials of a client of reqwest; made by
/// [`ConnLint::connector_layer`](crate::ConnLint::connector_layer).
///
/// ```
/// use std::time::Duration;
/// use tower_conn_lint::ConnLint;
///
/// # fn build() -> reqwest::Result<()> {
/// let lint = ConnLint::new();
/// let idle = Duration::from_secs(30);
/// let client = reqwest::Client::builder()
///     .pool_idle_timeout(idle)
///     .connector_layer(lint.connector_layer("gateway").pool(idle, usize::MAX))
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ConnectorLayer {
    shared: Arc<Shared>,
    client: Client,
    pool: Option<Pool>,
}

// === impl ConnectorLayer ===

impl ConnectorLayer {
    pub(crate) fn new(shared: Arc<Shared>, client: Client) -> ConnectorLayer {
        ConnectorLayer { shared, client, pool: None }
    }

    /// Declares the settings of the client's pool, which can't be read from it, to be compared
    /// with what upstreams say of theirs. reqwest's own are 90 s, and no bound on idle connections
    /// (0.13.5). Default: nothing is declared.
    #[must_use]
    pub fn pool(self, idle_timeout: Duration, max_idle: usize) -> ConnectorLayer {
        ConnectorLayer { pool: Some(Pool::new(idle_timeout, max_idle)), ..self }
    }
}

impl<S> Layer<S> for ConnectorLayer {
    type Service = Connector<S>;

    /// Each is another client.
    fn layer(&self, inner: S) -> Connector<S> {
        let ConnectorLayer { shared, client, pool } = self;
        Connector::new(inner, shared.clone(), *client, *pool)
    }
}
