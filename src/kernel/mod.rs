//! What the kernel knows of connections: asked where it may help, and never for long.

#[expect(clippy::module_inception, reason = "the kernel is the module's one noun")]
mod kernel;
mod ports;
#[cfg(all(feature = "linux", target_os = "linux"))]
mod sock_diag;
#[cfg(any(test, all(feature = "linux", target_os = "linux")))]
mod tcp_info;
mod towards;

pub(crate) use self::kernel::{DialLayer, Kernel};
pub(crate) use self::ports::{Ports, time_wait};
#[cfg(all(feature = "linux", target_os = "linux"))]
pub(crate) use self::sock_diag::Open;
pub(crate) use self::towards::{Held, Towards};
