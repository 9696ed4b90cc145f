//! A service of axum, with or without cures.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tower_conn_lint::connection::{Ended, Side};
use tower_conn_lint::heal::Cures;
use tower_conn_lint::report::Reporter;
use tower_conn_lint::{ConnLint, connection};

use crate::BoxError;

/// Serves until it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) lint: ConnLint,
    accepted: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

/// Counts connections as they are opened.
struct Accepted(Arc<AtomicUsize>);

impl Reporter for Accepted {
    fn opened(&self, connection: &connection::Opened) {
        if connection.side == Side::Inbound {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn ended(&self, _: &Ended) {}
}

const MIB: usize = 1 << 20;

impl Server {
    pub(crate) async fn start(cures: Cures) -> Result<Server, BoxError> {
        let accepted = Arc::default();
        let lint = ConnLint::builder().environment("").without_tracing().without_metrics();
        let lint = lint.reporter(Accepted(Arc::clone(&accepted))).heal(cures).build();
        let large = Bytes::from(vec![b'x'; MIB]);
        let app = Router::new()
            .route("/", get(|| async { "welcome" }))
            .route("/unread", post(|| async { "not read" }))
            .route("/large", get(move || async { large }))
            .route("/slow", get(|| async { tokio::time::sleep(Duration::from_millis(5)).await }))
            .layer(lint.inbound());
        let tcp = TcpListener::bind("127.0.0.1:0").await?;
        let address = tcp.local_addr()?;
        let (listener, service) = (lint.listener(tcp), lint.make_service(app.into_make_service()));
        let task = tokio::spawn(async move { _ = axum::serve(listener, service).await });
        Ok(Server { address, lint, accepted, task })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
