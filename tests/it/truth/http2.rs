//! HTTP/2 without TLS: who closes is said by frames, and seen by what the socket does.

use std::net::Shutdown;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;
use tower_conn_lint::ConnHandle;
use tower_conn_lint::connection::EndCause as C;

use super::Table;
use super::row::{Done, First};
use super::scene::{Caller, Scene, Site};
use crate::client::{call, get as request};
use crate::raw::Peer;
use crate::within::within;

/// What handlers leave behind.
struct Stage {
    /// One more for each that waits.
    reached: Semaphore,
    /// One more for each that was given up.
    left: Semaphore,
    /// Of the last connection.
    handle: Mutex<Option<ConnHandle>>,
}

/// A handler that waits.
struct Waits(Arc<Stage>);

pub(super) fn rows(table: &mut Table) {
    table.act("HTTP/2, closed gracefully by its handle", async |what| {
        let (scene, site, stage) = start().await;
        let mut caller = caller(&scene);
        for number in 1..=20 {
            call(&mut caller, request(&site.url("/"), &[])).await;
            stage.close();
            scene.server.ends(&what, number).await;
            // Before it read GOAWAY, the client would call on that connection again.
            scene.client.ends(&what, number).await;
        }
        let done = Done::new(what, 20, First::Told).server(&[C::GracefulClose]);
        Some(done.client(&[C::GoAway]).row(&scene, &site).await)
    });
    table.act("HTTP/2, a graceful shutdown, idle", async |what| {
        let (scene, mut site, _) = start().await;
        let callers: Vec<_> = (0..20).map(|_| caller(&scene)).collect();
        for caller in &callers {
            call(&mut caller.clone(), request(&site.url("/"), &[])).await;
        }
        site.stop();
        let done = Done::new(what, 20, First::Told).server(&[C::Drain]);
        let client = &[C::GoAway];
        let row = done.client(client).row(&scene, &site).await;
        drop(callers);
        Some(row)
    });
    table.act("HTTP/2, a graceful shutdown, and nothing was asked yet", async |what| {
        const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
        const SETTINGS: u8 = 4;
        const PING: u8 = 6;
        let (scene, mut site, _) = start().await;
        let mut peers = Vec::new();
        for _ in 0..20 {
            let mut peer = Peer::connect(site.addr).await;
            peer.send(HELLO).await;
            frame(&mut peer, SETTINGS).await;
            peers.push(peer);
        }
        site.stop();
        for mut peer in peers {
            // Whoever answers that has heard the GOAWAY before it.
            let ping = frame(&mut peer, PING).await;
            peer.send([&[0, 0, 8, PING, 1, 0, 0, 0, 0][..], &ping].concat()).await;
            peer.rest().await;
        }
        let done = Done::new(what, 0, First::Server).server(&[C::Drain]);
        Some(done.row(&scene, &site).await)
    });
    table.act("HTTP/2, a call is given up", async |what| {
        let (scene, site, stage) = start().await;
        let caller = caller(&scene);
        call(&mut caller.clone(), request(&site.url("/"), &[])).await;
        for _ in 0..20 {
            let wait = caller.clone().oneshot(request(&site.url("/wait"), &[]));
            let wait = tokio::spawn(wait);
            stage.reached().await;
            wait.abort();
            assert!(wait.await.is_err(), "it is given up");
            stage.left().await;
        }
        // Each time a stream was given up, and the connection lives on.
        call(&mut caller.clone(), request(&site.url("/"), &[])).await;
        drop(caller);
        let done = Done::new(what, 22, First::Client).server(&[C::PeerClosedIdle]);
        Some(done.client(&[C::ClientDropped]).row(&scene, &site).await)
    });
    table.act("HTTP/2, the caller is gone while a handler runs", async |what| {
        let (scene, site, stage) = start().await;
        for _ in 0..20 {
            let (mut sender, socket) = raw(&site).await;
            let wait = Request::get(site.url("/wait")).body(Full::default());
            let wait = tokio::spawn(sender.send_request(wait.expect("a request")));
            stage.reached().await;
            socket.shutdown(Shutdown::Both).expect("its end goes");
            assert!(within("the call", wait).await.expect("it ends").is_err(), "nobody answers");
        }
        let done = Done::new(what, 20, First::Client);
        Some(done.server(&[C::PeerClosedActive]).row(&scene, &site).await)
    });
    table.act("HTTP/2 on hyper's own connection, its sender is dropped", async |what| {
        let (scene, site, _) = start().await;
        for _ in 0..100 {
            let lint = &scene.client.lint;
            let dial = lint.dial("gateway", "raw", TcpStream::connect(site.addr));
            let (stream, dialled) = dial.await.expect("loopback accepts");
            let shaken = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
            let (sender, connection) = shaken.expect("a handshake");
            let connection = tokio::spawn(connection);
            let mut sender = tower::ServiceBuilder::new()
                .layer(lint.response_bodies())
                .layer(lint.outbound("gateway"))
                .service(dialled.sender(sender));
            let _: http::Response<Bytes> = call(&mut sender, request(&site.url("/"), &[])).await;
            drop(sender);
            within("the connection", connection).await.expect("it ends").expect("well");
        }
        // A server that read the client's GOAWAY may close before the client does.
        let done = Done::new(what, 100, First::Race);
        let done = done.server(&[C::PeerClosedIdle, C::ClosedIdleLocal]);
        Some(done.client(&[C::ClientDropped]).row(&scene, &site).await)
    });
}

