//! What stands around a server's services, one for each connection.

#[cfg(feature = "hyper")]
mod accept;
#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "axum-server")]
mod axum_server;
mod bodies;
#[cfg(feature = "axum")]
mod extract;
mod future;
mod service;
mod shutdown;

#[cfg(feature = "hyper")]
pub use self::accept::Accepted;
#[cfg(feature = "axum")]
pub(crate) use self::axum::untouched;
#[cfg(feature = "axum")]
pub use self::axum::{Listener, MakeFuture, MakeService, SeenListener};
#[cfg(feature = "axum-server")]
pub use self::axum_server::{AcceptFuture, Acceptor};
#[cfg(feature = "axum")]
pub use self::bodies::Same;
pub use self::bodies::{Bodies, Tracked};
#[cfg(feature = "axum")]
pub use self::extract::NoConnection;
pub use self::future::ServingFuture;
pub use self::service::PerConnection;
pub use self::shutdown::ShutdownSignal;
