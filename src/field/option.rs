//! Connection options: the well-formed elements of the `Connection` field.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::iter::FusedIterator;

use http::header::{HeaderMap, HeaderName};

use super::element::{ConnectionElement, ConnectionElements, connection_elements};
use super::malformed::Malformed;

/// One connection option: a token of the `Connection` field (RFC 9110 section 7.6.1).
///
/// Options are compared without regard to ASCII case, and hashed accordingly.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header::CONNECTION};
/// use tower_conn_lint::field::connection_options;
///
/// let headers = HeaderMap::from_iter([(CONNECTION, HeaderValue::from_static("Close, CLOSE"))]);
///
/// let mut options = connection_options(&headers);
/// let (first, second) = (options.next().unwrap(), options.next().unwrap());
/// assert!(first.is_close());
/// assert_eq!(first, second);
/// assert_eq!(first.as_str(), "Close");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ConnectionOption<'a>(&'a str);

/// The connection options of all `Connection` lines, in order, duplicates kept.
///
/// Malformed and empty elements are left out; [`malformed`](Self::malformed) and
/// [`connection_elements`] show them.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header::CONNECTION};
/// use tower_conn_lint::field::connection_options;
///
/// let mut headers = HeaderMap::new();
/// headers.append(CONNECTION, HeaderValue::from_static("TE, , x y"));
/// headers.append(CONNECTION, HeaderValue::from_static("close"));
///
/// let options = connection_options(&headers);
/// assert!(options.clone().any(|option| option.is_close()));
/// assert_eq!(options.malformed().count(), 1);
/// assert_eq!(options.map(|option| option.as_str()).collect::<Vec<_>>(), ["TE", "close"]);
/// ```
#[derive(Clone)]
pub struct ConnectionOptions<'a> {
    elements: ConnectionElements<'a>,
}

/// The connection options in `headers`: every token of every `Connection` line.
///
/// Reads nothing but that field, in one pass and without allocation. Whether the message may carry
/// it (HTTP/2 and HTTP/3 forbid the field, RFC 9113 section 8.2.2) is not asked here.
#[must_use]
pub fn connection_options(headers: &HeaderMap) -> ConnectionOptions<'_> {
    ConnectionOptions { elements: connection_elements(headers) }
}

// === impl ConnectionOption ===

impl<'a> ConnectionOption<'a> {
    /// `token` is a token: RFC 9110 section 5.6.2.
    pub(super) const fn new(token: &'a str) -> Self {
        Self(token)
    }

    /// The option as sent, its casing kept.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// Whether this is `close`: no further message on this connection (RFC 9112 section 9.6).
    #[must_use]
    pub fn is_close(self) -> bool {
        self.is("close")
    }

    /// Whether this is `keep-alive`, which HTTP/1.0 needs in order to persist (RFC 9112 section 9.3).
    #[must_use]
    pub fn is_keep_alive(self) -> bool {
        self.is("keep-alive")
    }

    /// Whether this is `upgrade`, which belongs to the `Upgrade` field (RFC 9110 section 7.8).
    #[must_use]
    pub fn is_upgrade(self) -> bool {
        self.is("upgrade")
    }

    /// Whether this is `te`, which belongs to the `TE` field (RFC 9110 section 10.1.4).
    #[must_use]
    pub fn is_te(self) -> bool {
        self.is("te")
    }

    /// Whether this is `option`, without regard to ASCII case.
    #[must_use]
    pub fn is(self, option: &str) -> bool {
        self.0.eq_ignore_ascii_case(option)
    }

    /// Whether this nominates the field `name` as one for this connection only (RFC 9110 section 7.6.1).
    #[must_use]
    pub fn names(self, name: &HeaderName) -> bool {
        self.is(name.as_str())
    }
}

impl PartialEq for ConnectionOption<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.is(other.0)
    }
}

impl Eq for ConnectionOption<'_> {}

impl Hash for ConnectionOption<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
        // As `str` does: no token's hash is the beginning of another's.
        state.write_u8(0xff);
    }
}

impl fmt::Display for ConnectionOption<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

// === impl ConnectionOptions ===

impl<'a> ConnectionOptions<'a> {
    /// The malformed elements among those not yet passed; the options themselves stay where they are.
    pub fn malformed(&self) -> impl Iterator<Item = Malformed<'a>> + Clone + use<'a> {
        self.elements.clone().filter_map(|element| match element {
            ConnectionElement::Malformed(malformed) => Some(malformed),
            ConnectionElement::Option(_) | ConnectionElement::Empty => None,
        })
    }
}

impl<'a> Iterator for ConnectionOptions<'a> {
    type Item = ConnectionOption<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.elements.find_map(|element| match element {
            ConnectionElement::Option(option) => Some(option),
            ConnectionElement::Malformed(_) | ConnectionElement::Empty => None,
        })
    }
}

impl FusedIterator for ConnectionOptions<'_> {}

impl fmt::Debug for ConnectionOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}
