/// What the process is to the messages that pass it.
///
/// An endpoint answers requests and sends others of its own. A gateway passes on what it received:
/// what its callers' and upstreams' messages say of their own hop must not go further (RFC 9110
/// section 7.6.1). In that role
///
/// - [`inbound`](crate::ConnLint::inbound) remembers in a request's extensions what it says of its
///   hop, and [`outbound`](crate::ConnLint::outbound) judges by it what is sent; for responses it is
///   the other way round. So whatever passes requests and responses on keeps their extensions;
/// - [`NOMINATED_FORWARDED`], [`HOP_BY_HOP_FORWARDED`] and [`HTTP10_CLIENT_KEPT_BY_PROXY`] are looked
///   for;
/// - a received request whose `Connection` names a field of credentials, routing or framing is
///   denied ([`CONNECTION_LISTS_SENSITIVE`]), under every preset: the field can neither be dropped
///   on the caller's word nor passed on against it. A level that names this lint is stronger, in
///   the policy or in code, and so are a cap, an expectation, an excluded path, and `CONN_LINT`.
///   [`Policy::effective`](crate::Policy::effective) tells of the policy alone, and not of this. The
///   layer needs a body to deny with ([`deny_with`](crate::inbound::InboundLayer::deny_with)).
///
/// ```
/// use tower_conn_lint::{ConnLint, Role};
///
/// let lint = ConnLint::builder().role(Role::Gateway).build();
/// let (inbound, outbound) = (lint.inbound(), lint.outbound("upstream"));
/// ```
///
/// [`NOMINATED_FORWARDED`]: crate::lint::NOMINATED_FORWARDED
/// [`HOP_BY_HOP_FORWARDED`]: crate::lint::HOP_BY_HOP_FORWARDED
/// [`HTTP10_CLIENT_KEPT_BY_PROXY`]: crate::lint::HTTP10_CLIENT_KEPT_BY_PROXY
/// [`CONNECTION_LISTS_SENSITIVE`]: crate::lint::CONNECTION_LISTS_SENSITIVE
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// It answers requests, and sends others of its own.
    #[default]
    Endpoint,
    /// It passes requests and responses on.
    Gateway,
}

// === impl Role ===

impl Role {
    pub(crate) fn is_gateway(self) -> bool {
        self == Role::Gateway
    }
}
