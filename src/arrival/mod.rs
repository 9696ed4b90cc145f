//! How long a request was on its way before it arrived, where its sender stamps its send time.
//!
//! The field is `X-Request-Start: t=<seconds since 1970>`, as load balancers and tracing vendors
//! have it. A client stamps it by
//! [`OutboundLayer::stamp_send_time`](crate::outbound::OutboundLayer::stamp_send_time); a server reads
//! it by [`ConnLintBuilder::before_arrival`](crate::ConnLintBuilder::before_arrival), of peers that are
//! declared: anyone may send the field, and who is not declared could make up any time.

mod before_arrival;
mod network;
mod sent_at;
mod unusable;

pub use self::before_arrival::BeforeArrival;
pub use self::network::{Network, NetworkError};
pub use self::unusable::Unusable;

pub(crate) use self::sent_at::{FIELD, stamp};
