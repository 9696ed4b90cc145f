use std::error::Error as StdError;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Instant;

use http::Version;

use crate::connection::{Addresses, DialError, Dialler, Flag, Party, Side};
use crate::exchange::Shared;
use crate::kernel::DialLayer;
use crate::lint::printable;
use crate::wired::Guard;

/// A dial that is under way. Dropped before its end, it was given up.
#[derive(Debug)]
pub(crate) struct Dial {
    shared: Arc<Shared>,
    dialler: Arc<Dialler>,
    upstream: String,
    began: Instant,
    is_settled: bool,
}

// === impl Dial ===

impl Dial {
    pub(crate) fn new(shared: Arc<Shared>, dialler: Arc<Dialler>, upstream: String) -> Dial {
        let began = shared.clock.now();
        Dial { shared, dialler, upstream, began, is_settled: false }
    }

    /// It led to a connection, which has a record from here on; none where every lint is off. What
    /// it speaks may be known by now.
    pub(crate) fn led_to(
        &mut self,
        addresses: Addresses,
        version: Option<Version>,
    ) -> Option<Guard> {
        self.is_settled = true;
        let Dial { shared, dialler, began, .. } = &*self;
        if shared.off {
            return None;
        }
        let now = shared.clock.now();
        let took = now.saturating_duration_since(*began);
        let at_dial = shared.kernel.at_dial(addresses, took, DialLayer::Connector);
        let record = shared.record(Side::Outbound, now, addresses);
        if shared.wiring.tells_no_responses() {
            record.raise(Flag::Blind);
        }
        let record = Arc::new(record.dialled(dialler.clone(), took).counted(at_dial));
        if let Some(version) = version {
            record.speaks(version);
        }
        shared.dialled(&record, self.party());
        Some(Guard::new(shared.clone(), record))
    }

    pub(crate) fn failed(&mut self, error: DialError) {
        self.is_settled = true;
        let Dial { shared, dialler, began, .. } = &*self;
        if !shared.off {
            let took = shared.clock.now().saturating_duration_since(*began);
            shared.dial_failed(dialler, &self.party(), error, took);
        }
    }

    fn party(&self) -> Party {
        Party::upstream(self.dialler.client.name, printable(&self.upstream, 96))
    }
}

impl Drop for Dial {
    fn drop(&mut self) {
        if !self.is_settled {
            self.failed(DialError::GivenUp);
        }
    }
}

/// The kind of failure, by the first error of IO in the chain.
pub(crate) fn failure(error: &(dyn StdError + 'static)) -> DialError {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return of_io(io);
        }
        cause = error.source();
    }
    DialError::Other
}

/// Connectors put one error of IO into another (hyper-rustls 0.27), which is no source of it.
fn of_io(error: &io::Error) -> DialError {
    let within = error.get_ref().and_then(|within| within.downcast_ref::<io::Error>());
    if let Some(within) = within {
        return of_io(within);
    }
    match error.kind() {
        ErrorKind::ConnectionRefused => DialError::Refused,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => DialError::Reset,
        ErrorKind::TimedOut => DialError::TimedOut,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => DialError::Unreachable,
        // Every local port towards this address is taken: most by TIME_WAIT.
        ErrorKind::AddrNotAvailable | ErrorKind::AddrInUse => DialError::NoPort,
        // So tokio-rustls tells errors of rustls, and an end in the handshake (0.26).
        ErrorKind::InvalidData | ErrorKind::UnexpectedEof => DialError::Tls,
        _ => DialError::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_that_of_the_innermost_error_of_io() {
        for (kind, expected) in [
            (ErrorKind::InvalidData, DialError::Tls),
            (ErrorKind::UnexpectedEof, DialError::Tls),
            (ErrorKind::ConnectionReset, DialError::Reset),
            (ErrorKind::TimedOut, DialError::TimedOut),
            (ErrorKind::InvalidInput, DialError::Other),
        ] {
            let error = || io::Error::new(kind, "on purpose");
            assert_eq!(failure(&error()), expected, "{kind}");
            let around = io::Error::other(io::Error::other(error()));
            assert_eq!(failure(&around), expected, "{kind}, in two others");
        }
        assert_eq!(failure(&std::fmt::Error), DialError::Other, "no error of IO");
    }
}
