//! A client that reuses its connections perfectly: nothing is found, on no side.

use axum::Router;
use axum::routing::get;
use tokio::task::JoinSet;
use tower_conn_lint::Preset;

use super::scene::{Caller, Scene, Site, View};
use crate::client::{call, get as request};

const REQUESTS: usize = 10_000;

#[tokio::test]
async fn ten_thousand_requests_in_sequence_have_no_finding() {
    in_sequence().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_requests_in_sequence_have_no_finding_on_two_threads() {
    in_sequence().await;
}

#[tokio::test]
async fn ten_thousand_requests_in_bursts_have_no_finding() {
    in_bursts().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_requests_in_bursts_have_no_finding_on_two_threads() {
    in_bursts().await;
}

async fn in_sequence() {
    let (scene, site) = start().await;
    let mut caller = scene.caller();
    for _ in 0..REQUESTS {
        call(&mut caller, request(&site.url("/"), &[])).await;
    }
    assert_clean("in sequence", caller, &scene, &site).await;
}

async fn in_bursts() {
    const BURST: usize = 50;
    let (scene, site) = start().await;
    let caller = scene.caller();
    for _ in 0..REQUESTS / BURST {
        let mut burst = JoinSet::new();
        for _ in 0..BURST {
            let (mut caller, request) = (caller.clone(), request(&site.url("/"), &[]));
            burst.spawn(async move { _ = call(&mut caller, request).await });
        }
        burst.join_all().await;
    }
    assert_clean("in bursts", caller, &scene, &site).await;
}

/// Strictly, and without a time to warm up.
async fn start() -> (Scene, Site) {
    let (server, client) = (View::new(Preset::Strict1), View::new(Preset::Strict1));
    let scene = Scene { server, client };
    let site = scene.serve(Router::new().route("/", get(async || "hello"))).await;
    (scene, site)
}

/// While the client lives, and as it ends.
async fn assert_clean(what: &str, caller: Caller, scene: &Scene, site: &Site) {
    assert_eq!((scene.server.lints(), scene.client.lints()), Default::default(), "{what}");
    drop(caller);
    scene.client.ends(what, site.accepted()).await;
    scene.server.ends(what, site.accepted()).await;
    assert_eq!((scene.server.lints(), scene.client.lints()), Default::default(), "{what}: its end");
}
