use std::sync::Arc;

use tower_layer::Layer;

use super::{Current, Join};

/// Joins the responses of a client that has one connection at a time with it; made by
/// [`Connector::join`](crate::outbound::Connector::join).
///
/// ```
/// use tower_conn_lint::outbound::JoinLayer;
///
/// fn is_named(_: JoinLayer) {}
/// ```
#[derive(Clone, Debug)]
pub struct JoinLayer {
    current: Arc<Current>,
}

impl JoinLayer {
    pub(crate) fn new(current: Arc<Current>) -> JoinLayer {
        JoinLayer { current }
    }
}

impl<S> Layer<S> for JoinLayer {
    type Service = Join<S>;

    fn layer(&self, inner: S) -> Join<S> {
        Join::new(inner, self.current.clone())
    }
}
