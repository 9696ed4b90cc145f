//! Connections that end by what a message says.

use std::fmt::Debug;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http::{Request, Response, header};
use http_body::Body;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tower::{Layer as _, Service};
use tower_conn_lint::connection::EndCause as C;

use super::Table;
use super::row::{Done, First, Row};
use super::scene::{Scene, Site};
use crate::client::{call, get as request};
use crate::programs::run;
use crate::raw::Peer;
use crate::upstream::Upstream;

const TIMES: usize = 100;

pub(super) fn rows(table: &mut Table) {
    races(table);
    table.act("HTTP/1.0, and the caller reads to the end", async |what| {
        let (scene, site) = start(plain()).await;
        for _ in 0..20 {
            let mut peer = Peer::connect(site.addr).await;
            peer.send("GET / HTTP/1.0\r\n\r\n").await;
            peer.rest().await;
        }
        let done = Done::new(what, 20, First::Server);
        Some(done.server(&[C::Http10]).row(&scene, &site).await)
    });
    table.act("HTTP/1.0 with keep-alive", async |what| {
        let (scene, site) = start(plain()).await;
        let mut peer = Peer::connect(site.addr).await;
        for _ in 0..20 {
            peer.ask("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n").await;
        }
        drop(peer);
        let done = Done::new(what, 20, First::Client);
        Some(done.server(&[C::PeerClosedIdle]).row(&scene, &site).await)
    });
    table.act("an upstream of HTTP/1.0", async |what| {
        let scene = Scene::new();
        let upstream =
            Upstream::answering(|_| b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
        let mut caller = scene.caller();
        for _ in 0..TIMES {
            call(&mut caller, request(&upstream.url("/"), &[])).await;
        }
        drop(caller);
        let done = Done::new(what, TIMES, First::Race).client(&[C::Http10]);
        Some(done.row_at(&scene, upstream.addr, || upstream.connections()).await)
    });
    table.act("a handler asks its handle to close", async |what| {
        let (scene, site) = start(plain()).await;
        for _ in 0..20 {
            let mut peer = Peer::connect(site.addr).await;
            peer.send("GET /handle HTTP/1.1\r\nhost: x\r\n\r\n").await;
            peer.rest().await;
        }
        let done = Done::new(what, 20, First::Server);
        Some(done.server(&[C::ResponseClose]).row(&scene, &site).await)
    });
}

/// Once either side said that it ends, both know it, and who is first is a race.
fn races(table: &mut Table) {
    table.act("a handler sends close", async |what| {
        let (scene, site) = start(closing()).await;
        let mut caller = scene.caller();
        for _ in 0..TIMES {
            call(&mut caller, request(&site.url("/"), &[])).await;
        }
        drop(caller);
        let done = Done::new(what, TIMES, First::Race);
        Some(done.server(&[C::ResponseClose]).client(&[C::ResponseClose]).row(&scene, &site).await)
    });
    table.act("a handler sends close with 256 KiB", async |what| {
        let (scene, site) = start(closing()).await;
        let mut caller = scene.caller();
        for _ in 0..TIMES {
            call(&mut caller, request(&site.url("/large"), &[])).await;
        }
        drop(caller);
        let done = Done::new(what, TIMES, First::Race);
        Some(done.server(&[C::ResponseClose]).client(&[C::ResponseClose]).row(&scene, &site).await)
    });
    table.act("a client of hyper-util sends close", async |what| {
        let (scene, site) = start(plain()).await;
        let caller = scene.caller();
        Some(sends_close(what, &scene, &site, caller).await)
    });
    table.act("a client of hyper-util sends close, and nobody watches its bodies", async |what| {
        let (scene, site) = start(plain()).await;
        let lint = &scene.client.lint;
        let pool = Client::builder(TokioExecutor::new())
            .build(lint.connector("gateway", HttpConnector::new()));
        let caller = lint.outbound("gateway").layer(pool);
        Some(sends_close(what, &scene, &site, caller).await)
    });
    table.act("Node sends close", async |what| {
        let (scene, site) = start(plain()).await;
        run(&what, "node", &node(&site)).await?;
        let done = Done::new(&what, TIMES, First::Race);
        Some(done.server(&[C::RequestClose]).row(&scene, &site).await)
    });
    table.act("curl sends close", async |what| {
        let (scene, site) = start(plain()).await;
        let options = ["--silent", "--show-error", "--noproxy", "*", "-H", "connection: close"];
        let options = options.into_iter().map(str::to_owned);
        let arguments: Vec<String> = options.chain(vec![site.url("/"); TIMES]).collect();
        run(&what, "curl", &arguments).await?;
        let done = Done::new(&what, TIMES, First::Race);
        Some(done.server(&[C::RequestClose]).row(&scene, &site).await)
    });
    table.act("HTTP/1.0, and the caller closes when it has all", async |what| {
        let (scene, site) = start(plain()).await;
        for _ in 0..TIMES {
            Peer::connect(site.addr).await.ask("GET / HTTP/1.0\r\n\r\n").await;
        }
        let done = Done::new(what, TIMES, First::Race);
        Some(done.server(&[C::Http10]).row(&scene, &site).await)
    });
}

// === fixtures ===

async fn sends_close<S, R>(what: String, scene: &Scene, site: &Site, mut caller: S) -> Row
where
    S: Service<Request<Full<Bytes>>, Response = Response<R>, Error: Debug>,
    R: Body<Error: Debug>,
{
    for _ in 0..TIMES {
        call(&mut caller, request(&site.url("/"), &["close"])).await;
    }
    drop(caller);
    let done = Done::new(what, TIMES, First::Race);
    done.server(&[C::RequestClose]).client(&[C::RequestClose]).row(scene, site).await
}

async fn start(app: Router) -> (Scene, Site) {
    let scene = Scene::new();
    let site = scene.serve(app).await;
    (scene, site)
}

fn plain() -> Router {
    use tower_conn_lint::ConnHandle;

    let close = |request: axum::extract::Request| async move {
        let handle = request.extensions().get::<ConnHandle>().expect("the server is wired");
        handle.close_after_response().expect("it speaks HTTP/1.1");
        "closing"
    };
    Router::new().route("/", get(|| async { "hello" })).route("/handle", get(close))
}

fn closing() -> Router {
    const CLOSE: [(header::HeaderName, &str); 1] = [(header::CONNECTION, "close")];
    Router::new()
        .route("/", get(|| async { (CLOSE, "hello") }))
        .route("/large", get(|| async { (CLOSE, "x".repeat(256 << 10)) }))
}

/// The arguments for requests by Node's own client without keep-alive.
fn node(site: &Site) -> Vec<String> {
    const SCRIPT: &str = r#"
        const http = require("node:http");
        const [url, times] = process.argv.slice(1);
        const agent = new http.Agent({ keepAlive: false });
        const get = () => new Promise((resolve, reject) => {
            http.get(url, { agent }, (response) => {
                response.on("error", reject).on("end", resolve).resume();
            }).on("error", reject);
        });
        (async () => {
            for (let i = 0; i < Number(times); i++) await get();
        })().catch((error) => { console.error(error); process.exit(1); });
    "#;
    vec!["-e".to_owned(), SCRIPT.to_owned(), site.url("/"), TIMES.to_string()]
}
