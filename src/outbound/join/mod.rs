//! What joins responses with connections for a client that has one at a time and says of no response
//! which it came on.

mod current;
mod future;
mod layer;
mod service;

pub use self::future::JoinFuture;
pub use self::layer::JoinLayer;
pub use self::service::Join;

pub(super) use self::current::Current;
use self::current::Dialled;
