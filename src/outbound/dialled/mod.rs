//! What stands around a connection that a client dials by itself, to speak HTTP on it by
//! `hyper::client::conn`.

mod connection;
mod future;
mod sender;
mod service;

pub use self::connection::Dialled;
pub use self::future::{DialledFuture, Dials};
pub use self::sender::Sender;
pub use self::service::OnConnection;

use self::service::Source;
