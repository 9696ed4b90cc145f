//! The layer for clients: it judges requests of ours and responses that were received.
//!
//! ```
//! use hyper_util::client::legacy::Client;
//! use hyper_util::rt::TokioExecutor;
//! use tower::Layer;
//! use tower_conn_lint::ConnLint;
//!
//! # type Body = http_body_util::Empty<bytes::Bytes>;
//! let lint = ConnLint::new();
//! let pool = Client::builder(TokioExecutor::new()).build_http::<Body>();
//! let gateway = lint.outbound("gateway").layer(pool);   // next to the client, below retries
//! ```
//!
//! Before a request is sent nothing tells which version the wire speaks. So a fix only removes
//! then, and what depends on the version is judged when the response comes.

mod bodies;
#[cfg(feature = "hyper-util")]
mod captured;
#[cfg(not(feature = "hyper-util"))]
#[path = "uncaptured.rs"]
mod captured;
#[cfg(feature = "hyper-util")]
mod connect;
mod error;
mod future;
mod layer;
mod service;

pub use self::bodies::{ResponseBodies, ResponseBodiesFuture, ResponseBodiesLayer};
#[cfg(feature = "hyper-util")]
pub use self::connect::{Connection, Connector, Dialling};
pub use self::error::Error;
pub use self::future::ResponseFuture;
pub use self::layer::OutboundLayer;
pub use self::service::Outbound;
