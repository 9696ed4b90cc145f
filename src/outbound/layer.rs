use tower_layer::Layer;

use super::Outbound;
use crate::exchange::{Placed, Placement};
use crate::lint::{Client, Lint};

/// Puts the lint around a client; made by [`ConnLint::outbound`](crate::ConnLint::outbound).
/// Body types are the same within and without.
///
/// ```
/// use tower_conn_lint::{ConnLint, lint};
///
/// let layer = ConnLint::new()
///     .outbound("gateway")
///     .allow(lint::UPSTREAM_SENDS_CLOSE, "the gateway rotates its connections");
/// ```
#[derive(Clone, Debug)]
pub struct OutboundLayer {
    pub(super) placed: Placed,
}

impl OutboundLayer {
    pub(crate) fn new(placement: Placement) -> OutboundLayer {
        OutboundLayer { placed: Placed::new(placement) }
    }

    /// Silences a lint for this client, whatever the policy says; only `CONN_LINT` is stronger, and a
    /// floor of the policy. Default: no exception.
    #[must_use]
    pub fn allow(mut self, lint: Lint, reason: impl AsRef<str>) -> OutboundLayer {
        self.placed.change(|placement| placement.except(lint, reason.as_ref()));
        self
    }

    /// Declares that this client sends one request and ends, so that its `close` is right.
    /// Default: it does not.
    #[must_use]
    pub fn one_shot(mut self) -> OutboundLayer {
        self.placed.change_outlet(|outlet| outlet.one_shot = true);
        self
    }

    /// Learns the connection of each request before its response, so that a request that is given
    /// up is surely told from other ends of its connection. It costs an allocation a request.
    /// Default: it does not.
    #[cfg(feature = "hyper-util")]
    #[must_use]
    pub fn capture_connection(mut self) -> OutboundLayer {
        self.placed.change(Placement::capture_connection);
        self
    }

    /// Stamps each request with its send time, for a server that
    /// [reads it](crate::ConnLintBuilder::before_arrival): `X-Request-Start: t=1700000000.123456`, in
    /// seconds since 1970, as it leaves this layer and before it waits for a connection. A request that
    /// has one keeps it, whoever set it: a caller further out says when the whole way began. Default:
    /// it does not.
    ///
    /// ```
    /// use tower_conn_lint::ConnLint;
    ///
    /// let layer = ConnLint::new().outbound("gateway").stamp_send_time();
    /// ```
    #[must_use]
    pub fn stamp_send_time(mut self) -> OutboundLayer {
        self.placed.change(Placement::stamp_send_time);
        self
    }

    /// Declares the default fields of a client of reqwest, which it adds below every layer: of
    /// these the `Connection` that a request without one gets is judged, too. A `close` in it can't
    /// be taken away here. Where the policy fixes it, the request says `keep-alive`, which reqwest
    /// leaves alone. Default: nothing is declared.
    ///
    /// ```
    /// use http::{HeaderMap, HeaderValue, header};
    /// use tower_conn_lint::ConnLint;
    ///
    /// # fn build() -> reqwest::Result<()> {
    /// let mut headers = HeaderMap::new();
    /// headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    /// let client = reqwest::Client::builder().default_headers(headers.clone()).build()?;
    /// let layer = ConnLint::new().outbound("gateway").default_headers(&headers);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "reqwest")]
    #[must_use]
    pub fn default_headers(mut self, headers: &http::HeaderMap) -> OutboundLayer {
        let declared = headers.get(http::header::CONNECTION).cloned();
        self.placed.change_outlet(|outlet| outlet.default_connection = declared);
        self
    }

    /// The client, as findings name it.
    pub fn client(&self) -> Client {
        self.placed.outlet().expect("an outbound layer has a client").client
    }
}

impl<S> Layer<S> for OutboundLayer {
    type Service = Outbound<S>;

    fn layer(&self, inner: S) -> Outbound<S> {
        Outbound::new(inner, self.placed.clone())
    }
}
