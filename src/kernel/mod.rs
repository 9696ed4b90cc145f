//! What the kernel knows of connections: asked where it may help, and never for long.

mod dials;
mod ports;
#[cfg(all(feature = "linux", target_os = "linux"))]
mod sock_diag;
#[cfg(any(test, all(feature = "linux", target_os = "linux")))]
mod tcp_info;

pub(crate) use self::dials::{DialLayer, SlowDials};
pub(crate) use self::ports::{Ports, time_wait};
