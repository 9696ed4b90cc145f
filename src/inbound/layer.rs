use tower_layer::Layer;

use super::{Inbound, KnownBodies};
use crate::exchange::{Placed, Placement};
use crate::lint::Lint;

/// Puts the lint around a service of a server; made by [`ConnLint::inbound`](crate::ConnLint::inbound).
/// Body types are the same within and without.
///
/// ```
/// use tower::ServiceBuilder;
/// use tower_conn_lint::ConnLint;
///
/// let lint = ConnLint::new();
/// let stack = ServiceBuilder::new().layer(lint.inbound());
/// ```
#[derive(Clone, Debug)]
pub struct InboundLayer<A = KnownBodies> {
    placed: Placed,
    answer: A,
}

impl InboundLayer {
    pub(crate) fn new(placement: Placement) -> InboundLayer {
        InboundLayer { placed: Placed::new(placement), answer: KnownBodies }
    }
}

impl<A> InboundLayer<A> {
    /// Silences a lint here, whatever the policy says; only `CONN_LINT` is stronger, and a floor
    /// of the policy. Default: no exception.
    #[must_use]
    pub fn allow(mut self, lint: Lint, reason: impl AsRef<str>) -> InboundLayer<A> {
        self.placed.change(|placement| placement.except(lint, reason.as_ref()));
        self
    }

    /// How the text of a denial becomes a response's body, where the body's type is not one that
    /// [`KnownBodies`] knows: without it a denial stands aside.
    ///
    /// ```
    /// use tower_conn_lint::ConnLint;
    ///
    /// struct Wrapped(String);
    ///
    /// let layer = ConnLint::new().inbound().deny_with(Wrapped);
    /// ```
    pub fn deny_with<F>(self, body: F) -> InboundLayer<F> {
        InboundLayer { placed: self.placed, answer: body }
    }
}

impl<S, A: Clone> Layer<S> for InboundLayer<A> {
    type Service = Inbound<S, A>;

    fn layer(&self, inner: S) -> Inbound<S, A> {
        Inbound::new(inner, self.placed.clone(), self.answer.clone())
    }
}
