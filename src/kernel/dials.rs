use std::time::Duration;

use crate::connection::{Addresses, AtDial};

/// Of which dials the kernel is asked: a SYN is sent again after a second, so that nothing is
/// learnt from fast ones, and they pay for nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlowDials {
    from: Duration,
}

/// Where a dial is seen from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DialLayer {
    /// Where its connector gives it.
    Connector,
    /// Where a client gives it that hides its TLS: what it sent is not known to be a SYN once there
    /// was content.
    AboveTls,
}

// === impl SlowDials ===

impl SlowDials {
    pub(crate) const DEFAULT: Duration = Duration::from_millis(200);

    pub(crate) const fn from(from: Duration) -> SlowDials {
        SlowDials { from }
    }

    /// What the kernel counted of a connection whose dial took so long: to be asked at once, and
    /// of the thread that dialled, whose network namespace it is.
    pub(crate) fn ask(
        self,
        addresses: Addresses,
        took: Duration,
        layer: DialLayer,
    ) -> Option<AtDial> {
        let (local, peer) = addresses.local.zip(addresses.peer).filter(|_| took >= self.from)?;
        at_dial(local, peer, layer)
    }
}

#[cfg(all(feature = "linux", target_os = "linux"))]
#[cold]
fn at_dial(
    local: std::net::SocketAddr,
    peer: std::net::SocketAddr,
    layer: DialLayer,
) -> Option<AtDial> {
    use std::sync::atomic::{AtomicBool, Ordering};

    use crate::report::TARGET;

    /// Of the process: whatever forbids it forbids it to all lints.
    static TOLD: AtomicBool = AtomicBool::new(false);

    match super::sock_diag::tcp_info(local, peer) {
        Ok(info) => super::tcp_info::read(&info?, layer),
        Err(error) => {
            // Relaxed: it orders nothing else.
            if !TOLD.swap(true, Ordering::Relaxed) {
                tracing::info!(
                    target: TARGET,
                    %error,
                    "the kernel can't be asked about slow dials: whether a SYN was sent again stays unknown",
                );
            }
            None
        }
    }
}

#[cfg(not(all(feature = "linux", target_os = "linux")))]
fn at_dial(_: std::net::SocketAddr, _: std::net::SocketAddr, _: DialLayer) -> Option<AtDial> {
    None
}
