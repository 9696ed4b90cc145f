//! Unix sockets: no ports and no TIME_WAIT, and the rest is the same.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http::Uri;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower::{Service, ServiceBuilder};
use tower_conn_lint::ConnHandle;
use tower_conn_lint::connection::{Closer, EndCause as C, Ended};
use tower_conn_lint::outbound::{Connector, Outbound, ResponseBodies};

use super::Table;
use super::row::{Done, First};
use super::scene::Scene;
use crate::client::{call, get as request};
use crate::within::within;

const URL: &str = "http://gateway/";

/// A server on a Unix socket; it ends with its value.
struct Site {
    path: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct ToSocket(PathBuf);

type Caller = ResponseBodies<Outbound<Client<Connector<ToSocket>, Full<Bytes>>>>;

pub(super) fn rows(table: &mut Table) {
    table.act("a Unix socket, a client for each request", async |what| {
        let (scene, site) = start().await;
        for _ in 0..20 {
            call(&mut caller(&scene, &site.path), request(URL, &[])).await;
        }
        let done = Done::new(what, 20, First::Client).server(&[C::PeerClosedIdle]);
        Some(done.client(&[C::ClientDropped]).row_of_unix(&scene, 20).await)
    });
    table.act("a Unix socket, a handler asks its handle to close", async |what| {
        let (scene, site) = start().await;
        for number in 1..=20 {
            let mut peer = UnixStream::connect(&site.path).await.expect("it is there");
            let close = b"GET /close HTTP/1.1\r\nhost: x\r\n\r\n";
            peer.write_all(close).await.expect("the request goes");
            within("the end", peer.read_to_end(&mut Vec::new())).await.expect("it can be read");
            scene.server.ends(&what, number).await;
        }
        let done = Done::new(what, 20, First::Server).server(&[C::ResponseClose]);
        Some(done.row_of_unix(&scene, 20).await)
    });
    table.act("a Unix socket, a graceful shutdown, idle", async |what| {
        let (scene, mut site) = start().await;
        let callers: Vec<_> = (0..20).map(|_| caller(&scene, &site.path)).collect();
        for caller in &callers {
            call(&mut caller.clone(), request(URL, &[])).await;
        }
        let stop = site.stop.take().expect("it is told once");
        stop.send(()).expect("the server listens to it");
        let done = Done::new(what, 20, First::Server).server(&[C::Drain]);
        let row = done.client(&[C::PeerClosedIdle]).row_of_unix(&scene, 20).await;
        drop(callers);
        Some(row)
    });
    table.act("a Unix socket, a caller closes idle", async |what| {
        let (scene, site) = start().await;
        for _ in 0..20 {
            let mut peer = UnixStream::connect(&site.path).await.expect("it is there");
            let hello = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
            peer.write_all(hello).await.expect("the request goes");
            let mut read = Vec::new();
            while !read.ends_with(b"hello") {
                within("a read", peer.read_buf(&mut read)).await.expect("it can be read");
            }
        }
        let done = Done::new(what, 20, First::Client).server(&[C::PeerClosedIdle]);
        Some(done.row_of_unix(&scene, 20).await)
    });
    table.act("a Unix socket, a client of hyper-util sends close", async |what| {
        let (scene, site) = start().await;
        let mut caller = caller(&scene, &site.path);
        for _ in 0..20 {
            call(&mut caller, request(URL, &["close"])).await;
        }
        // Which of the two is first is not known here, and both say the same cause.
        let server = scene.server.ends(&what, 20).await;
        let client = scene.client.ends(&what, 20).await;
        let causes = server.iter().chain(&client).map(|ended| ended.end.cause);
        assert!(causes.eq([C::RequestClose; 40]), "{what}");
        let closed = |ended: &[Ended]| {
            ended.iter().filter(|ended| ended.end.closer == Closer::Local).count()
        };
        // Where their ends cross, both were first.
        let firsts = closed(&server) + closed(&client);
        assert!(firsts >= 20, "{what}: of each connection one was first, {firsts} of 20 say so");
        None
    });
}

// === impl ToSocket ===

impl Service<Uri> for ToSocket {
    type Response = TokioIo<UnixStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<UnixStream>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let path = self.0.clone();
        Box::pin(async { UnixStream::connect(path).await.map(TokioIo::new) })
    }
}

// === impl Site ===

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
        _ = std::fs::remove_file(&self.path);
    }
}

// === fixtures ===

async fn start() -> (Scene, Site) {
    static NEXT: AtomicUsize = AtomicUsize::new(0);

    let (scene, number) = (Scene::new(), NEXT.fetch_add(1, Ordering::Relaxed));
    let name = format!("conn-lint-truth-{}-{number}.sock", std::process::id());
    let path = std::env::temp_dir().join(name);
    let listener = UnixListener::bind(&path).expect("a socket is bound");
    let close = async |handle: ConnHandle| match handle.close_after_response() {
        Ok(()) => "closing",
        Err(_) => "unsupported",
    };
    let lint = &scene.server.lint;
    let app = Router::new()
        .route("/", get(async || "hello"))
        .route("/close", get(close))
        .layer(lint.inbound());
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async {
        if stopped.await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let server = lint.serve(listener, app).with_graceful_shutdown(stopped);
    let task = tokio::spawn(server.into_future());
    (scene, Site { path, stop: Some(stop), task })
}

/// hyper-util's client, with a connector that knows one socket.
fn caller(scene: &Scene, path: &Path) -> Caller {
    let lint = &scene.client.lint;
    let pool = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .build(lint.connector("gateway", ToSocket(path.to_owned())));
    ServiceBuilder::new()
        .layer(lint.response_bodies())
        .layer(lint.outbound("gateway"))
        .service(pool)
}
