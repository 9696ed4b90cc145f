use std::error::Error as StdError;
use std::fmt;

use crate::denied::Denied;

type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a call failed: the policy denied it, or the client below did. Text and source of the
/// client's error are passed through.
///
/// ```
/// use tower_conn_lint::outbound::Error;
///
/// fn is_ours(error: &Error) -> bool {
///     matches!(error, Error::Denied(_))
/// }
///
/// fn is_refused(error: &Error) -> bool {
///     error.inner::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::ConnectionRefused)
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The request was not sent.
    Denied(Denied),
    /// The error of the client below, unchanged.
    Inner(BoxError),
}

impl Error {
    /// The error of the client below, if it is of this type.
    pub fn inner<E: StdError + 'static>(&self) -> Option<&E> {
        match self {
            Error::Denied(_) => None,
            Error::Inner(error) => error.downcast_ref(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Denied(denied) => denied.fmt(f),
            Error::Inner(error) => error.fmt(f),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Error::Denied(denied) => denied.source(),
            Error::Inner(error) => error.source(),
        }
    }
}
