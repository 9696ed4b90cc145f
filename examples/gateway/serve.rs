//! Connections of callers: accepted, recorded, and drained at the end.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::time::Duration;

use http::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tower::Service;
use tower_conn_lint::ConnLint;

use crate::answer::Body;
use crate::proxy::Received;
use crate::shutdown;

/// For a head, and between two requests.
const IDLE: Duration = Duration::from_secs(60);
const DRAIN: Duration = Duration::from_secs(30);

/// Serves until a signal comes, and then until the requests under way have ended.
pub(crate) async fn serve<S>(lint: &ConnLint, listener: TcpListener, service: S)
where
    S: Service<Request<Received>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(lint.shutdown_signal(shutdown::signal()));
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut stop => break,
        };
        match stream {
            Ok((stream, _)) => connect(lint, &graceful, stream, service.clone()),
            Err(error) => wait_after(&error).await,
        }
    }
    drop(listener);
    tracing::info!(connections = graceful.count(), "draining");
    tokio::select! {
        () = graceful.shutdown() => tracing::info!("drained"),
        () = tokio::time::sleep(DRAIN) => tracing::warn!("requests are still under way: given up"),
        () = shutdown::signal() => tracing::warn!("told to end again: given up"),
    }
}

fn connect<S>(lint: &ConnLint, graceful: &GracefulShutdown, stream: TcpStream, service: S)
where
    S: Service<Request<Received>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    _ = stream.set_nodelay(true);
    let peer = stream.peer_addr().ok();
    let (stream, connection) = lint.accept(stream, peer);
    let service = TowerToHyperService::new(connection.service(service));
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(IDLE);
    server.http2().timer(TokioTimer::new()).keep_alive_interval(IDLE);
    let stream = TokioIo::new(stream);
    let serving = server.serve_connection_with_upgrades(stream, service).into_owned();
    let serving = graceful.watch(serving);
    tokio::spawn(async move {
        if let Err(error) = serving.await {
            tracing::debug!(%error, "a connection of a caller failed");
        }
    });
}

/// An accept that fails for want of descriptors fails again at once; others tell of one connection.
async fn wait_after(error: &io::Error) {
    let is_of_one = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    );
    if !is_of_one {
        tracing::error!(%error, "can't accept");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
