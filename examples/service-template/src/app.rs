//! The routes.

use std::error::Error;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_conn_lint::{ConnLint, report};
use tower_http::trace::TraceLayer;

use crate::gateway::{Gateway, GatewayError};

pub fn router(lint: &ConnLint, gateway: Gateway) -> Router {
    // A failure is logged where its cause is known.
    let trace = TraceLayer::new_for_http()
        .make_span_with(report::make_span)
        .on_failure(());
    Router::new()
        .route("/", get(greet))
        .route("/items/{id}", get(item))
        .route("/healthz", get(|| async { "ok" })) // excluded in base-policy.toml
        .with_state(gateway)
        .layer(lint.inbound()) // after the routes, so that it covers every one
        .layer(trace)
}

async fn greet() -> &'static str {
    "hello\n"
}

async fn item(
    State(gateway): State<Gateway>,
    Path(id): Path<u64>,
) -> Result<Response, GatewayError> {
    let item = gateway.item(id).await?;
    Ok(item.map_or(StatusCode::NOT_FOUND.into_response(), Bytes::into_response))
}

impl IntoResponse for GatewayError {
    fn into_response(self) -> Response {
        tracing::error!(error = &self as &dyn Error, "the gateway failed");
        let status = match self {
            GatewayError::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::BAD_GATEWAY,
        };
        status.into_response()
    }
}
