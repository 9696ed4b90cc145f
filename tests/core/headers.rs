//! Header maps for tests.

use http::header::{CONNECTION, HeaderMap, HeaderName, HeaderValue};

/// A map with these fields, appended in order.
pub(crate) fn headers<N: AsRef<str>, V: AsRef<[u8]>>(
    fields: impl IntoIterator<Item = (N, V)>,
) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_ref().as_bytes()).expect("a field name");
        let value = HeaderValue::from_bytes(value.as_ref()).expect("a field value");
        headers.append(name, value);
    }
    headers
}

/// A map with these `Connection` lines.
pub(crate) fn connection<V: AsRef<[u8]>>(lines: impl IntoIterator<Item = V>) -> HeaderMap {
    headers(lines.into_iter().map(|line| ("connection", line)))
}

/// All fields in the order in which they would be sent.
pub(crate) fn fields(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect()
}

/// The `Connection` lines.
pub(crate) fn lines(headers: &HeaderMap) -> Vec<&[u8]> {
    headers.get_all(CONNECTION).iter().map(HeaderValue::as_bytes).collect()
}
