//! A server and its clients, both wired, each with a lint of its own.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::serve::ListenerExt as _;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Builder, Client};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tower::{Layer as _, Service, ServiceBuilder};
use tower_conn_lint::connection::{Bounds, Ended, TrackedBody};
use tower_conn_lint::inbound::Listen;
use tower_conn_lint::lint::Finding;
use tower_conn_lint::outbound::{Connector, Outbound, ResponseBodies};
use tower_conn_lint::report::Reporter;
use tower_conn_lint::{ConnLint, Preset};

use crate::server::listen;
use crate::tls;
use crate::within::within;

/// Who sees what, on the two sides.
pub(super) struct Scene {
    pub(super) server: View,
    pub(super) client: View,
}

/// A lint, and what it tells.
pub(super) struct View {
    pub(super) lint: ConnLint,
    told: watch::Receiver<Told>,
}

/// What a lint told.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) ended: Vec<Ended>,
    pub(super) findings: Vec<Finding>,
}

/// A server that counts its connections; it ends with its value.
pub(super) struct Site {
    pub(super) addr: SocketAddr,
    accepted: Arc<AtomicUsize>,
    task: JoinHandle<()>,
    stop: Option<oneshot::Sender<()>>,
}

/// A client of hyper-util, wired.
pub(super) type Caller = ResponseBodies<Outbound<Pool>>;
pub(super) type Pool = Client<Connector<HttpConnector>, Full<Bytes>>;

struct Teller(watch::Sender<Told>);

/// A listener that counts.
struct Counting(TcpListener, Arc<AtomicUsize>);

// === impl Scene ===

impl Scene {
    pub(super) fn new() -> Scene {
        Scene { server: View::new(Preset::Observe1), client: View::new(Preset::Observe1) }
    }

    /// By `axum::serve`.
    pub(super) async fn serve(&self, app: Router) -> Site {
        let (listener, addr) = listen().await;
        let accepted = Arc::new(AtomicUsize::new(0));
        let counter = accepted.clone();
        let listener = listener.tap_io(move |_| _ = counter.fetch_add(1, Ordering::Relaxed));
        let (stop, stopped) = oneshot::channel();
        let lint = &self.server.lint;
        // A signal whose sender is dropped never comes.
        let signal = lint.shutdown_signal(async {
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
        });
        let app = lint.make_service(app.layer(lint.inbound()));
        let server =
            axum::serve(lint.listener(listener), app).with_graceful_shutdown(signal).into_future();
        let task = tokio::spawn(async { server.await.expect("axum::serve has no errors") });
        Site { addr, accepted, task, stop: Some(stop) }
    }

