use std::sync::Arc;

use axum::http::StatusCode;
use axum::{Router, routing::get};
use tokio::sync::Notify;

use crate::support::{Caller, Service, start_gateway};

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_service_stops() {
    let (arrived, answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let item = {
        let (arrived, answer) = (arrived.clone(), answer.clone());
        get(async move || {
            arrived.notify_one();
            answer.notified().await;
            "an item"
        })
    };
    let gateway = start_gateway(Router::new().route("/v1/items/{id}", item)).await;
    let service = Service::start(gateway).await;
    let address = service.address.clone();
    let request = tokio::spawn(async move { Caller::new().get(&address, "/items/7").await });
    arrived.notified().await;

    let running = service.stop().await;
    assert!(
        !running.is_finished(),
        "the service stopped with a request under way"
    );
    answer.notify_one();
    assert_eq!(
        request.await.expect("the caller doesn't panic"),
        StatusCode::OK
    );
    running
        .await
        .expect("the service doesn't panic")
        .expect("it drained");
}
