//! The gateway: an axum server that counts its connections, and whose handler says `close`, too.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::header::CONNECTION;
use axum::response::IntoResponse;
use axum::serve::ListenerExt;
use axum::{Router, routing::get};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::act::Wiring;

/// A gateway on an ephemeral port of loopback; it ends when this is dropped.
pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicU64>,
    server: JoinHandle<std::io::Result<()>>,
}

impl Gateway {
    /// Starts a gateway whose connections have records, with the layer or without.
    pub(crate) async fn start(Wiring { lint, layer, stage }: &Wiring) -> std::io::Result<Gateway> {
        let listener = TcpListener::bind(("127.0.0.1", stage.port)).await?;
        let address = listener.local_addr()?;
        let connections = Arc::new(AtomicU64::new(0));
        let accepted = connections.clone();
        let listener = listener.tap_io(move |_| _ = accepted.fetch_add(1, Ordering::Relaxed));

        let log_in = match stage.handler_says_close {
            true => get(log_in_and_close).post(log_in_and_close),
            false => get(log_in).post(log_in),
        };
        let app = Router::new().route("/v1/login", log_in);
        let app = match layer {
            true => app.layer(lint.inbound()), // last, so that it covers every route
            false => app,
        };
        let serve = axum::serve(lint.listener(listener), lint.make_service(app));
        let server = tokio::spawn(serve.into_future());
        Ok(Gateway { address, connections, server })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/v1/login", self.address)
    }

    /// How many connections it accepted.
    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn log_in() -> &'static str {
    "welcome"
}

async fn log_in_and_close() -> impl IntoResponse {
    ([(CONNECTION, "close")], log_in().await)
}
