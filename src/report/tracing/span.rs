use ::tracing::Span;
use http::Request;

use super::TARGET;
use super::texts::cut;
use crate::handle::ConnHandle;

/// A span for a request, which names its connection: for `TraceLayer` of tower-http.
///
/// Recording a field that a span did not declare does nothing, so a span of another kind can't be
/// completed from here. This one declares `conn_lint.connection.id`, `conn_lint.connection.reused`
/// and `conn_lint.request.number`, filled where the request carries a
/// [`ConnHandle`](crate::ConnHandle), beside the `method`, the `path` without its query, and the
/// `version`. On a client's side they are empty, to be recorded from the response's handle.
///
/// ```
/// use http::Request;
/// use tower::ServiceBuilder;
/// use tower_conn_lint::report;
/// use tower_http::trace::TraceLayer;
///
/// # type Body = String;
/// let stack = ServiceBuilder::new()
///     .layer(TraceLayer::new_for_http().make_span_with(report::make_span::<Body>));
/// ```
pub fn make_span<B>(request: &Request<B>) -> Span {
    let connection = request.extensions().get::<ConnHandle>();
    let number = connection.map(ConnHandle::request).filter(|number| *number > 0);
    ::tracing::info_span!(
        target: TARGET,
        "request",
        method = cut(request.method().as_str(), METHOD),
        path = cut(request.uri().path(), PATH),
        version = ?request.version(),
        conn_lint.connection.id = connection.map(ConnHandle::id),
        conn_lint.connection.reused = number.map(|number| number > 1),
        conn_lint.request.number = number,
    )
}

/// In bytes.
const METHOD: usize = 16;
const PATH: usize = 256;
