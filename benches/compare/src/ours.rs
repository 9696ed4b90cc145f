//! The layers of this crate, wired in one way each.

use std::future::ready;
use std::net::SocketAddr;

use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection as _};
use hyper_util::rt::TokioIo;
use metrics_exporter_prometheus::PrometheusBuilder;
use tower::{Service as _, service_fn};
use tower_conn_lint::inbound::Accepted;
use tower_conn_lint::{ConnLint, ConnLintBuilder, Policy};

use crate::wire::Wire;

/// A lint that reports to nobody: what a line of log costs is the log's.
pub(crate) fn quiet(policy: Policy) -> ConnLint {
    builder(policy).without_tracing().without_metrics().build()
}

/// One that counts in a recorder of Prometheus.
pub(crate) fn counting(policy: Policy) -> ConnLint {
    record();
    builder(policy).without_tracing().build()
}

/// The same, which takes the time of each request, too.
pub(crate) fn timing(policy: Policy) -> ConnLint {
    record();
    builder(policy).without_tracing().durations(true).build()
}

/// One that reports as by default, to the log and to Prometheus.
pub(crate) fn reporting(policy: Policy) -> ConnLint {
    record();
    crate::subjects::subscribe();
    builder(policy).build()
}

fn builder(policy: Policy) -> ConnLintBuilder {
    ConnLint::builder().policy(policy).environment("")
}

fn record() {
    PrometheusBuilder::new().install_recorder().expect("the process's first");
}

/// A connection of a server, whose socket is watched, too.
pub(crate) fn accepted(lint: &ConnLint) -> Accepted {
    let peer = SocketAddr::from(([192, 0, 2, 1], 443));
    let (stream, connection) = lint.accept(Wire, peer);
    // It lives as long as the process.
    std::mem::forget(stream);
    connection
}

/// A connection of a client: what its pool puts into each response on it.
pub(crate) fn dialled(lint: &ConnLint) -> Connected {
    let dial = service_fn(|_: Uri| ready(Ok::<_, std::io::Error>(TokioIo::new(Wire))));
    let mut connector = lint.connector("gateway", dial);
    let uri = Uri::from_static("http://api.example.com");
    let dialled = crate::driven::now(connector.call(uri)).expect("this dial works");
    let connected = dialled.connected();
    std::mem::forget(dialled);
    connected
}
