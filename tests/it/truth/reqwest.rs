//! Connections of reqwest, which hides their ends: the server sees them, and the client says no more
//! than a message announced.

use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use http::header;
use reqwest_middleware::ClientWithMiddleware;
use tower_conn_lint::connection::EndCause as C;

use super::Table;
use super::row::{Done, First};
use super::scene::Scene;
use crate::within::within;

const KIB: usize = 1 << 10;

pub(super) fn rows(table: &mut Table) {
    messages(table);
    table.act("reqwest: a client for each request", async |what| {
        let scene = Scene::new();
        let site = scene.serve(app()).await;
        for _ in 0..20 {
            call(&scene.reqwest(|builder| builder), &site.url("/bytes/5")).await;
        }
        let done = Done::new(what, 20, First::Client);
        Some(done.server(&[C::PeerClosedIdle]).hidden(&[C::Unknown]).row(&scene, &site).await)
    });
    table.act("reqwest: a pool that keeps none", async |what| {
        let scene = Scene::new();
        let site = scene.serve(app()).await;
        let gateway = scene.reqwest(|builder| builder.pool_max_idle_per_host(0));
        for _ in 0..20 {
            call(&gateway, &site.url("/bytes/5")).await;
        }
        // The server sees the truth while the client lives; the client tells as it ends.
        scene.server.ends(&what, 20).await;
        drop(gateway);
        let done = Done::new(what, 20, First::Client);
        Some(done.server(&[C::PeerClosedIdle]).hidden(&[C::Unknown]).row(&scene, &site).await)
    });
    table.act("reqwest: an idle timeout of 20 ms", async |what| {
        let scene = Scene::new();
        let site = scene.serve(app()).await;
        let gateway = scene.reqwest(|builder| builder.pool_idle_timeout(Duration::from_millis(20)));
        for number in 1..=3 {
            call(&gateway, &site.url("/bytes/5")).await;
            scene.server.ends(&what, number).await;
        }
        drop(gateway);
        let done = Done::new(what, 3, First::Client);
        Some(done.server(&[C::PeerClosedIdle]).hidden(&[C::Unknown]).row(&scene, &site).await)
    });
    for (what, bytes) in [
        ("reqwest: a response body of 64 KiB is dropped", 64 * KIB),
        ("reqwest: a response body of 1 MiB is dropped", KIB * KIB),
    ] {
        table.act(what, async move |what| {
            let scene = Scene::new();
            let site = scene.serve(app()).await;
            let gateway = scene.reqwest(|builder| builder);
            let url = site.url(&format!("/bytes/{bytes}"));
            for _ in 0..20 {
                let response = within("a call", gateway.get(&url).send()).await;
                drop(response.expect("it succeeds"));
            }
            drop(gateway);
            let done = Done::new(what, 20, First::Client).hidden(&[C::Unknown]);
            Some(done.server(&[C::PeerClosedIdle, C::Reset]).row(&scene, &site).await)
        });
    }
}

fn messages(table: &mut Table) {
    const TIMES: usize = 100;

    table.act("reqwest: a handler sends close", async |what| {
        let scene = Scene::new();
        let site = scene.serve(app()).await;
        let gateway = scene.reqwest(|builder| builder);
        for _ in 0..TIMES {
            call(&gateway, &site.url("/close")).await;
        }
        let done = Done::new(what, TIMES, First::Race).server(&[C::ResponseClose]);
        Some(done.hidden(&[C::ResponseClose]).row(&scene, &site).await)
    });
    table.act("reqwest: its client sends close", async |what| {
        let scene = Scene::new();
        let site = scene.serve(app()).await;
        let gateway = scene.reqwest(|builder| builder);
        for _ in 0..TIMES {
            let request = gateway.get(site.url("/bytes/5")).header(header::CONNECTION, "close");
            let response = within("a call", request.send()).await.expect("it succeeds");
            within("a body", response.bytes()).await.expect("it is read");
        }
        let done = Done::new(what, TIMES, First::Race).server(&[C::RequestClose]);
        Some(done.hidden(&[C::RequestClose]).row(&scene, &site).await)
    });
}

/// Sends a request and reads its response to the end.
async fn call(gateway: &ClientWithMiddleware, url: &str) {
    let response = within("a call", gateway.get(url).send()).await.expect("it succeeds");
    within("a body", response.bytes()).await.expect("it is read");
}

fn app() -> Router {
    let close = || async { ([(header::CONNECTION, "close")], "close") };
    Router::new()
        .route("/bytes/{count}", get(|count: Path<usize>| async move { "x".repeat(*count) }))
        .route("/close", get(close))
}
