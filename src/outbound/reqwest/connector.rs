use std::sync::Arc;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect;
use tower_service::Service;

use super::Dialling;
use super::dial::Dial;
use crate::connection::{Alive, Dialler, Pool};
use crate::exchange::Shared;
use crate::lint::Client;

/// The connector of a client of reqwest, whose dials are observed; made by a
/// [`ConnectorLayer`](super::ConnectorLayer). What it connects to is reqwest's own, unchanged.
///
/// ```
/// use tower_conn_lint::outbound::reqwest::Connector;
///
/// fn is_named<S>(_: Connector<S>) {}
/// ```
#[derive(Clone, Debug)]
pub struct Connector<S> {
    inner: S,
    shared: Arc<Shared>,
    owner: Arc<Owner>,
}

/// Held by every clone of a client's connector, and by nothing else: its end is the client's.
#[derive(Debug)]
struct Owner {
    shared: Arc<Shared>,
    dialler: Arc<Dialler>,
    alive: Option<Arc<Alive>>,
}

// === impl Connector ===

impl<S> Connector<S> {
    pub(super) fn new(
        inner: S,
        shared: Arc<Shared>,
        client: Client,
        pool: Option<Pool>,
    ) -> Connector<S> {
        let dialler = Dialler::hiding_ends(client, pool);
        let alive = Some(Alive::new(dialler.clone()));
        let owner = Arc::new(Owner { shared: shared.clone(), dialler, alive });
        Connector { inner, shared, owner }
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The requests of reqwest's connector have no name, and nothing is to be read from them.
impl<S, R> Service<R> for Connector<S>
where
    S: Service<R, Error = BoxError>,
    S::Response: connect::Connection,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Dialling<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Dialling<S::Future> {
        let dial = Dial::begin(&self.shared, &self.owner.dialler);
        Dialling::new(self.inner.call(request), dial)
    }
}

// === impl Owner ===

impl Drop for Owner {
    fn drop(&mut self) {
        drop(self.alive.take());
        self.shared.hidden_client_dropped(&self.dialler);
    }
}
