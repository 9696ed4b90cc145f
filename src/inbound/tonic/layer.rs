use std::sync::Arc;

use tower_layer::Layer;

use super::Join;
use crate::exchange::Shared;

/// Joins the requests of a server of tonic's with their connections; made by
/// [`ConnLint::join`](crate::ConnLint::join). Body types are the same within and without.
///
/// ```
/// use tower_conn_lint::inbound::JoinLayer;
///
/// fn is_named(_: JoinLayer) {}
/// ```
#[derive(Clone, Debug)]
pub struct JoinLayer {
    shared: Arc<Shared>,
}

impl JoinLayer {
    pub(crate) fn new(shared: Arc<Shared>) -> JoinLayer {
        JoinLayer { shared }
    }
}

impl<S> Layer<S> for JoinLayer {
    type Service = Join<S>;

    fn layer(&self, inner: S) -> Join<S> {
        Join::new(inner, self.shared.clone())
    }
}
