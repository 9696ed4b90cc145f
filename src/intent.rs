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
            headers.append(header::CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(parts)
    }
}
