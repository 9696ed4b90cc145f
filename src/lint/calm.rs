use http::HeaderMap;

use super::Message;
use super::check::INTERESTING;
use crate::field::Signs;

/// By which fields, if any, a lint may fire on our response to a request: most responses have none of
/// them, which their names tell, and cheaper than all signs would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Calm {
    /// Those of persistence: towards HTTP/1.1.
    Http1,
    /// All that are specific to a connection: towards HTTP/2 and later.
    Multiplexed,
    /// More than names tell, or something was found already.
    Not,
}

// === impl Calm ===

impl Calm {
    /// What the response to a request with these signs is judged by.
    #[inline]
    pub(crate) fn after(request: Signs) -> Calm {
        // Only towards HTTP/1.0 may content end with the connection, and a gateway looks at more.
        if request.intersects(Signs::HTTP10.with(Signs::GATEWAY)) {
            Calm::Not
        } else if request.contains(Signs::MULTIPLEXED) {
            Calm::Multiplexed
        } else {
            Calm::Http1
        }
    }

    /// The same where the request is known to be clean, and none of a gateway's.
    #[inline]
    pub(crate) fn after_clean(request: Signs) -> Calm {
        const {
            let [http1, _] = INTERESTING[Message::ReceivedRequest as usize];
            assert!(http1.contains(Signs::HTTP10), "a request of HTTP/1.0 may be clean");
        }
        if request.contains(Signs::MULTIPLEXED) { Calm::Multiplexed } else { Calm::Http1 }
    }

    /// Whether no lint can fire on a response with these fields.
    #[inline(always)]
    pub(crate) fn is_quiet(self, headers: &HeaderMap) -> bool {
        const {
            let [http1, multiplexed] = INTERESTING[Message::OutgoingResponse as usize];
            let elsewhere = Signs::CLOSE_DELIMITED.with(Signs::OF_GATEWAY);
            let seen = Signs::OF_PERSISTENCE_FIELDS.with(elsewhere);
            assert!(seen.contains(http1), "a lint on responses looks at further fields");
            let seen = Signs::OF_NAMES.with(Signs::OF_PERSISTENCE_FIELDS).with(elsewhere);
            assert!(seen.contains(multiplexed), "a lint on HTTP/2 looks at further fields");
        }
        match self {
            Calm::Http1 => !Signs::has_persistence_field(headers),
            Calm::Multiplexed => {
                Signs::of_names(headers).without(Signs::CONTENT_LENGTH_FIELD) == Signs::NONE
            }
            Calm::Not => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue, Method, StatusCode, Version};

    use super::*;
    use crate::lint::{Head, check};

    const FIELDS: [(&str, &str); 9] = [
        ("connection", "close, keep-alive"),
        ("keep-alive", "timeout=0"),
        ("proxy-connection", "keep-alive"),
        ("upgrade", "h2c"),
        ("transfer-encoding", "chunked"),
        ("content-length", "2"),
        ("http2-settings", "AAMAAABkAAQAAP"),
        ("te", "trailers"),
        ("x-request-id", "1"),
    ];

    /// Of every set of those.
    fn responses() -> impl Iterator<Item = HeaderMap> {
        (0..1_u32 << FIELDS.len()).map(|set| {
            let chosen = FIELDS.iter().enumerate().filter(move |(at, _)| set >> at & 1 == 1);
            let field = |(_, (name, value)): (usize, &(&'static str, &'static str))| {
                (HeaderName::from_static(name), HeaderValue::from_static(value))
            };
            chosen.map(field).collect()
        })
    }

    #[test]
    fn on_a_quiet_response_no_lint_fires() {
        let versions = [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2, Version::HTTP_3];
        for version in versions {
            let request = Head::received_request(&Method::GET, version, &HeaderMap::new());
            let calm = Calm::after(request.signs);
            let mut quiet = 0;
            for headers in responses() {
                for length in [None, Some(2)] {
                    let response =
                        Head::outgoing_response(&request, StatusCode::OK, &headers, length);
                    let is_quiet = calm.is_quiet(&headers);
                    assert!(!is_quiet || check(&response).is_empty(), "{version:?} {headers:?}");
                    quiet += usize::from(is_quiet);
                }
            }
            // Without `Connection` and `Keep-Alive`, or with none but three.
            let expected = match calm {
                Calm::Http1 => 256,
                Calm::Multiplexed => 16,
                Calm::Not => 0,
            };
            assert_eq!(quiet, expected, "{version:?}");
        }
    }
}
