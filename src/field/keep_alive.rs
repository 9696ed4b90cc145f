//! The `Keep-Alive` field: for how long, and for how many requests, a peer keeps a connection.

use std::fmt;
use std::iter::FusedIterator;
use std::time::Duration;

use http::header::{HeaderMap, HeaderName};

use super::list::{Elements, Quotes};
use super::malformed::Malformed;
use super::token::{decimal, is_digits, token};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// The longest timeout reported: 2^31 seconds, as for other numbers of seconds that are too large to
/// count (RFC 9111 section 1.2.2). It can be added to any realistic instant.
const LONGEST_TIMEOUT: u64 = 1 << 31;

/// One parameter of the `Keep-Alive` field: `name=value`, without whitespace around the `=`.
///
/// ```
/// use http::{HeaderMap, HeaderName, HeaderValue};
/// use tower_conn_lint::field::keep_alive;
///
/// let name = HeaderName::from_static("keep-alive");
/// let headers = HeaderMap::from_iter([(name, HeaderValue::from_static("Timeout=5"))]);
///
/// let parameter = keep_alive(&headers).parameters().next().unwrap().unwrap();
/// assert!(parameter.is("timeout"));
/// assert_eq!(parameter.name(), "Timeout");
/// assert_eq!(parameter.value(), b"5");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeepAliveParameter<'a> {
    name: &'a str,
    value: &'a [u8],
}

/// What the `Keep-Alive` field of a message says, over all its lines.
///
/// The field is described by RFC 2068 section 19.7.1.1 and draft-thomson-hybi-http-timeout-03. It is
/// a hint; it matters only beside the `keep-alive` option and without `close`.
///
/// ```
/// use std::time::Duration;
///
/// use http::{HeaderMap, HeaderName, HeaderValue};
/// use tower_conn_lint::field::keep_alive;
///
/// let name = HeaderName::from_static("keep-alive");
/// let headers = HeaderMap::from_iter([(name, HeaderValue::from_static("timeout=5, max=100"))]);
///
/// let keep_alive = keep_alive(&headers);
/// assert_eq!(keep_alive.timeout(), Some(Duration::from_secs(5)));
/// assert_eq!(keep_alive.max(), Some(100));
/// assert!(keep_alive.is_well_formed());
/// ```
// No iterator itself: `Iterator::max` would hide `max`.
#[derive(Clone, Copy)]
pub struct KeepAlive<'a> {
    headers: &'a HeaderMap,
}

/// The parameters of all `Keep-Alive` lines, in order; an element that is none comes as an `Err`.
///
/// Empty elements are passed over. A comma within a quoted string separates nothing.
///
/// ```
/// use http::{HeaderMap, HeaderName, HeaderValue};
/// use tower_conn_lint::field::keep_alive;
///
/// let name = HeaderName::from_static("keep-alive");
/// let headers = HeaderMap::from_iter([(name, HeaderValue::from_static("300, max=100"))]);
///
/// let mut parameters = keep_alive(&headers).parameters();
/// assert_eq!(parameters.next().unwrap().unwrap_err().as_bytes(), b"300");
/// assert_eq!(parameters.next().unwrap().unwrap().name(), "max");
/// assert!(parameters.next().is_none());
/// ```
#[derive(Clone)]
pub struct KeepAliveParameters<'a> {
    elements: Elements<'a>,
}

/// The `Keep-Alive` field in `headers`; without such a line it says nothing and is well-formed.
#[must_use]
pub const fn keep_alive(headers: &HeaderMap) -> KeepAlive<'_> {
    KeepAlive { headers }
}

// === impl KeepAliveParameter ===

impl<'a> KeepAliveParameter<'a> {
    fn parse(element: &'a [u8]) -> Option<Self> {
        let equals = element.iter().position(|&byte| byte == b'=')?;
        let (name, [_, value @ ..]) = element.split_at_checked(equals)? else {
            return None;
        };
        let name = token(name)?;
        (token(value).is_some() || is_quoted_string(value)).then_some(Self { name, value })
    }

    /// The name as sent: a token.
    #[must_use]
    pub const fn name(self) -> &'a str {
        self.name
    }

    /// The value as sent: a token, or a quoted string with its quotes.
    #[must_use]
    pub const fn value(self) -> &'a [u8] {
        self.value
    }

    /// Whether the name is `name`, without regard to ASCII case.
    #[must_use]
    pub fn is(self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Whether this is one of the two parameters that are numbers.
    fn is_number(self) -> bool {
        self.is("timeout") || self.is("max")
    }
}

impl fmt::Debug for KeepAliveParameter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value } = self;
        write!(f, "KeepAliveParameter({name}={})", value.escape_ascii())
    }
}

// === impl KeepAlive ===

impl<'a> KeepAlive<'a> {
    /// All parameters, in order.
    #[must_use]
    pub fn parameters(self) -> KeepAliveParameters<'a> {
        KeepAliveParameters { elements: Elements::new(self.headers, KEEP_ALIVE, Quotes::Paired) }
    }

    /// How long the sender keeps an idle connection: the first `timeout` of plain digits, in whole
    /// seconds, at most 2^31 of them.
    #[must_use]
    pub fn timeout(self) -> Option<Duration> {
        let seconds = self.first_number("timeout")?;
        Some(Duration::from_secs(seconds.min(LONGEST_TIMEOUT)))
    }

    /// How many more requests the sender takes on this connection: the first `max` of plain digits,
    /// at most [`u64::MAX`].
    #[must_use]
    pub fn max(self) -> Option<u64> {
        self.first_number("max")
    }

    /// Whether every element is a `name=value`, and every `timeout` and `max` plain digits: `-1` and
    /// `"5"` are not. An empty field is well-formed, and so is none.
    #[must_use]
    pub fn is_well_formed(self) -> bool {
        self.parameters().all(|element| match element {
            Ok(parameter) => !parameter.is_number() || is_digits(parameter.value),
            Err(_) => false,
        })
    }

    fn first_number(self, name: &str) -> Option<u64> {
        self.parameters()
            .flatten()
            .find(|parameter| parameter.is(name) && is_digits(parameter.value))
            .map(|parameter| decimal(parameter.value).unwrap_or(u64::MAX))
    }
}

impl<'a> IntoIterator for KeepAlive<'a> {
    type Item = Result<KeepAliveParameter<'a>, Malformed<'a>>;
    type IntoIter = KeepAliveParameters<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.parameters()
    }
}

impl fmt::Debug for KeepAlive<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parameters().fmt(f)
    }
}

// === impl KeepAliveParameters ===

impl<'a> Iterator for KeepAliveParameters<'a> {
    type Item = Result<KeepAliveParameter<'a>, Malformed<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let element = self.elements.find(|element| !element.is_empty())?;
        Some(KeepAliveParameter::parse(element).ok_or(Malformed::new(element)))
    }
}

impl FusedIterator for KeepAliveParameters<'_> {}

impl fmt::Debug for KeepAliveParameters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// Whether the bytes are one quoted string, its closing quote the last of them (RFC 9110 section 5.6.4).
fn is_quoted_string(bytes: &[u8]) -> bool {
    let [b'"', inner @ .., b'"'] = bytes else {
        return false;
    };
    let mut escaped = false;
    let closed_early = inner.iter().any(|&byte| {
        let after_backslash = std::mem::take(&mut escaped);
        escaped = byte == b'\\' && !after_backslash;
        byte == b'"' && !after_backslash
    });
    !closed_early && !escaped
}
