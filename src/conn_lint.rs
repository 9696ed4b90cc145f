use std::panic::Location;
use std::sync::Arc;

use crate::builder::ConnLintBuilder;
use crate::exchange::{Placement, Shared};
use crate::inbound::InboundLayer;
use crate::lint::Lint;
use crate::outbound::OutboundLayer;

/// The lint of a process: one policy, one place to report to, and the layers that stand under
/// them. A clone is the same lint.
///
/// ```
/// use tower_conn_lint::ConnLint;
///
/// let lint = ConnLint::new();
/// let inbound = lint.inbound();
/// let outbound = lint.outbound("gateway");
/// ```
#[derive(Clone, Debug)]
pub struct ConnLint(Arc<Shared>);

impl ConnLint {
    /// A lint that observes: findings go to `tracing`, and with the feature `metrics` to its
    /// facade. Not one byte on the wire changes. `CONN_LINT` in the environment is heeded.
    pub fn new() -> ConnLint {
        ConnLint::builder().build()
    }

    /// A lint with a policy, reporters, a clock of its own.
    pub fn builder() -> ConnLintBuilder {
        ConnLintBuilder::new()
    }

    pub(crate) fn from_shared(shared: Shared) -> ConnLint {
        ConnLint(Arc::new(shared))
    }

    /// The layer for a server. On an axum router it is added last, so that it covers every route.
    pub fn inbound(&self) -> InboundLayer {
        InboundLayer::new(Placement::inbound(self.0.clone()))
    }

    /// The layer for a client, next to it and below retries. The name stands for the client in
    /// policies, logs and metrics; findings also tell where this was called.
    #[track_caller]
    pub fn outbound(&self, name: impl AsRef<str>) -> OutboundLayer {
        OutboundLayer::new(Placement::outbound(self.0.clone(), name.as_ref(), Location::caller()))
    }

    /// An exception for one route of a server, as a layer on it: the lint is silent there, and
    /// nothing is done about it. Only `CONN_LINT` is stronger.
    ///
    /// A request is denied by the outermost layer, before a route's own is asked: an exception
    /// from a denial belongs into the policy, as a [`Route`](crate::Route).
    ///
    /// ```
    /// # #[cfg(feature = "axum")] {
    /// use axum::{Router, routing::get};
    /// use tower_conn_lint::{ConnLint, lint};
    ///
    /// # async fn export() {}
    /// let lint = ConnLint::new();
    /// let app: Router = Router::new()
    ///     .route("/export", get(export).layer(lint.allow(lint::HANDLER_SENDS_CLOSE, "one-shot download")))
    ///     .layer(lint.inbound());
    /// # }
    /// ```
    pub fn allow(&self, lint: Lint, reason: impl AsRef<str>) -> InboundLayer {
        InboundLayer::new(Placement::exceptions_only(self.0.clone())).allow(lint, reason)
    }
}

impl Default for ConnLint {
    fn default() -> ConnLint {
        ConnLint::new()
    }
}
