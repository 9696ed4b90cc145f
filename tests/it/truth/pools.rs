//! Connections that end by their client's pool.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use hyper_util::rt::TokioExecutor;
use hyper_util::server::conn::auto;
use tokio::task::JoinSet;
use tower_conn_lint::connection::EndCause as C;

use super::Table;
use super::row::{Done, First};
use super::scene::Scene;
use crate::client::{call, get as request};
use crate::raw::Peer;
use crate::server::listen;

/// Never reached.
const LONG: Duration = Duration::from_secs(90);
const SHORT: Duration = Duration::from_millis(20);

pub(super) fn rows(table: &mut Table) {
    table.act("a client for each request", async |what| {
        let scene = Scene::new();
        let site = scene.serve(app()).await;
        for _ in 0..20 {
            call(&mut scene.caller(), request(&site.url("/"), &[])).await;
        }
        let done = Done::new(what, 20, First::Client);
        Some(done.server(&[C::PeerClosedIdle]).client(&[C::ClientDropped]).row(&scene, &site).await)
    });
    for (what, declared, cause) in [
        ("a pool that keeps none, declared", Some((LONG, 0)), &[C::PoolFull][..]),
        ("a pool that keeps none", None, &[C::ClosedIdleLocal]),
    ] {
        table.act(what, async move |what| {
            let scene = Scene::new();
            let site = scene.serve(app()).await;
            let mut caller = scene.caller_of(
                |builder| _ = builder.pool_max_idle_per_host(0),
                |connector| match declared {
                    Some((idle, max)) => connector.pool(idle, max),
                    None => connector,
                },
            );
            for path in ["/", "/large"] {
                for _ in 0..10 {
                    call(&mut caller, request(&site.url(path), &[])).await;
                }
            }
            // The client lives on: it is no cause.
            let done = Done::new(what, 20, First::Client).client(cause);
            let row = done.server(&[C::PeerClosedIdle]).row(&scene, &site).await;
            drop(caller);
            Some(row)
        });
    }
    for (what, declared, cause) in [
        ("an idle timeout of 20 ms, declared", true, &[C::IdleTimeout][..]),
        ("an idle timeout of 20 ms", false, &[C::ClosedIdleLocal]),
    ] {
        table.act(what, async move |what| {
            let scene = Scene::new();
            let site = scene.serve(app()).await;
            let mut caller = scene.caller_of(
                |builder| _ = builder.pool_idle_timeout(SHORT),
                |connector| match declared {
                    true => connector.pool(SHORT, usize::MAX),
                    false => connector,
                },
            );
            for number in 1..=3 {
                call(&mut caller, request(&site.url("/"), &[])).await;
                scene.client.ends(&what, number).await;
            }
            let done = Done::new(what, 3, First::Client).client(cause);
            let row = done.server(&[C::PeerClosedIdle]).row(&scene, &site).await;
            drop(caller);
            Some(row)
        });
    }
    for (what, declared, cause) in [
        ("bursts of 8, and the pool keeps 1, declared", true, C::PoolFull),
        ("bursts of 8, and the pool keeps 1", false, C::ClosedIdleLocal),
    ] {
        table.act(what, async move |what| {
            let scene = Scene::new();
            let site = scene.serve(app()).await;
            let caller = scene.caller_of(
                |builder| _ = builder.pool_max_idle_per_host(1),
                |connector| match declared {
                    true => connector.pool(LONG, 1),
                    false => connector,
                },
            );
            for _ in 0..20 {
                let mut burst = JoinSet::new();
                for _ in 0..8 {
                    let (mut caller, request) = (caller.clone(), request(&site.url("/"), &[]));
                    burst.spawn(async move { _ = call(&mut caller, request).await });
                }
                burst.join_all().await;
            }
            // One is kept until the end of the client; a dial may lose against a connection that
            // became free. On two threads hyper-util may lose one that it hands to a request whose
            // dial ends at the same time (0.1.21): no pool was full then, and none is named.
            scene.client.ends(&what, site.accepted() - 1).await;
            drop(caller);
            let client: &[C] = match cause {
                C::PoolFull => &[C::PoolFull, C::ClientDropped, C::NeverUsed, C::ClosedIdleLocal],
                _ => &[C::ClosedIdleLocal, C::ClientDropped, C::NeverUsed],
            };
            let done = Done::new(what, 160, First::Client).client(client);
            Some(done.server(&[C::PeerClosedIdle, C::NeverUsed]).row(&scene, &site).await)
        });
    }
    table.act("an upstream closes idle", async |what| {
        let scene = Scene::new();
        let (listener, addr) = listen().await;
        let upstream = tokio::spawn(async move {
            for _ in 0..20 {
                let (stream, _) = listener.accept().await.expect("loopback accepts");
                let mut peer = Peer::new(stream);
                peer.message().await.expect("a request comes");
                peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
            }
        });
        let mut caller = scene.caller();
        for number in 1..=20 {
            call(&mut caller, request(&format!("http://{addr}/"), &[])).await;
            scene.client.ends(&what, number).await;
        }
        upstream.await.expect("the upstream saw all");
        drop(caller);
        let done = Done::new(what, 20, First::Server).client(&[C::PeerClosedIdle]);
        Some(done.row_at(&scene, addr, || 20).await)
    });
    table.act("HTTP/2, and the client is dropped", async |what| {
        let scene = Scene::new();
        let service = tower::service_fn(async |_| {
            Ok::<_, std::convert::Infallible>(http::Response::new("hello".into()))
        });
        let site = scene.accept(auto::Builder::new(TokioExecutor::new()), service).await;
        let mut caller = scene.caller_of(|builder| _ = builder.http2_only(true), |it| it);
        for _ in 0..20 {
            call(&mut caller, request(&site.url("/"), &[])).await;
        }
        drop(caller);
        let done = Done::new(what, 20, First::Client);
        Some(done.server(&[C::PeerClosedIdle]).client(&[C::ClientDropped]).row(&scene, &site).await)
    });
}

fn app() -> Router {
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/large", get(|| async { "x".repeat(256 << 10) }))
}
