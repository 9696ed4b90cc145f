use std::net::SocketAddr;
use std::time::Duration;

use super::Towards;
use crate::connection::{Addresses, AtDial};

/// How the kernel is asked, and of which dials: a SYN is sent again after a second, so that nothing is
/// learnt from fast ones, and they pay for nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kernel {
    slow_dial: Duration,
    #[cfg(all(feature = "linux", target_os = "linux"))]
    open: super::Open,
}

/// Where a dial is seen from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DialLayer {
    /// Where its connector gives it.
    Connector,
    /// Where a client gives it that hides its TLS: what it sent is not known to be a SYN once there
    /// was content.
    #[cfg_attr(not(feature = "reqwest"), allow(dead_code, reason = "reqwest is such a client"))]
    AboveTls,
}

// === impl Kernel ===

impl Kernel {
    pub(crate) const SLOW_DIAL: Duration = Duration::from_millis(200);

    pub(crate) const fn new(slow_dial: Duration) -> Kernel {
        Kernel {
            slow_dial,
            #[cfg(all(feature = "linux", target_os = "linux"))]
            open: super::sock_diag::open,
        }
    }

    pub(crate) fn is_slow(self, dial: Duration) -> bool {
        dial >= self.slow_dial
    }
}

#[cfg(all(feature = "linux", target_os = "linux"))]
impl Kernel {
    /// What it counted of a connection whose dial took so long: to be asked at once, and of the
    /// thread that dialled, whose network namespace it is.
    pub(crate) fn at_dial(
        self,
        addresses: Addresses,
        took: Duration,
        layer: DialLayer,
    ) -> Option<AtDial> {
        let (local, peer) = addresses.local.zip(addresses.peer).filter(|_| self.is_slow(took))?;
        self.ask(local, peer, layer)
    }

    /// Which sockets there are towards some addresses, as far as it tells in time: not for a thread that
    /// may not wait so long.
    pub(crate) fn towards(self, addresses: &[SocketAddr]) -> Option<Towards> {
        let most = super::sock_diag::DumpBounds::default();
        known(Towards::read(self.open, addresses, most))
    }

    #[cold]
    fn ask(self, local: SocketAddr, peer: SocketAddr, layer: DialLayer) -> Option<AtDial> {
        let info = known(super::sock_diag::tcp_info(self.open, local, peer))??;
        super::tcp_info::read(&info, layer)
    }

    #[cfg(test)]
    pub(crate) fn opening(self, open: super::Open) -> Kernel {
        Kernel { open, ..self }
    }
}

#[cfg(not(all(feature = "linux", target_os = "linux")))]
impl Kernel {
    pub(crate) fn at_dial(self, _: Addresses, _: Duration, _: DialLayer) -> Option<AtDial> {
        None
    }

    pub(crate) fn towards(self, _: &[SocketAddr]) -> Option<Towards> {
        None
    }
}

/// What it answered; said once where it can't be asked.
#[cfg(all(feature = "linux", target_os = "linux"))]
fn known<T>(answer: std::io::Result<T>) -> Option<T> {
    use std::sync::atomic::{AtomicBool, Ordering};

    use crate::report::TARGET;

    /// Of the process: whatever forbids it forbids it to all lints.
    static TOLD: AtomicBool = AtomicBool::new(false);

    match answer {
        Ok(answer) => Some(answer),
        Err(error) => {
            // Relaxed: it orders nothing else.
            if !TOLD.swap(true, Ordering::Relaxed) {
                tracing::info!(
                    target: TARGET,
                    %error,
                    "the kernel can't be asked about sockets: whether a SYN was sent again, and which \
                     ports are held towards whom, stays unknown",
                );
            }
            None
        }
    }
}

#[cfg(all(test, feature = "linux", target_os = "linux"))]
mod tests {
    use std::io;

    use super::*;
    use crate::report::log;

    /// As a filter of system calls answers.
    fn forbidden() -> io::Result<netlink_sys::Socket> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    #[test]
    fn where_netlink_is_forbidden_all_is_unknown_and_that_is_said_once() {
        let kernel = Kernel::new(Duration::ZERO).opening(forbidden);
        let address = SocketAddr::from(([127, 0, 0, 1], 80));
        let addresses =
            Addresses { local: Some(address), peer: Some(address), ..Addresses::default() };
        let lines = log::of(|| {
            for _ in 0..3 {
                let at_dial = kernel.at_dial(addresses, Duration::ZERO, DialLayer::Connector);
                assert_eq!(at_dial, None, "nobody told");
                assert!(kernel.towards(&[address]).is_none(), "nor that");
            }
        });
        assert_eq!(lines.lines().count(), 1, "one line for the process: {lines}");
        assert!(lines.contains("INFO tower_conn_lint: the kernel can't be asked"), "{lines}");
    }
}
