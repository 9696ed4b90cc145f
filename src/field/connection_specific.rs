use std::collections::HashSet;

use http::{HeaderMap, HeaderName};

use super::connection_options;
use super::removal::remove_fields;

/// The fields that HTTP/2 and HTTP/3 forbid (RFC 9113 section 8.2.2, RFC 9114 section 4.2), by
/// name in lower case.
pub const CONNECTION_SPECIFIC: [&str; 6] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
];

/// Whether a field carries credentials, routing or framing, so that it is never removed only
/// because an option of `Connection` names it.
///
/// ```
/// use http::header;
/// use tower_conn_lint::field::is_sensitive;
///
/// assert!(is_sensitive(&header::AUTHORIZATION));
/// assert!(is_sensitive(&header::CONTENT_TYPE));
/// assert!(!is_sensitive(&header::TE));
/// ```
pub fn is_sensitive(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.starts_with("content-")
        || name.starts_with("x-forwarded-")
        || matches!(
            name,
            "authorization"
                | "cookie"
                | "set-cookie"
                | "host"
                | "transfer-encoding"
                | "trailer"
                | "forwarded"
        )
}

/// Removes the fields that HTTP/2 and HTTP/3 forbid, and those that the options of all
/// `Connection` lines name, sensitive ones excepted; the order of the rest is kept. Returns
/// whether anything was removed.
///
/// ```
/// use http::HeaderMap;
/// use tower_conn_lint::field::remove_connection_specific;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("connection", "x-hop, authorization".parse().unwrap());
/// headers.insert("x-hop", "1".parse().unwrap());
/// headers.insert("authorization", "Basic eDp5".parse().unwrap());
///
/// assert!(remove_connection_specific(&mut headers));
/// assert_eq!(headers.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["authorization"]);
/// ```
pub fn remove_connection_specific(headers: &mut HeaderMap) -> bool {
    let nominated: HashSet<HeaderName> =
        connection_options(headers).filter_map(|option| option.as_str().parse().ok()).collect();
    remove_fields(headers, |name| {
        CONNECTION_SPECIFIC.contains(&name.as_str())
            || nominated.contains(name) && !is_sensitive(name)
    })
}
