//! What stands around tonic's server, which owns its connections: a stream that they come from, and
//! a layer that finds the connection of each request again, by what tonic tells of its caller.

mod incoming;
mod key;
mod layer;
mod peers;
mod service;

pub use self::incoming::Incoming;
pub use self::layer::JoinLayer;
pub use self::service::Join;

pub(crate) use self::key::Key;
pub(crate) use self::peers::Peers;
