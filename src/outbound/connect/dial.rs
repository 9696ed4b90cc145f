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

fn of_io(error: &io::Error) -> DialError {
    match error.kind() {
        ErrorKind::ConnectionRefused => DialError::Refused,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => DialError::Reset,
        ErrorKind::TimedOut => DialError::TimedOut,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => DialError::Unreachable,
        // Every local port towards this address is taken: most by TIME_WAIT.
        ErrorKind::AddrNotAvailable | ErrorKind::AddrInUse => DialError::NoPort,
        _ => DialError::Other,
    }
}
