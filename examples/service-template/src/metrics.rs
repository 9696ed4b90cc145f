//! The metrics endpoint.

use std::net::SocketAddr;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder};
use tower_conn_lint::report::recommended_buckets;

/// Serves what is counted from now on. It has a port of its own, which callers can't reach and which
/// is still there while the service drains.
pub fn install(listen: SocketAddr) -> Result<(), BuildError> {
    let mut builder = PrometheusBuilder::new().with_http_listener(listen);
    for (name, buckets) in recommended_buckets() {
        builder = builder.set_buckets_for_metric(Matcher::Full((*name).to_owned()), buckets)?;
    }
    builder.install()
}
