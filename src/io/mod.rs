//! A stream that tells how it is used and how it ends: bytes, ends and errors, and no HTTP.

mod addresses;
mod queued;
mod sensor;
pub(crate) mod tls;
mod watched;

pub(crate) use self::queued::{Queued, is_socket};
pub(crate) use self::sensor::Sensor;
pub(crate) use self::watched::Watched;
