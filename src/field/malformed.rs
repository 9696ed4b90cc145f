//! Elements that do not match the grammar of their field.

use std::fmt;

/// A list element that does not match the grammar of its field, without the whitespace around it.
///
/// Its bytes are the peer's, and any but the controls: [`Display`](fmt::Display) escapes them, so
/// that they can be printed.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header::CONNECTION};
/// use tower_conn_lint::field::connection_options;
///
/// let mut headers = HeaderMap::new();
/// headers.insert(CONNECTION, HeaderValue::from_bytes(b"close, cl\xf6se")?);
///
/// let malformed = connection_options(&headers).malformed().next().unwrap();
/// assert_eq!(malformed.as_bytes(), b"cl\xf6se");
/// assert!(malformed.has_obs_text());
/// assert_eq!(malformed.to_string(), r"cl\xf6se");
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Malformed<'a>(&'a [u8]);

// === impl Malformed ===

impl<'a> Malformed<'a> {
    pub(super) const fn new(element: &'a [u8]) -> Self {
        Self(element)
    }

    /// The bytes as sent; never empty.
    #[must_use]
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Whether a byte of 0x80 or above is among them (`obs-text`, RFC 9110 section 5.5).
    ///
    /// Such bytes deserve a word of their own: readers that take the value for text first lose the
    /// whole line, and with it a `close` (hyper 1.12 does).
    #[must_use]
    pub fn has_obs_text(self) -> bool {
        !self.0.is_ascii()
    }
}

impl fmt::Display for Malformed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.escape_ascii().fmt(f)
    }
}

impl fmt::Debug for Malformed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Malformed").field(&format_args!("\"{self}\"")).finish()
    }
}
