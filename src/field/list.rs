//! The list elements of all lines of a field, in order (RFC 9110 sections 5.3 and 5.6.1).

use std::iter::FusedIterator;

use http::header::{HeaderMap, HeaderName, HeaderValue, ValueIter};

use super::token::trim;

/// Whether a comma inside double quotes separates elements.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    /// It does: the elements are tokens, which hold no quotes.
    Plain,
    /// It does not: the elements may hold quoted strings (RFC 9110 section 5.6.4).
    Paired,
}

/// The trimmed elements of a field, empty ones included; a line that is blank as a whole has none.
pub(super) struct Elements<'a> {
    headers: &'a HeaderMap,
    name: HeaderName,
    quotes: Quotes,
    lines: ValueIter<'a, HeaderValue>,
    lines_taken: usize,
    line: Line<'a>,
}

/// What is left of one line.
#[derive(Clone)]
pub(super) struct Line<'a> {
    rest: Option<&'a [u8]>,
    quotes: Quotes,
}

// === impl Elements ===

impl<'a> Elements<'a> {
    pub(super) fn new(headers: &'a HeaderMap, name: HeaderName, quotes: Quotes) -> Self {
        Self {
            lines: headers.get_all(&name).iter(),
            lines_taken: 0,
            line: Line { rest: None, quotes },
            headers,
            name,
            quotes,
        }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(element) = self.line.next() {
                return Some(element);
            }
            let value = self.lines.next()?;
            self.lines_taken += 1;
            self.line = Line::new(value, self.quotes);
        }
    }
}

impl FusedIterator for Elements<'_> {}

impl Clone for Elements<'_> {
    /// Walks the lines anew, since `ValueIter` is not `Clone` (http 1.5).
    fn clone(&self) -> Self {
        let mut lines = self.headers.get_all(&self.name).iter();
        if let Some(last) = self.lines_taken.checked_sub(1) {
            lines.nth(last);
        }
        Self {
            headers: self.headers,
            name: self.name.clone(),
            quotes: self.quotes,
            lines,
            lines_taken: self.lines_taken,
            line: self.line.clone(),
        }
    }
}

// === impl Line ===

impl<'a> Line<'a> {
    pub(super) fn new(value: &'a HeaderValue, quotes: Quotes) -> Self {
        let value = value.as_bytes();
        let rest = (!trim(value).is_empty()).then_some(value);
        Self { rest, quotes }
    }
}

impl<'a> Iterator for Line<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?;
        let comma = match self.quotes {
            Quotes::Plain => rest.iter().position(|&byte| byte == b','),
            Quotes::Paired => unquoted_comma(rest),
        };
        let Some((element, [_, rest @ ..])) = comma.and_then(|at| rest.split_at_checked(at)) else {
            return Some(trim(rest));
        };
        self.rest = Some(rest);
        Some(trim(element))
    }
}

/// Where the first comma outside quotes stands. A quote that is never closed reaches to the end.
fn unquoted_comma(bytes: &[u8]) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    bytes.iter().position(|&byte| {
        let after_backslash = std::mem::take(&mut escaped);
        match byte {
            b'"' if !after_backslash => quoted = !quoted,
            b'\\' if quoted && !after_backslash => escaped = true,
            b',' => return !quoted,
            _ => {}
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use http::header::CONNECTION;

    use super::*;

    fn split(value: &str, quotes: Quotes) -> Vec<String> {
        let value = HeaderValue::from_str(value).expect("a header value");
        Line::new(&value, quotes).map(|element| element.escape_ascii().to_string()).collect()
    }

    #[test]
    fn commas_in_quotes_separate_only_where_elements_are_tokens() {
        assert_eq!(split(r#""a, b", c"#, Quotes::Plain), [r#"\"a"#, r#"b\""#, "c"]);
        assert_eq!(split(r#""a, b", c"#, Quotes::Paired), [r#"\"a, b\""#, "c"]);
        assert_eq!(split(r#""a\", b", c"#, Quotes::Paired), [r#"\"a\\\", b\""#, "c"]);
        assert_eq!(split(r#""a, b"#, Quotes::Paired), [r#"\"a, b"#]);
    }

    #[test]
    fn a_clone_goes_on_where_the_original_stands() {
        let mut headers = HeaderMap::new();
        for line in ["a, b", "", "c, d", "e"] {
            headers.append(CONNECTION, HeaderValue::from_static(line));
        }
        let mut elements = Elements::new(&headers, CONNECTION, Quotes::Plain);
        for left in (0..=5).rev() {
            let clone: Vec<_> = elements.clone().collect();
            assert_eq!(clone, [&b"a"[..], b"b", b"c", b"d", b"e"][5 - left..], "{left} are left");
            elements.next();
        }
    }
}
