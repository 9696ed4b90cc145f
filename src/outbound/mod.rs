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
//! | reqwest's | `ConnLint::connector_layer` | the same, in its own stacks: see the module `reqwest` |
//!
//! # Under TLS
//!
//! The connector stands below TLS, as `https.wrap_connector(lint.connector(name, http))`, or above it,
//! as `lint.connector(name, https.wrap_connector(http))`. Handles are in responses either way.
//!
//! | | below, at the socket | above, where HTTP is |
//! |---|---|---|
//! | the [closer](crate::connection::Closer) | who closed first, as the kernel has it | who said so first; `unknown` where both knew of the end, as after a `close` |
//! | a dial's time | TCP alone | with the handshake |
//! | a handshake that fails | a connection that ends, `unknown` | a failed dial: [`Tls`](crate::connection::DialError::Tls), `Reset`, `GivenUp` |
//! | bytes | of the wire | of HTTP |
//! | a first request that was not answered | `unknown`: it may be the preface of HTTP/2 | `dropped-request`, `peer-closed-active` |
//! | HTTP/2 by ALPN | known with the first response | known with the dial |
//!
//! Below TLS the handshake ends as the client asks the stream for its `Connected`, which hyper-util
//! does. Where none does, ends without an answer are `unknown`.
//!
//! # Versions
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
#[cfg(feature = "reqwest")]
pub mod reqwest;
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
