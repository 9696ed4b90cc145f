use std::error::Error as StdError;
use std::io::{self, ErrorKind};

use crate::connection::DialError;

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
