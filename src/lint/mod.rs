//! The catalogue of lints, and the checks of a message head.
//!
//! A lint is one [`Lint`]: its name, why it matters, where it applies, what mends it, and for
//! lints of messages the check that decides, a pure function of a [`Head`]. [`check`] gives the
//! set of lints that fire on a head. Lints of connections and of windows have their texts here;
//! their checks are where connections are known.
//!
//! ```
//! use http::{HeaderMap, Method, Version, header};
//! use tower_conn_lint::lint::{self, Head};
//!
//! let mut headers = HeaderMap::new();
//! headers.insert(header::CONNECTION, "close".parse().unwrap());
//!
//! let head = Head::received_request(&Method::GET, Version::HTTP_11, &headers);
//! assert!(lint::check(&head).contains(lint::CALLER_SENDS_CLOSE));
//! assert_eq!(lint::explain("caller-sends-close").unwrap().source(), "RFC 9112 section 9.6");
//! ```

mod calm;
mod catalogue;
mod check;
mod close;
mod diagnostic;
mod entry;
mod evidence;
mod expected;
mod finding;
mod head;
mod hop_by_hop;
mod http2;
mod id;
mod keep_alive;
mod label;
mod level;
mod message;
mod nomination;
mod place;
mod printable;
mod reading;
mod reuse;
mod set;
mod stand_aside;
mod window;

pub use self::catalogue::{all, explain};
pub use self::check::check;
pub use self::close::*;
pub use self::diagnostic::Diagnostic;
pub use self::evidence::Evidence;
pub use self::expected::Expected;
pub use self::finding::{Action, Client, Finding, Findings};
pub use self::head::{Circumstances, Head, RequestBody};
pub use self::hop_by_hop::*;
pub use self::http2::*;
pub use self::id::{Explanation, Lint};
pub use self::keep_alive::*;
pub use self::label::Label;
pub use self::level::{Level, ParseLevelError};
pub use self::message::Message;
pub use self::nomination::*;
pub use self::place::Place;
pub use self::reading::*;
pub use self::reuse::*;
pub use self::set::LintSet;
pub use self::stand_aside::StandAside;
pub use self::window::*;

pub(crate) use self::calm::Calm;
pub(crate) use self::check::is_quiet_response;
#[cfg(feature = "test-util")]
pub(crate) use self::diagnostic::wrapped;
pub(crate) use self::entry::{Edit, Rewrite};
pub(crate) use self::printable::printable;
pub(crate) use self::stand_aside::unread_body;
