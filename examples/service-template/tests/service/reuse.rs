//! Connections are reused, or these tests say why not and what to change. They are to be kept when
//! everything else of the template has been replaced: send the requests of your own service.

use axum::http::StatusCode;
use axum::{Router, routing::get};
use tower_conn_lint::test_util::Recorder;

use crate::support::{Caller, Service, start_gateway};

#[tokio::test]
async fn no_lint_fires() {
    after_requests().await.assert_no_findings();
}

#[tokio::test]
async fn callers_can_reuse_their_connections() {
    after_requests().await.assert_served_reused(0.9);
}

#[tokio::test]
async fn connections_to_the_gateway_are_reused() {
    after_requests().await.assert_reused("gateway", 0.9);
}

/// What the service's lint recorded of twenty requests on each route, one after another.
async fn after_requests() -> Recorder {
    let item = get(async || "an item");
    let gateway = start_gateway(Router::new().route("/v1/items/{id}", item)).await;
    let service = Service::start(gateway).await;
    let caller = Caller::new();
    for path in ["/", "/items/7"].repeat(20) {
        let status = caller.get(&service.address, path).await;
        assert_eq!(status, StatusCode::OK, "GET {path}");
    }
    service.recorder
}
