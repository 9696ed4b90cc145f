use http::Version;
use metrics::Gauge;

use super::Pair;
use super::connections::protocol;
use super::kept::Kept;
use super::upstreams::Upstream;
use crate::connection::{OpenChange, State};

/// How many connections are open.
#[derive(Debug, Default)]
pub(super) struct OpenMetrics {
    /// By the number of an upstream.
    upstreams: Kept<(u16, Option<Version>, State), Gauge>,
    callers: Kept<State, Gauge>,
}

// === impl OpenMetrics ===

impl OpenMetrics {
    /// By differences, so that two clients of one upstream add up.
    pub(super) fn change(&self, upstream: Option<&Upstream>, change: &OpenChange<'_>) {
        let OpenChange { version, state, by, .. } = *change;
        let then = |gauge: &Gauge| match by {
            1.. => gauge.increment(by as f64),
            _ => gauge.decrement(by.unsigned_abs() as f64),
        };
        let state_label = || -> Pair { ("http_connection_state", state.as_str().into()) };
        match upstream {
            None => {
                let labels = [state_label()];
                let register = || metrics::gauge!("conn_lint_server_open_connections", &labels);
                self.callers.with(state, register, then);
            }
            Some(upstream) => {
                let register = || {
                    let address = upstream.address_and_port();
                    let version = version.and_then(protocol);
                    let labels: Vec<Pair> =
                        [state_label()].into_iter().chain(address).chain(version).collect();
                    metrics::gauge!("http_client_open_connections", &labels)
                };
                self.upstreams.with((upstream.number, version, state), register, then);
            }
        }
    }
}
