//! For clients: the layer that judges requests of ours and responses that were received, the
//! connector whose connections have records, and the layer that tracks the bodies of responses.
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
//! `ConnLint::connector` and [`ConnLint::response_bodies`](crate::ConnLint::response_bodies) stand
//! beside it, under the same name: each response carries a [`ConnHandle`](crate::ConnHandle) then.
//!
//! For reqwest, the same layer stands in its own stacks: see the module `reqwest`.
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
#[cfg(feature = "reqwest")]
pub mod reqwest;
mod service;

pub use self::bodies::{ResponseBodies, ResponseBodiesFuture, ResponseBodiesLayer};
#[cfg(feature = "hyper-util")]
pub use self::connect::{Connection, Connector, Dialling};
pub use self::error::Error;
pub use self::future::ResponseFuture;
pub use self::layer::OutboundLayer;
pub use self::service::Outbound;
