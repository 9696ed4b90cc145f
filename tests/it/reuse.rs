//! What the tests of reuse share: a lint that heeds everything, wired on both sides.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use http_body_util::Full;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Builder, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tower::ServiceBuilder;
use tower::util::BoxCloneSyncService;
use tower_conn_lint::connection::{Bounds, Ended};
use tower_conn_lint::lint::{Finding, Level, Lint};
use tower_conn_lint::outbound::Connector;
use tower_conn_lint::report::Reporter;
use tower_conn_lint::{ConnLint, ConnLintBuilder, ManualClock, Policy, Preset, outbound};

use crate::server::listen;
use crate::within::within;

/// Every lint is heeded, nothing acts.
pub(crate) fn heeding_all() -> tower_conn_lint::policy::PolicyBuilder {
    Policy::builder().preset(Preset::Strict1).cap(Level::Warn)
}

/// A lint with bounds that are met soon, and what it sees.
pub(crate) fn lint(policy: impl Into<Policy>) -> (ConnLint, Seen) {
    lint_by(ConnLint::builder().policy(policy).environment("").bounds(strict()))
}

/// The same on a clock that is moved by hand.
pub(crate) fn lint_at(clock: &ManualClock) -> (ConnLint, Seen) {
    let policy = heeding_all().build().expect("the policy is right");
    lint_by(ConnLint::builder().policy(policy).environment("").clock(clock.clone()))
}

pub(crate) fn lint_by(builder: ConnLintBuilder) -> (ConnLint, Seen) {
    let seen = Seen::default();
    (builder.without_tracing().without_metrics().reporter(seen.clone()).build(), seen)
}

/// Without a warm-up, and on few requests.
pub(crate) fn strict() -> Bounds {
    let mut bounds = Bounds::default();
    bounds.warm_up = Duration::ZERO;
    bounds.min_requests = 20;
    bounds
}

/// What a lint saw end and what it found; it can be waited for.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Inner>);

#[derive(Default)]
struct Inner {
    all: Mutex<All>,
    more: Notify,
}

#[derive(Default)]
struct All {
    findings: Vec<Finding>,
    accepted: Vec<Finding>,
    ended: Vec<Ended>,
}

// === impl Seen ===

impl Seen {
    /// The findings of one lint.
    pub(crate) fn of(&self, lint: Lint) -> Vec<Finding> {
        self.all().findings.iter().filter(|finding| finding.lint == lint).cloned().collect()
    }

    /// What was found, each once.
    pub(crate) fn lints(&self) -> Vec<&'static str> {
        names(&self.all().findings)
    }

    /// What code excepted, each once, and why.
    pub(crate) fn accepted(&self) -> Vec<(&'static str, String)> {
        let reason = |finding: &Finding| finding.reason.as_deref().unwrap_or("none").to_owned();
        let all = self.all();
        let mut accepted: Vec<_> =
            all.accepted.iter().map(|finding| (finding.lint.name(), reason(finding))).collect();
        accepted.sort();
        accepted.dedup();
        accepted
    }

    /// Waits until so many connections ended; their causes.
    pub(crate) async fn ends(&self, count: usize) -> Vec<&'static str> {
        within("an end of a connection", async {
            loop {
                let more = self.0.more.notified();
                if self.all().ended.len() >= count {
                    break;
                }
                more.await;
            }
        })
        .await;
        self.all().ended.iter().map(|ended| ended.end.cause.as_str()).collect()
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.0.all.lock().expect("no test panics with the lock")
    }
}

impl Reporter for Seen {
    fn finding(&self, finding: &Finding) {
        self.all().findings.push(finding.clone());
    }

    fn accepted(&self, finding: &Finding) {
        self.all().accepted.push(finding.clone());
    }

    fn ended(&self, connection: &Ended) {
        self.all().ended.push(connection.clone());
        self.0.more.notify_one();
    }
}

fn names(findings: &[Finding]) -> Vec<&'static str> {
    let mut names: Vec<_> = findings.iter().map(|finding| finding.lint.name()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// A server whose connections have records; it ends with its value.
pub(crate) struct Wired {
    pub(crate) addr: SocketAddr,
    task: JoinHandle<()>,
}

// === impl Wired ===

impl Wired {
    /// By `axum::serve`, with the header layer around all routes.
    pub(crate) async fn of(lint: &ConnLint, app: Router) -> Wired {
        Wired::around(lint, app.layer(lint.inbound())).await
    }

    /// The same, for an app that has its layers.
    pub(crate) async fn around(lint: &ConnLint, app: Router) -> Wired {
        let (tcp, addr) = listen().await;
        let (listener, app) = (lint.listener(tcp), lint.make_service(app));
        let task = tokio::spawn(async move {
            axum::serve(listener, app).await.expect("axum::serve ends only with its task");
        });
        Wired { addr, task }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }
}

impl Drop for Wired {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) type Request = http::Request<Full<Bytes>>;
pub(crate) type Response =
    http::Response<tower_conn_lint::connection::TrackedBody<hyper::body::Incoming>>;
pub(crate) type Gateway = BoxCloneSyncService<Request, Response, outbound::Error>;
pub(crate) type Dials = Connector<HttpConnector>;

/// A client with everything wired, by the name `gateway`.
pub(crate) fn gateway(lint: &ConnLint) -> Gateway {
    gateway_by(lint, |dials| dials, |_| {})
}

/// The same, with a connector and a pool of its own kind.
pub(crate) fn gateway_by(
    lint: &ConnLint,
    connector: impl FnOnce(Dials) -> Dials,
    pool: impl FnOnce(&mut Builder),
) -> Gateway {
    let mut builder = Client::builder(TokioExecutor::new());
    builder.pool_timer(TokioTimer::new());
    pool(&mut builder);
    let dials = connector(lint.connector("gateway", HttpConnector::new()));
    let client: Client<_, Full<Bytes>> = builder.build(dials);
    let layers =
        ServiceBuilder::new().layer(lint.response_bodies()).layer(lint.outbound("gateway"));
    BoxCloneSyncService::new(layers.service(client))
}
