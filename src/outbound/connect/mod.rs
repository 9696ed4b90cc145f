//! What stands around a client's connector: each dial is timed, each connection has a record.

mod connector;
mod dial;
mod future;

pub use self::connector::{Connection, Connector};
pub use self::future::Dialling;

pub(crate) use self::dial::{Dial, failure};
