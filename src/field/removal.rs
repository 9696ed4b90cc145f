//! Edits of a header map: what a fix may take away, and nothing beside it.

use std::mem;

use http::header::{CONNECTION, Entry, HeaderMap, HeaderName, HeaderValue};

use super::ConnectionOption;
use super::element::{ConnectionElement, connection_elements};
use super::list::{Line, Quotes};

/// The most field names with which the order of fields is kept. A map of n names has at most 10 n
/// slots, and above 32,768 slots `append` panics (http 1.5).
const MOST_ORDERED_NAMES: usize = 3_276;

/// Removes a connection option, without regard to ASCII case, from all `Connection` lines, and says
/// whether that changed anything.
///
/// All other elements stay as sent, also malformed ones, and so do the lines without the option. In
/// a line that had it, the rest is joined by `", "`; a line that had nothing else goes, and with the
/// last line the field. Other fields stay as they are, in their order.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header::CONNECTION};
/// use tower_conn_lint::field::remove_option;
///
/// let mut headers =
///     HeaderMap::from_iter([(CONNECTION, HeaderValue::from_static("close,Upgrade ,x y"))]);
///
/// assert!(remove_option(&mut headers, "close"));
/// assert_eq!(headers[CONNECTION], "Upgrade, x y");
/// assert!(!remove_option(&mut headers, "close"));
/// ```
pub fn remove_option(headers: &mut HeaderMap, option: &str) -> bool {
    remove_options(headers, |sent| sent.is(option))
}

