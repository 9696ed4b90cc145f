//! What stands around a server's services, one for each connection.

#[cfg(feature = "hyper")]
mod accept;
#[cfg(feature = "axum")]
mod axum;
mod bodies;
mod future;
mod service;
mod shutdown;

#[cfg(feature = "hyper")]
pub use self::accept::Accepted;
#[cfg(feature = "axum")]
pub(crate) use self::axum::untouched;
#[cfg(feature = "axum")]
pub use self::axum::{Listener, MakeFuture, MakeService};
pub use self::bodies::{Bodies, Same, Tracked};
pub use self::future::ServingFuture;
pub use self::service::PerConnection;
pub use self::shutdown::ShutdownSignal;
