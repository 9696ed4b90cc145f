//! Connections that end since something failed.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto;
use tower::ServiceExt as _;
use tower_conn_lint::connection::EndCause as C;

use super::Table;
use super::row::{Done, First, Row};
use super::scene::{Scene, Site};
use crate::client::{call, get as request};
use crate::raw::Peer;
use crate::within::within;

pub(super) fn rows(table: &mut Table) {
    table.act("a handler panics", async |what| {
        let scene = Scene::new();
        let site = scene.serve(panicking()).await;
        fail_20_times(&scene, &site).await;
        let done = Done::new(what, 20, First::Server);
        let done = done.server(&[C::HandlerFailed]).client(&[C::PeerClosedActive]);
        Some(done.row(&scene, &site).await)
    });
    table.act("a service fails", async |what| {
        let scene = Scene::new();
        let service = tower::service_fn(async |_| {
            Err::<http::Response<Full<Bytes>>, _>(io::Error::other("on purpose"))
        });
        let site = scene.accept(auto::Builder::new(TokioExecutor::new()), service).await;
        fail_20_times(&scene, &site).await;
        let done = Done::new(what, 20, First::Server);
        let done = done.server(&[C::HandlerFailed]).client(&[C::PeerClosedActive]);
        Some(done.row(&scene, &site).await)
    });
    table.act("a handler panics, and leaves the request's content unread", async |what| {
        let scene = Scene::new();
        let site = scene.serve(panicking()).await;
        Some(left_unread(what, &scene, &site).await)
    });
    table.act("a service fails, and leaves the request's content unread", async |what| {
        let scene = Scene::new();
        let service = tower::service_fn(async |request| {
            drop(request);
            Err::<http::Response<Full<Bytes>>, _>(io::Error::other("on purpose"))
        });
        let site = scene.accept(auto::Builder::new(TokioExecutor::new()), service).await;
        Some(left_unread(what, &scene, &site).await)
    });
    // It is the idle timeout of HTTP/1 as well.
    table.act("a header timeout between requests", async |what| {
        let (scene, site) = timing_out().await;
        let mut caller = scene.caller();
        for number in 1..=3 {
            call(&mut caller, request(&site.url("/"), &[])).await;
            scene.client.ends(&what, number).await;
        }
        let done = Done::new(what, 3, First::Server);
        let row = done.server(&[C::HeaderTimeout]).client(&[C::PeerClosedIdle]).row(&scene, &site);
        let row = row.await;
        drop(caller);
        Some(row)
    });
    table.act("a header timeout in the middle of a head", async |what| {
        let (scene, site) = timing_out().await;
        for _ in 0..3 {
            let mut peer = Peer::connect(site.addr).await;
            peer.send("GET / HTTP/1.1\r\nho").await;
            peer.rest().await;
        }
        let done = Done::new(what, 0, First::Server).server(&[C::HeaderTimeout]);
        Some(done.row(&scene, &site).await)
    });
    for (what, requests, bytes) in [
        ("what comes first is no HTTP", 0, &b"no HTTP\r\n\r\n"[..]),
        ("what comes after a request is no HTTP", 1, b"no HTTP\r\n\r\n"),
        ("what comes first is TLS", 0, &[22, 3, 1, 0, 5, 1, 0, 0, 1, 0]),
    ] {
        table.act(what, async move |what| {
            let scene = Scene::new();
            let site = scene.serve(Router::new().route("/", get(async || "hello"))).await;
            for _ in 0..20 {
                let mut peer = Peer::connect(site.addr).await;
                for _ in 0..requests {
                    peer.ask("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
                }
                peer.send(bytes).await;
                peer.rest().await;
            }
            let done = Done::new(what, 20 * requests, First::Server).server(&[C::BadRequest]);
            Some(done.row(&scene, &site).await)
        });
    }
}

// === fixtures ===

/// A server whose HTTP/1 connections may wait for a request for 50 ms.
async fn timing_out() -> (Scene, Site) {
    let scene = Scene::new();
    let service = tower::service_fn(async |_| {
        Ok::<_, std::convert::Infallible>(http::Response::new("hello".into()))
    });
    // Before the first byte, which tells the version, hyper-util waits without a bound (0.1.21).
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(Duration::from_millis(50));
    let site = scene.accept(server, service).await;
    (scene, site)
}

fn panicking() -> Router {
    let panic = async || {
        // Without the message that a panic leaves.
        std::panic::resume_unwind(Box::new("on purpose"));
        #[expect(unreachable_code, reason = "the handler's type")]
        "never"
    };
    Router::new().route("/", get(panic).post(panic))
}

async fn left_unread(what: String, scene: &Scene, site: &Site) -> Row {
    for _ in 0..20 {
        let mut peer = Peer::connect(site.addr).await;
        peer.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello").await;
        peer.rest().await;
    }
    let done = Done::new(what, 20, First::Server).server(&[C::HandlerFailed]);
    done.row(scene, site).await
}

async fn fail_20_times(scene: &Scene, site: &Site) {
    let caller = scene.caller();
    for _ in 0..20 {
        let request = request(&site.url("/"), &[]);
        let failed = within("a call", caller.clone().oneshot(request)).await;
        failed.map(|_| ()).expect_err("there is no response");
    }
}
