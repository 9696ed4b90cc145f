//! Connection elements: everything between the commas of the `Connection` field.

use std::fmt;
use std::iter::FusedIterator;

use http::header::{CONNECTION, HeaderMap};

use super::list::{Elements, Quotes};
use super::malformed::Malformed;
use super::option::ConnectionOption;
use super::token::token;

/// One list element of the `Connection` field, well-formed or not.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header::CONNECTION};
/// use tower_conn_lint::field::{ConnectionElement, connection_elements};
///
/// let headers = HeaderMap::from_iter([(CONNECTION, HeaderValue::from_static("close,, keep alive"))]);
///
/// for element in connection_elements(&headers) {
///     match element {
///         ConnectionElement::Option(option) => assert!(option.is_close()),
///         ConnectionElement::Malformed(malformed) => assert_eq!(malformed.as_bytes(), b"keep alive"),
///         ConnectionElement::Empty => {}
///         _ => unreachable!("no such element here"),
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectionElement<'a> {
    /// A token: a connection option.
    Option(ConnectionOption<'a>),
    /// Bytes that are no token; recipients read no option from them.
    Malformed(Malformed<'a>),
    /// Nothing between two commas, or before the first or after the last. Recipients ignore it,
    /// senders must not generate it (RFC 9110 section 5.6.1).
    Empty,
}

/// The list elements of all `Connection` lines, in order.
///
/// Commas separate, also within quotes, as an option is a token and nothing else; the whitespace
/// around elements is SP and HTAB. A line that is blank as a whole is a valid empty list and yields
/// nothing.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header::CONNECTION};
/// use tower_conn_lint::field::{ConnectionElement, connection_elements};
///
/// let mut headers = HeaderMap::new();
/// headers.append(CONNECTION, HeaderValue::from_static(" "));
/// assert_eq!(connection_elements(&headers).count(), 0);
///
/// headers.append(CONNECTION, HeaderValue::from_static(r#""a, close, b""#));
/// let mut elements = connection_elements(&headers);
/// assert!(matches!(elements.next(), Some(ConnectionElement::Malformed(_))));
/// assert!(matches!(elements.next(), Some(ConnectionElement::Option(option)) if option.is_close()));
/// assert_eq!(elements.count(), 1);
/// ```
#[derive(Clone)]
pub struct ConnectionElements<'a> {
    elements: Elements<'a>,
}

/// The list elements of every `Connection` line in `headers`, also those that are no options.
///
/// For the options alone there is [`connection_options`](super::connection_options).
#[must_use]
pub fn connection_elements(headers: &HeaderMap) -> ConnectionElements<'_> {
    ConnectionElements { elements: Elements::new(headers, CONNECTION, Quotes::Plain) }
}

// === impl ConnectionElement ===

impl<'a> ConnectionElement<'a> {
    /// `element` is trimmed.
    pub(super) fn new(element: &'a [u8]) -> Self {
        if element.is_empty() {
            return Self::Empty;
        }
        match token(element) {
            Some(token) => Self::Option(ConnectionOption::new(token)),
            None => Self::Malformed(Malformed::new(element)),
        }
    }

    pub(super) fn as_bytes(self) -> &'a [u8] {
        match self {
            Self::Option(option) => option.as_str().as_bytes(),
            Self::Malformed(malformed) => malformed.as_bytes(),
            Self::Empty => &[],
        }
    }
}

// === impl ConnectionElements ===

impl<'a> Iterator for ConnectionElements<'a> {
    type Item = ConnectionElement<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.elements.next().map(ConnectionElement::new)
    }
}

impl FusedIterator for ConnectionElements<'_> {}

impl fmt::Debug for ConnectionElements<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}
