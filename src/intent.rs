/// Declares that a close is meant, and why: then no lint fires for it and no fix removes it.
///
/// A client puts it into the request's extensions, beside the `close` that it sends. A handler
/// answers with it (feature `axum`): as a part of the response it says `close` by itself.
///
/// ```
/// use http::{Request, header};
/// use tower_conn_lint::IntentionalClose;
///
/// let request = Request::get("http://gateway/last")
///     .header(header::CONNECTION, "close")
///     .extension(IntentionalClose("the last call of this process"))
///     .body(())
///     .unwrap();
/// ```
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::response::IntoResponse;
/// use tower_conn_lint::IntentionalClose;
///
/// async fn rebalance() -> impl IntoResponse {
///     (IntentionalClose("rebalance"), "see you elsewhere")
/// }
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntentionalClose(pub &'static str);

#[cfg(feature = "axum")]
impl axum::response::IntoResponseParts for IntentionalClose {
    type Error = std::convert::Infallible;

    fn into_response_parts(
        self,
        mut parts: axum::response::ResponseParts,
    ) -> Result<axum::response::ResponseParts, Self::Error> {
        use http::{HeaderValue, header};

        parts.extensions_mut().insert(self);
        let headers = parts.headers_mut();
        if !crate::field::connection_options(headers).any(|option| option.is_close()) {
            let lines = headers.get_all(header::CONNECTION).iter().map(HeaderValue::as_bytes);
            let options: Vec<&[u8]> = lines.chain([&b"close"[..]]).collect();
            // Header values joined by what may stand in one are a header value; and a map that is
            // full goes out as it is.
            if let Ok(line) = HeaderValue::try_from(options.join(&b", "[..])) {
                _ = headers.try_insert(header::CONNECTION, line);
            }
        }
        Ok(parts)
    }
}

#[cfg(all(test, feature = "axum"))]
mod tests {
    use axum::response::IntoResponse;
    use http::header;

    use super::*;

    #[test]
    fn a_declared_close_is_said_once_and_beside_what_is_there() {
        let upgrade = [(header::CONNECTION, "upgrade")];
        let close = [(header::CONNECTION, "te, Close")];
        for (response, expected) in [
            ((IntentionalClose("test"), "body").into_response(), "close"),
            ((upgrade, IntentionalClose("test"), "body").into_response(), "upgrade, close"),
            ((close, IntentionalClose("test"), "body").into_response(), "te, Close"),
        ] {
            let lines: Vec<_> = response.headers().get_all(header::CONNECTION).iter().collect();
            assert_eq!(lines, [expected]);
            assert!(response.extensions().get::<IntentionalClose>().is_some());
        }
    }
}