// === impl Stage ===

impl Stage {
    async fn reached(&self) {
        within("the handler", self.reached.acquire()).await.expect("it is never closed").forget();
    }

    async fn left(&self) {
        within("its end", self.left.acquire()).await.expect("it is never closed").forget();
    }

    fn close(&self) {
        let handle = self.handle.lock().expect("no handler panics with the lock");
        let handle = handle.as_ref().expect("a request came");
        handle.close_gracefully().expect("our loop serves it");
    }
}

// === impl Waits ===

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.left.add_permits(1);
    }
}

// === fixtures ===

async fn start() -> (Scene, Site, Arc<Stage>) {
    let stage = Arc::new(Stage {
        reached: Semaphore::new(0),
        left: Semaphore::new(0),
        handle: Mutex::new(None),
    });
    let hello = async |State(stage): State<Arc<Stage>>, handle: ConnHandle| {
        *stage.handle.lock().expect("no handler panics with the lock") = Some(handle);
        "hello"
    };
    let wait = async |State(stage): State<Arc<Stage>>| {
        let waits = Waits(stage);
        waits.0.reached.add_permits(1);
        std::future::pending::<()>().await;
    };
    let scene = Scene::new();
    let app = Router::new().route("/", get(hello)).route("/wait", get(wait));
    let site = scene.serve_loop(app.with_state(stage.clone())).await;
    (scene, site, stage)
}

fn caller(scene: &Scene) -> Caller {
    scene.caller_of(|builder| _ = builder.http2_only(true), |connector| connector)
}

/// The content of the next frame of a kind.
async fn frame(peer: &mut Peer, kind: u8) -> Vec<u8> {
    loop {
        let head = peer.bytes(9).await;
        let content = peer.bytes(usize::from(u16::from_be_bytes([head[1], head[2]]))).await;
        if head[3] == kind {
            return content;
        }
    }
}

/// A connection without a pool, on which one request was answered, and its socket.
async fn raw(site: &Site) -> (http2::SendRequest<Full<Bytes>>, std::net::TcpStream) {
    let stream = std::net::TcpStream::connect(site.addr).expect("loopback accepts");
    stream.set_nonblocking(true).expect("it is a socket");
    let socket = stream.try_clone().expect("a descriptor is left");
    let stream = TcpStream::from_std(stream).expect("the runtime has a driver");
    let shaken = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.expect("a handshake");
    tokio::spawn(connection);
    let hello = Request::get(site.url("/")).body(Full::default()).expect("a request");
    let response = within("a call", sender.send_request(hello)).await.expect("it succeeds");
    response.into_body().collect().await.expect("it is read to its end");
    (sender, socket)
}