/// Removes the options for which `drop` is true, as [`remove_option`] does.
pub(super) fn remove_options(
    headers: &mut HeaderMap,
    drop: impl Fn(ConnectionOption<'_>) -> bool,
) -> bool {
    remove_elements(
        headers,
        |element| matches!(element, ConnectionElement::Option(sent) if drop(sent)),
    )
}

/// Removes the malformed elements for which `drop` is true, from all `Connection` lines, and says
/// whether that changed anything.
///
/// `drop` gets the bytes between the commas without the whitespace around them. The rest stays as
/// [`remove_option`] leaves it.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header::CONNECTION};
/// use tower_conn_lint::field::remove_malformed;
///
/// let mut headers =
///     HeaderMap::from_iter([(CONNECTION, HeaderValue::from_static("te, a=1, b=2"))]);
///
/// assert!(remove_malformed(&mut headers, |element| element == b"a=1"));
/// assert_eq!(headers[CONNECTION], "te, b=2");
/// ```
pub fn remove_malformed(headers: &mut HeaderMap, drop: impl Fn(&[u8]) -> bool) -> bool {
    remove_elements(
        headers,
        |element| matches!(element, ConnectionElement::Malformed(malformed) if drop(malformed.as_bytes())),
    )
}

/// Joins several `Connection` lines into one by `", "`, and says whether it did.
///
/// Only if there is more than one line, and every element a connection option or empty: what a
/// malformed element means to a recipient may hang on its line. Options keep their casing, order
/// and number; empty elements go.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header::CONNECTION};
/// use tower_conn_lint::field::join_connection_lines;
///
/// let mut headers = HeaderMap::new();
/// headers.append(CONNECTION, HeaderValue::from_static("TE"));
/// headers.append(CONNECTION, HeaderValue::from_static("close"));
///
/// assert!(join_connection_lines(&mut headers));
/// assert_eq!(headers[CONNECTION], "TE, close");
/// assert!(!join_connection_lines(&mut headers));
/// ```
pub fn join_connection_lines(headers: &mut HeaderMap) -> bool {
    let mut lines = headers.get_all(CONNECTION).iter();
    if lines.next().is_none() || lines.next().is_none() {
        return false;
    }
    let malformed = |element| matches!(element, ConnectionElement::Malformed(_));
    if connection_elements(headers).any(malformed) {
        return false;
    }
    let sensitive = headers.get_all(CONNECTION).iter().any(HeaderValue::is_sensitive);
    match joined(connection_elements(headers), sensitive) {
        Some(line) => set_lines(headers, &CONNECTION, vec![line]),
        None => false,
    }
}

/// Removes all lines of a field, and says whether there were any. The other fields keep their order,
/// which [`HeaderMap::remove`] does not.
///
/// Above 3,276 field names the order is not kept: the map could not be built anew.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header::{ACCEPT, HOST, TE, UPGRADE}};
/// use tower_conn_lint::field::remove_field;
///
/// let mut headers: HeaderMap = [UPGRADE, ACCEPT, HOST, TE]
///     .map(|name| (name, HeaderValue::from_static("x")))
///     .into_iter()
///     .collect();
///
/// assert!(remove_field(&mut headers, &UPGRADE));
/// assert!(headers.keys().eq(&[ACCEPT, HOST, TE]));
/// ```
pub fn remove_field(headers: &mut HeaderMap, name: &HeaderName) -> bool {
    // `HeaderMap::remove` puts the last name into the gap: harmless if the last is the one to go.
    if headers.keys().last() == Some(name) {
        return headers.remove(name).is_some();
    }
    remove_fields(headers, |other| other == name)
}

/// Removes all lines of the fields for which `drop` is true, by building the map anew once.
pub(super) fn remove_fields(headers: &mut HeaderMap, drop: impl Fn(&HeaderName) -> bool) -> bool {
    if !headers.keys().any(&drop) {
        return false;
    }
    if headers.keys_len() > MOST_ORDERED_NAMES {
        let names: Vec<_> = headers.keys().filter(|name| drop(name)).cloned().collect();
        names.iter().for_each(|name| _ = headers.remove(name));
        return true;
    }
    let mut rest = HeaderMap::with_capacity(headers.keys_len());
    let mut current = None;
    for (next, value) in mem::take(headers) {
        // The name comes with the first of its lines only.
        current = next.or(current);
        if let Some(current) = current.as_ref().filter(|&current| !drop(current)) {
            rest.append(current, value);
        }
    }
    *headers = rest;
    true
}

/// Removes the `Connection` elements for which `drop` is true.
fn remove_elements(headers: &mut HeaderMap, drop: impl Fn(ConnectionElement<'_>) -> bool) -> bool {
    if !connection_elements(headers).any(&drop) {
        return false;
    }
    let mut lines = Vec::new();
    for line in headers.get_all(CONNECTION) {
        let elements = || Line::new(line, Quotes::Plain).map(ConnectionElement::new);
        if !elements().any(&drop) {
            lines.push(line.clone());
            continue;
        }
        let kept = elements().filter(|&element| !drop(element));
        lines.extend(joined(kept, line.is_sensitive()).filter(|line| !line.is_empty()));
    }
    set_lines(headers, &CONNECTION, lines)
}

/// The elements joined by `", "`, empty ones left out; none if that is no header value, which cannot
/// be as long as the elements come from header values.
fn joined<'a>(
    elements: impl Iterator<Item = ConnectionElement<'a>>,
    sensitive: bool,
) -> Option<HeaderValue> {
    let mut line = Vec::new();
    for element in elements.filter(|&element| element != ConnectionElement::Empty) {
        if !line.is_empty() {
            line.extend_from_slice(b", ");
        }
        line.extend_from_slice(element.as_bytes());
    }
    let mut line = HeaderValue::try_from(line).ok()?;
    line.set_sensitive(sensitive);
    Some(line)
}

/// Puts `lines` in the place of a field's lines, of which there is one at least; changes nothing in
/// a map so full that it gives out no entries (http 1.5: 24,576 names).
pub(super) fn set_lines(
    headers: &mut HeaderMap,
    name: &HeaderName,
    lines: Vec<HeaderValue>,
) -> bool {
    let mut lines = lines.into_iter();
    let Some(first) = lines.next() else {
        return remove_field(headers, name);
    };
    let Ok(Entry::Occupied(mut entry)) = headers.try_entry(name) else {
        return false;
    };
    entry.insert(first);
    lines.for_each(|line| entry.append(line));
    true
}
