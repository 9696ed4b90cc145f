//! A small HTTP service whose connections are reused, and which says so where they are not.

pub mod app;
pub mod gateway;
pub mod logs;
pub mod metrics;
pub mod policy;
pub mod settings;
pub mod shutdown;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::http::uri::Authority;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tower_conn_lint::ConnLint;

use crate::gateway::Gateway;

/// How long requests that are under way may take once the service is told to stop. It stands below
/// `terminationGracePeriodSeconds` in k8s.yaml, which ends the process.
const DRAIN: Duration = Duration::from_secs(20);

/// Serves until told to stop, and then until the last request is answered. The tests run this, too:
/// what they find of its connections holds for the service as it is deployed.
pub async fn run(
    tcp: TcpListener,
    gateway: Authority,
    lint: ConnLint,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let app = app::router(&lint, Gateway::new(&lint, gateway))
        .into_make_service_with_connect_info::<SocketAddr>(); // findings name the caller by it
    let (stopping, stopped) = oneshot::channel();
    let stop = async {
        stop.await;
        tracing::info!("draining: no new connections, requests under way are answered");
        _ = stopping.send(());
    };
    let server = axum::serve(lint.listener(tcp), lint.make_service(app))
        .with_graceful_shutdown(lint.shutdown_signal(stop));
    tokio::select! {
        served = server.into_future() => served,
        () = too_late(stopped) => {
            tracing::warn!("requests took longer than {DRAIN:?} to drain, and are cut off");
            Ok(())
        }
    }
}

async fn too_late(stopped: oneshot::Receiver<()>) {
    _ = stopped.await;
    tokio::time::sleep(DRAIN).await;
}
