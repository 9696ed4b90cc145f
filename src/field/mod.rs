//! The fields that decide over a connection, read and edited as RFC 9110 and RFC 9112 say.
//!
//! Pure functions over [`http`] types. Reading takes every line of a field, works on bytes rather
//! than text, allocates nothing, and takes time linear in the length of the field; no bytes make it
//! panic.
//!
//! | question | function |
//! |---|---|
//! | which connection options does the message carry? | [`connection_options`] |
//! | what else stands in `Connection`? | [`connection_elements`] |
//! | does the message let the connection persist? | [`persistence()`] |
//! | and its body? | [`request_framing`], [`response_framing`] |
//! | for how long does the peer keep it? | [`keep_alive()`] |
//! | all of it, in one pass? | [`Signs`] |
//! | may an option name this field? | [`is_sensitive`], [`is_end_to_end`] |
//! | how is one option or field taken out? | [`remove_option`], [`remove_malformed`], [`join_connection_lines`], [`remove_field`] |
//!
//! ```
//! use http::{HeaderMap, HeaderValue, Version, header::CONNECTION};
//! use tower_conn_lint::field::{Direction, persistence, remove_option};
//!
//! let mut headers = HeaderMap::new();
//! headers.append(CONNECTION, HeaderValue::from_static("upgrade, close"));
//! assert!(!persistence(Direction::Request, Version::HTTP_11, &headers).persists());
//!
//! remove_option(&mut headers, "close");
//! assert!(persistence(Direction::Request, Version::HTTP_11, &headers).persists());
//! assert_eq!(headers[CONNECTION], "upgrade");
//! ```

mod came_in;
mod connection_specific;
mod element;
mod framing;
mod keep_alive;
mod list;
mod malformed;
mod misspelling;
mod nomination;
mod option;
mod persistence;
mod removal;
mod signs;
mod token;

pub use self::connection_specific::{
    CONNECTION_SPECIFIC, is_sensitive, remove_connection_specific,
};
pub use self::element::{ConnectionElement, ConnectionElements, connection_elements};
pub use self::framing::{Framing, FramingFault, request_framing, response_framing};
pub use self::keep_alive::{KeepAlive, KeepAliveParameter, KeepAliveParameters, keep_alive};
pub use self::malformed::Malformed;
pub use self::nomination::is_end_to_end;
pub use self::option::{ConnectionOption, ConnectionOptions, connection_options};
pub use self::persistence::{Direction, Persistence, persistence};
pub use self::removal::{join_connection_lines, remove_field, remove_malformed, remove_option};
pub use self::signs::Signs;

pub(crate) use self::came_in::CameIn;
pub(crate) use self::misspelling::is_misspelled;
pub(crate) use self::nomination::{Nomination, remove_nominations};
pub(crate) use self::token::token;
