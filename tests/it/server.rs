use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::Request;
use axum::serve::ListenerExt as _;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tower_conn_lint::ConnLint;

/// A server on loopback that counts its connections; it ends with its value.
pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Server {
    /// By `axum::serve`, which tells the handlers the caller's address.
    pub(crate) async fn of(app: Router) -> Server {
        let (listener, addr) = listen().await;
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = connections.clone();
        let listener = listener.tap_io(move |_| _ = counter.fetch_add(1, Ordering::Relaxed));
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        let task = tokio::spawn(async move {
            axum::serve(listener, app).await.expect("axum::serve ends only with its task");
        });
        Server { addr, connections, task }
    }

    /// The same, with all that a lint wires around a server.
    pub(crate) async fn wired(lint: &ConnLint, app: Router) -> Server {
        let (listener, addr) = listen().await;
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = connections.clone();
        let listener = listener.tap_io(move |_| _ = counter.fetch_add(1, Ordering::Relaxed));
        let listener = lint.listener(listener);
        let app = app.layer(lint.inbound()).into_make_service_with_connect_info::<SocketAddr>();
        let app = lint.make_service(app);
        let task = tokio::spawn(async move {
            axum::serve(listener, app).await.expect("axum::serve ends only with its task");
        });
        Server { addr, connections, task }
    }

    /// By hyper-util's server for HTTP/1 and HTTP/2.
    pub(crate) async fn auto(app: Router) -> Server {
        let (listener, addr) = listen().await;
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = connections.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::Relaxed);
                let service = TowerToHyperService::new(app.clone());
                tokio::spawn(async move {
                    let server = auto::Builder::new(TokioExecutor::new());
                    _ = server.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Server { addr, connections, task }
    }

    /// How many connections were accepted.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let addr = listener.local_addr().expect("a bound socket has an address");
    (listener, addr)
}

/// Speaks the protocol that a request asked for: four bytes come, and go back.
pub(crate) async fn echo_upgraded(request: Request) {
    let upgraded = hyper::upgrade::on(request).await.expect("the peer upgrades");
    let mut io = TokioIo::new(upgraded);
    let mut greeting = [0; 4];
    io.read_exact(&mut greeting).await.expect("the greeting comes");
    io.write_all(&greeting).await.expect("the echo goes");
    io.shutdown().await.expect("the end goes");
}
