//! Connections that are ended: by a shutdown, or by a peer that goes.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use socket2::SockRef;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tower_conn_lint::connection::EndCause as C;

use super::Table;
use super::row::{Done, First};
use super::scene::{Scene, Site};
use crate::client::{call, get as request};
use crate::within::within;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
const WAIT: &[u8] = b"GET /wait HTTP/1.1\r\nhost: x\r\n\r\n";

/// A handler that is waited for, and waits.
#[derive(Clone)]
struct Gate {
    reached: Arc<Semaphore>,
    opened: Arc<Semaphore>,
}

pub(super) fn rows(table: &mut Table) {
    table.act("a graceful shutdown, idle", async |what| {
        let (scene, mut site, _) = start().await;
        let callers: Vec<_> = (0..20).map(|_| scene.caller()).collect();
        for caller in &callers {
            call(&mut caller.clone(), request(&site.url("/"), &[])).await;
        }
        site.stop();
        let done = Done::new(what, 20, First::Server);
        let row = done.server(&[C::Drain]).client(&[C::PeerClosedIdle]).row(&scene, &site).await;
        drop(callers);
        Some(row)
    });
    table.act("a graceful shutdown, and nothing was asked yet", async |what| {
        let (scene, mut site, _) = start().await;
        let mut peers = Vec::new();
        for _ in 0..20 {
            peers.push(asked(&site, b"", false).await);
        }
        // Who came after them was accepted after them.
        peers.push(asked(&site, REQUEST, true).await);
        site.stop();
        for peer in &mut peers {
            within("our end", peer.read_to_end(&mut Vec::new())).await.expect("our end comes");
        }
        drop(peers);
        let done = Done::new(what, 1, First::Server).server(&[C::Drain]);
        Some(done.row(&scene, &site).await)
    });
    races(table);
    table.act("a caller closes idle", async |what| {
        let (scene, site, _) = start().await;
        for _ in 0..20 {
            drop(asked(&site, REQUEST, true).await);
        }
        let done = Done::new(what, 20, First::Client).server(&[C::PeerClosedIdle]);
        Some(done.row(&scene, &site).await)
    });
    table.act("a caller that never asks", async |what| {
        let (scene, site, _) = start().await;
        for _ in 0..20 {
            drop(asked(&site, b"", false).await);
        }
        let done = Done::new(what, 0, First::Client).server(&[C::NeverUsed]);
        Some(done.row(&scene, &site).await)
    });
    table.act("a caller resets idle", async |what| {
        let (scene, site, _) = start().await;
        for _ in 0..20 {
            let peer = asked(&site, REQUEST, true).await;
            SockRef::from(&peer).set_linger(Some(Duration::ZERO)).expect("it is a socket");
        }
        let done = Done::new(what, 20, First::Client).server(&[C::Reset]);
        Some(done.row(&scene, &site).await)
    });
    table.act("a caller resets while a handler runs", async |what| {
        let (scene, site, gate) = start().await;
        for _ in 0..20 {
            let peer = asked(&site, WAIT, false).await;
            gate.reached().await;
            SockRef::from(&peer).set_linger(Some(Duration::ZERO)).expect("it is a socket");
        }
        let done = Done::new(what, 20, First::Client).server(&[C::Reset]);
        Some(done.row(&scene, &site).await)
    });
    table.act("a caller half-closes while a handler runs", async |what| {
        let (scene, site, gate) = start().await;
        for _ in 0..20 {
            let mut peer = asked(&site, WAIT, false).await;
            gate.reached().await;
            peer.shutdown().await.expect("its end goes");
            within("our end", peer.read_to_end(&mut Vec::new())).await.expect("our end comes");
        }
        let done = Done::new(what, 20, First::Client).server(&[C::PeerClosedActive]);
        Some(done.row(&scene, &site).await)
    });
}

/// hyper says `close` on the last response, so that both know.
fn races(table: &mut Table) {
    table.act("a graceful shutdown, requests in flight", async |what| {
        let (scene, mut site, gate) = start().await;
        let calls: Vec<_> = (0..100).map(|_| wait(&scene, &site)).collect();
        for _ in &calls {
            gate.reached().await;
        }
        let mut witness = asked(&site, REQUEST, true).await;
        site.stop();
        within("the end", witness.read_to_end(&mut Vec::new())).await.expect("it can be read");
        drop(witness);
        gate.opened.add_permits(calls.len());
        for call in calls {
            within("a call", call).await.expect("the call succeeds");
        }
        // Where the response is under way already, hyper closes without a word.
        let done = Done { raw: 1, ..Done::new(what, 101, First::Race).server(&[C::Drain]) };
        Some(done.client(&[C::ResponseClose, C::PeerClosedIdle]).row(&scene, &site).await)
    });
}

// === impl Gate ===

impl Gate {
    /// One more request reached the handler.
    async fn reached(&self) {
        let reached = within("the handler", self.reached.acquire()).await;
        reached.expect("it is never closed").forget();
    }
}

// === fixtures ===

fn wait(scene: &Scene, site: &Site) -> tokio::task::JoinHandle<()> {
    let (mut caller, request) = (scene.caller(), request(&site.url("/wait"), &[]));
    tokio::spawn(async move { _ = call(&mut caller, request).await })
}

async fn start() -> (Scene, Site, Gate) {
    let closed = || Arc::new(Semaphore::new(0));
    let (scene, gate) = (Scene::new(), Gate { reached: closed(), opened: closed() });
    let wait = async |State(gate): State<Gate>| {
        gate.reached.add_permits(1);
        gate.opened.acquire().await.expect("it is never closed").forget();
        "waited"
    };
    let app = Router::new().route("/", get(async || "hello")).route("/wait", get(wait));
    let site = scene.serve(app.with_state(gate.clone())).await;
    (scene, site, gate)
}

/// A raw connection that sent this, and read an answer.
async fn asked(site: &Site, bytes: &[u8], is_answered: bool) -> TcpStream {
    let mut peer = TcpStream::connect(site.addr).await.expect("loopback accepts");
    peer.write_all(bytes).await.expect("the request goes");
    if is_answered {
        let mut read = Vec::new();
        while !read.ends_with(b"hello") {
            let count = within("a read", peer.read_buf(&mut read)).await;
            assert!(count.expect("it can be read") > 0, "an answer comes before the end");
        }
    }
    peer
}
