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
#[cfg(feature = "hyper-util")]
mod listen;
#[cfg(feature = "hyper-util")]
mod server;
mod service;
#[cfg(feature = "hyper")]
mod serving;
mod shutdown;

#[cfg(feature = "hyper")]
pub use self::accept::Accepted;
#[cfg(feature = "axum")]
pub(crate) use self::axum::untouched;
#[cfg(feature = "axum")]
pub use self::axum::{Listener, MakeFuture, MakeService, SeenListener};
#[cfg(feature = "axum-server")]
pub use self::axum_server::{AcceptFuture, Acceptor};
#[cfg(any(feature = "axum", feature = "tonic"))]
pub use self::bodies::Same;
pub use self::bodies::{Bodies, Tracked};
#[cfg(feature = "axum")]
pub use self::extract::NoConnection;
pub use self::future::ServingFuture;
#[cfg(feature = "hyper-util")]
pub use self::listen::Listen;
#[cfg(feature = "hyper-util")]
pub use self::server::{Serve, ServeFuture};
pub use self::service::PerConnection;
#[cfg(feature = "hyper")]
pub use self::serving::Serving;
pub use self::shutdown::ShutdownSignal;

#[cfg(feature = "tonic")]
pub(super) use self::service::serve;