    /// By our accept loop, of HTTP/1 and HTTP/2.
    pub(super) async fn serve_loop(&self, app: Router) -> Site {
        let (listener, addr) = listen().await;
        let accepted = Arc::new(AtomicUsize::new(0));
        let (stop, stopped) = oneshot::channel();
        let lint = &self.server.lint;
        let signal = async {
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let listener = Counting(listener, accepted.clone());
        let server = lint.serve(listener, app.layer(lint.inbound()));
        let task = tokio::spawn(server.with_graceful_shutdown(signal).into_future());
        Site { addr, accepted, task, stop: Some(stop) }
    }

    /// By an accept loop around hyper-util's server.
    pub(super) async fn accept<S, E>(
        &self,
        server: auto::Builder<TokioExecutor>,
        service: S,
    ) -> Site
    where
        S: Service<
                http::Request<TrackedBody<Incoming>>,
                Response = http::Response<Full<Bytes>>,
                Error = E,
            > + Clone
            + Send
            + 'static,
        S::Future: Send,
        E: std::error::Error + Send + Sync + 'static,
    {
        let (listener, addr) = listen().await;
        let accepted = Arc::new(AtomicUsize::new(0));
        let counter = accepted.clone();
        let lint = self.server.lint.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                counter.fetch_add(1, Ordering::Relaxed);
                let (stream, connection) = lint.accept(stream, peer);
                let service = lint.inbound().layer(service.clone());
                let service = TowerToHyperService::new(connection.service(service));
                let server = server.clone();
                tokio::spawn(async move {
                    let stream = TokioIo::new(stream);
                    _ = server.serve_connection_with_upgrades(stream, service).await;
                });
            }
        });
        Site { addr, accepted, task, stop: None }
    }

    /// A client with a pool as it comes.
    pub(super) fn caller(&self) -> Caller {
        self.caller_of(|_| {}, |connector| connector)
    }

    pub(super) fn caller_of(
        &self,
        settings: impl FnOnce(&mut Builder),
        declare: impl FnOnce(Connector<HttpConnector>) -> Connector<HttpConnector>,
    ) -> Caller {
        let lint = &self.client.lint;
        self.layered(lint.outbound("gateway"), settings, declare)
    }

    /// A client that knows the connection of each request before it is answered.
    pub(super) fn capturing_caller(&self) -> Caller {
        let lint = &self.client.lint;
        self.layered(lint.outbound("gateway").capture_connection(), |_| {}, |connector| connector)
    }

    /// A client of reqwest that is wired as far as it can be.
    pub(super) fn reqwest(
        &self,
        settings: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> ClientWithMiddleware {
        let lint = &self.client.lint;
        let connector = lint.connector_layer("gateway");
        let builder = tls::reqwest().connector_layer(connector);
        let client = settings(builder).build().expect("it is built");
        ClientBuilder::new(client).with(lint.outbound("gateway")).build()
    }

    fn layered(
        &self,
        layer: tower_conn_lint::outbound::OutboundLayer,
        settings: impl FnOnce(&mut Builder),
        declare: impl FnOnce(Connector<HttpConnector>) -> Connector<HttpConnector>,
    ) -> Caller {
        let lint = &self.client.lint;
        let connector = declare(lint.connector("gateway", HttpConnector::new()));
        let mut builder = Client::builder(TokioExecutor::new());
        settings(builder.pool_timer(TokioTimer::new()));
        let pool = builder.build(connector);
        ServiceBuilder::new().layer(lint.response_bodies()).layer(layer).service(pool)
    }
}

// === impl View ===

impl View {
    pub(super) fn new(policy: Preset) -> View {
        let mut bounds = Bounds::default();
        bounds.warm_up = std::time::Duration::ZERO;
        let (teller, told) = watch::channel(Told::default());
        let lint = ConnLint::builder()
            .policy(policy)
            .bounds(bounds)
            .environment("")
            .without_tracing()
            .without_metrics()
            .reporter(Teller(teller))
            .build();
        View { lint, told }
    }

    /// The ends of this many connections, once they were told.
    pub(super) async fn ends(&self, what: &str, count: usize) -> Vec<Ended> {
        let mut told = self.told.clone();
        let what = format!("{what}: the end of {count} connections");
        let told = within(&what, told.wait_for(|told| told.ended.len() >= count)).await;
        told.expect("the lint lives as long as its view").ended.clone()
    }

    /// The lints found so far.
    pub(super) fn lints(&self) -> Vec<String> {
        let told = self.told.borrow();
        told.findings.iter().map(|finding| finding.lint.name().to_owned()).collect()
    }
}

impl Reporter for Teller {
    fn ended(&self, connection: &Ended) {
        self.0.send_modify(|told| told.ended.push(connection.clone()));
    }

    fn finding(&self, finding: &Finding) {
        self.0.send_modify(|told| told.findings.push(finding.clone()));
    }
}

// === impl Counting ===

impl Listen for Counting {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, Option<SocketAddr>)> {
        let accepted = Listen::accept(&mut self.0).await?;
        self.1.fetch_add(1, Ordering::Relaxed);
        Ok(accepted)
    }
}

// === impl Site ===

impl Site {
    pub(super) fn new(
        addr: SocketAddr,
        accepted: Arc<AtomicUsize>,
        task: JoinHandle<()>,
        stop: oneshot::Sender<()>,
    ) -> Site {
        Site { addr, accepted, task, stop: Some(stop) }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    pub(super) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Begins a graceful shutdown.
    pub(super) fn stop(&mut self) {
        let stop = self.stop.take().expect("it is told once");
        stop.send(()).expect("the server listens to it");
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}
