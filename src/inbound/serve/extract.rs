use std::convert::Infallible;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;

use crate::handle::ConnHandle;

/// A handler asked for its connection, and no wrapper stands around the service: serve it by
/// [`ConnLint::make_service`](crate::ConnLint::make_service), or ask for an
/// `Option<ConnHandle>`. It answers 500.
///
/// ```
/// use axum::response::IntoResponse;
/// use tower_conn_lint::inbound::NoConnection;
///
/// fn answer(rejection: NoConnection) -> axum::response::Response {
///     rejection.into_response()
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no connection is known: serve the router by `ConnLint::make_service`")]
#[non_exhaustive]
pub struct NoConnection;

impl IntoResponse for NoConnection {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.to_string()).into_response()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ConnHandle {
    type Rejection = NoConnection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<ConnHandle, NoConnection> {
        parts.extensions.get().cloned().ok_or(NoConnection)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for ConnHandle {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        _: &S,
    ) -> Result<Option<ConnHandle>, Infallible> {
        Ok(parts.extensions.get().cloned())
    }
}
