//! What the options of `Connection` name.

use http::{HeaderMap, HeaderName};

use super::removal::remove_options;
use super::{ConnectionOption, is_sensitive};

/// What kind of field an option of `Connection` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nomination {
    /// One of this hop, or one that is not known: that is what options are for.
    Fine,
    /// One that is meant for all recipients.
    EndToEnd,
    /// One of credentials, routing or framing.
    Sensitive,
    /// `Connection`.
    Itself,
}

// === impl Nomination ===

impl Nomination {
    pub(crate) fn of(option: ConnectionOption<'_>) -> Nomination {
        // Longer than any name that is known.
        if option.as_str().len() > 64 {
            return Nomination::of_long(option);
        }
        match option.as_str().parse::<HeaderName>() {
            Ok(name) if name == http::header::CONNECTION => Nomination::Itself,
            Ok(name) if is_sensitive(&name) => Nomination::Sensitive,
            Ok(name) if is_end_to_end(&name) => Nomination::EndToEnd,
            _ => Nomination::Fine,
        }
    }

    fn of_long(option: ConnectionOption<'_>) -> Nomination {
        let starts = |prefix: &str| {
            let start = option.as_str().get(..prefix.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        if starts("content-") || starts("x-forwarded-") {
            Nomination::Sensitive
        } else {
            Nomination::Fine
        }
    }
}

/// Whether a field is known to be meant for all recipients of a message, so that no option of
/// `Connection` may name it (RFC 9110 section 7.6.1). Those of [`is_sensitive`] are apart.
///
/// ```
/// use http::header;
/// use tower_conn_lint::field::is_end_to_end;
///
/// assert!(is_end_to_end(&header::CACHE_CONTROL));
/// assert!(!is_end_to_end(&header::TE));
/// ```
pub fn is_end_to_end(name: &HeaderName) -> bool {
    let name = name.as_str();
    END_TO_END.binary_search(&name).is_ok()
        || ["accept-", "access-control-", "if-", "sec-fetch-"]
            .iter()
            .any(|start| name.starts_with(start))
}

/// In order.
const END_TO_END: [&str; 38] = [
    "accept",
    "age",
    "allow",
    "alt-svc",
    "baggage",
    "cache-control",
    "date",
    "dnt",
    "etag",
    "expect",
    "expires",
    "from",
    "last-modified",
    "link",
    "location",
    "max-forwards",
    "origin",
    "pragma",
    "priority",
    "range",
    "referer",
    "referrer-policy",
    "refresh",
    "retry-after",
    "server",
    "set-cookie2",
    "strict-transport-security",
    "traceparent",
    "tracestate",
    "user-agent",
    "vary",
    "via",
    "warning",
    "www-authenticate",
    "x-content-type-options",
    "x-frame-options",
    "x-real-ip",
    "x-request-id",
];

/// Removes the options that name such fields, and says whether there were any.
pub(crate) fn remove_nominations(headers: &mut HeaderMap, of: Nomination) -> bool {
    remove_options(headers, |option| Nomination::of(option) == of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_fields_are_found() {
        assert!(END_TO_END.is_sorted(), "they are searched in order");
        for name in END_TO_END {
            let name = HeaderName::from_static(name);
            assert!(is_end_to_end(&name) && !is_sensitive(&name), "{name} is of one kind");
        }
    }

    #[test]
    fn a_name_of_any_length_is_of_its_kind() {
        let long = "x".repeat(70_000);
        for (name, expected) in [
            (format!("Content-{long}"), Nomination::Sensitive),
            (format!("X-FORWARDED-{long}"), Nomination::Sensitive),
            (long, Nomination::Fine),
            ("AUTHORIZATION".to_owned(), Nomination::Sensitive),
            ("Connection".to_owned(), Nomination::Itself),
            ("Cache-Control".to_owned(), Nomination::EndToEnd),
            ("te".to_owned(), Nomination::Fine),
        ] {
            assert_eq!(Nomination::of(ConnectionOption::new(&name)), expected, "{name:.20}");
        }
    }
}
