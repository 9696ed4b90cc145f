//! For servers: the layer that judges requests that were received and responses of ours, and what
//! stands around connections.
//!
//! ```
//! # #[cfg(feature = "axum")] {
//! use axum::{Router, routing::post};
//! use tower_conn_lint::ConnLint;
//!
//! # async fn login() {}
//! let lint = ConnLint::new();
//! let app: Router = Router::new()
//!     .route("/login", post(login))
//!     .layer(lint.inbound());        // last, so that it covers every route
//! # }
//! ```
//!
//! A received request can't be rewritten with effect: the server below has read its `close`
//! already. A response can, so `fix` acts there. A response of a handler is never replaced.
//!
//! | served by | its sockets | its services |
//! |---|---|---|
//! | `axum::serve` | `ConnLint::listener` | `ConnLint::make_service` |
//! | axum-server | `ConnLint::acceptor` | the same |
//! | tonic | `ConnLint::incoming` | `ConnLint::join`, a layer |
//! | hyper-util, in our accept loop | `ConnLint::serve` | the same |
//! | an accept loop of your own | `ConnLint::accept` | `Accepted::service` |
//!
//! Under TLS each of them stands around a stream of TLS, or around the socket below it: an acceptor as
//! `RustlsAcceptor::new(config).acceptor(lint.acceptor(DefaultAcceptor::new()))`, an accept loop
//! before the handshake. Below it who closed first is known, bytes are those of the wire, and what
//! was no HTTP on a new connection is `unknown`. Above it the closer is who said first that it ends,
//! and `unknown` where both knew, or where a caller of HTTP/2 leaves.
//!
//! Each request carries a [`ConnHandle`](crate::ConnHandle) then, bodies are tracked, and each
//! connection that ends has a [cause](crate::connection::EndCause) and a
//! [closer](crate::connection::Closer).

mod answer;
mod future;
mod layer;
mod problem;
mod serve;
mod service;
#[cfg(feature = "tonic")]
mod tonic;

pub use self::answer::{Answer, KnownBodies};
pub use self::future::ResponseFuture;
pub use self::layer::InboundLayer;
#[cfg(any(feature = "axum", feature = "tonic"))]
pub use self::serve::Same;
#[cfg(feature = "axum-server")]
pub use self::serve::{AcceptFuture, Acceptor};
#[cfg(feature = "hyper")]
pub use self::serve::{Accepted, Serving};
pub use self::serve::{Bodies, PerConnection, ServingFuture, ShutdownSignal, Tracked};
#[cfg(feature = "hyper-util")]
pub use self::serve::{Listen, Serve, ServeFuture};
#[cfg(feature = "axum")]
pub use self::serve::{Listener, MakeFuture, MakeService, NoConnection, SeenListener};
pub use self::service::Inbound;
#[cfg(feature = "tonic")]
pub use self::tonic::{Incoming, Join, JoinLayer};

#[cfg(feature = "axum")]
pub(crate) use self::serve::untouched;
#[cfg(feature = "tonic")]
pub(crate) use self::tonic::{Key, Peers};
