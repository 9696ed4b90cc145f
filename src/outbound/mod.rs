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
//! | client | its sockets | its calls |
//! |---|---|---|
//! | hyper-util's | `ConnLint::connector` | [`ConnLint::outbound`](crate::ConnLint::outbound) around it |
//! | tonic's | the same, with its `Connector::join` | the same |
//! | on `hyper::client::conn` | `ConnLint::dial` | the same, around `Dialled::sender` |
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
#[cfg(feature = "hyper-util")]
mod dialled;
mod error;
mod future;
#[cfg(feature = "hyper-util")]
mod join;
mod layer;
mod service;

pub use self::bodies::{ResponseBodies, ResponseBodiesFuture, ResponseBodiesLayer};
#[cfg(feature = "hyper-util")]
pub use self::connect::{Connection, Connector, Dialling};
#[cfg(feature = "hyper-util")]
pub use self::dialled::{Dialled, DialledFuture, Dials, OnConnection, Sender};
pub use self::error::Error;
pub use self::future::ResponseFuture;
#[cfg(feature = "hyper-util")]
pub use self::join::{Join, JoinFuture, JoinLayer};
pub use self::layer::OutboundLayer;
pub use self::service::Outbound;
