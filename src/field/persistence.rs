//! Persistence: whether a message lets its connection persist.

use std::fmt;

use http::Version;
use http::header::HeaderMap;

use super::option::connection_options;

/// Whether a message head is a request's or a response's.
///
/// ```
/// use tower_conn_lint::field::Direction;
///
/// assert_ne!(Direction::Request, Direction::Response);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From client to server.
    Request,
    /// From server to client.
    Response,
}

/// Whether a message lets its connection persist, and by which rule of RFC 9112 section 9.3.
///
/// [`Display`](fmt::Display) gives the rule in words.
///
/// ```
/// use http::{HeaderMap, HeaderValue, Version, header::CONNECTION};
/// use tower_conn_lint::field::{Direction, Persistence, persistence};
///
/// let headers = HeaderMap::from_iter([(CONNECTION, HeaderValue::from_static("keep-alive, Close"))]);
///
/// let verdict = persistence(Direction::Request, Version::HTTP_11, &headers);
/// assert_eq!(verdict, Persistence::CloseOption);
/// assert!(!verdict.persists());
/// assert_eq!(verdict.to_string(), "the close option ends the connection");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Persistence {
    /// HTTP/2 or HTTP/3: no field ends the connection (RFC 9113 section 9.1, RFC 9114 section 5).
    Multiplexed,
    /// `close`, in whatever version below 2, and whatever stands beside it.
    CloseOption,
    /// HTTP/1.1 without `close`.
    DefaultPersistent,
    /// An HTTP/1.0 response with `keep-alive`.
    KeepAliveOption,
    /// An HTTP/1.0 request with `keep-alive`. It persists, unless the recipient is a proxy, which
    /// must not keep such a connection, or does not honour the option.
    KeepAliveOptionUnlessProxy,
    /// HTTP/1.0 without `keep-alive`.
    Http10WithoutKeepAlive,
    /// HTTP/0.9, which has no fields to ask for it.
    Http09,
}

/// Whether a message of this `version` with these `headers` lets its connection persist, going by
/// the rules of RFC 9112 section 9.3 in their order.
///
/// Only `Connection` is read. Whether the body leaves the connection usable is another question:
/// [`request_framing`](super::request_framing) and [`response_framing`](super::response_framing).
///
/// `direction` never changes [`persists`](Persistence::persists). It matters to HTTP/1.0 with
/// `keep-alive` alone, which a proxy must not honour in a request but may in a response; the verdict
/// assumes that the recipient is no proxy, and says so by
/// [`KeepAliveOptionUnlessProxy`](Persistence::KeepAliveOptionUnlessProxy).
#[must_use]
pub fn persistence(direction: Direction, version: Version, headers: &HeaderMap) -> Persistence {
    if version >= Version::HTTP_2 {
        return Persistence::Multiplexed;
    }
    let mut keep_alive = false;
    for option in connection_options(headers) {
        if option.is_close() {
            return Persistence::CloseOption;
        }
        keep_alive |= option.is_keep_alive();
    }
    match version {
        Version::HTTP_09 => Persistence::Http09,
        Version::HTTP_10 if !keep_alive => Persistence::Http10WithoutKeepAlive,
        Version::HTTP_10 => match direction {
            Direction::Request => Persistence::KeepAliveOptionUnlessProxy,
            Direction::Response => Persistence::KeepAliveOption,
        },
        _ => Persistence::DefaultPersistent,
    }
}

// === impl Persistence ===

impl Persistence {
    /// Whether the connection may carry another message after this one.
    #[must_use]
    pub const fn persists(self) -> bool {
        match self {
            Self::Multiplexed
            | Self::DefaultPersistent
            | Self::KeepAliveOption
            | Self::KeepAliveOptionUnlessProxy => true,
            Self::CloseOption | Self::Http10WithoutKeepAlive | Self::Http09 => false,
        }
    }
}

impl fmt::Display for Persistence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Multiplexed => "HTTP/2 and HTTP/3 persist, whatever the fields say",
            Self::CloseOption => "the close option ends the connection",
            Self::DefaultPersistent => "HTTP/1.1 persists by default",
            Self::KeepAliveOption => "HTTP/1.0 persists by its keep-alive option",
            Self::KeepAliveOptionUnlessProxy => {
                "HTTP/1.0 persists by its keep-alive option, unless the recipient is a proxy"
            }
            Self::Http10WithoutKeepAlive => "HTTP/1.0 without a keep-alive option does not persist",
            Self::Http09 => "HTTP/0.9 does not persist",
        })
    }
}
