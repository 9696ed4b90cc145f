//! What ties a connection's record to the socket and the services that it belongs to: the thin
//! shell around the core's `connection`.

#[cfg(feature = "hyper")]
mod body;
#[cfg(feature = "hyper")]
mod frames;
mod guard;
#[cfg(feature = "hyper")]
mod io;
mod link;
mod phases;
#[cfg(feature = "hyper")]
mod room;
mod stopwatch;

#[cfg(feature = "hyper")]
pub use self::body::TrackedBody;
#[cfg(feature = "hyper")]
pub use self::io::{Io, Recorded};

#[cfg(feature = "hyper")]
pub(crate) use self::body::Mark;
pub(crate) use self::guard::{Guard, Hold};
pub(crate) use self::link::Link;
pub(crate) use self::phases::{Called, Phases};
#[cfg(feature = "hyper")]
pub(crate) use self::room::Room;
pub(crate) use self::stopwatch::Stopwatch;
