//! One act: a gateway, a caller, and what was measured of them.

use std::time::Duration;

use http::header::USER_AGENT;
use http::request::Parts;
use tokio::time::{Instant, timeout_at};
use tower_conn_lint::arrival::BeforeArrival;
use tower_conn_lint::connection::Bounds;
use tower_conn_lint::snapshot::Snapshot;
use tower_conn_lint::{ConnLint, Preset};

use crate::gateway::Gateway;
use crate::sockets::TimeWait;
use crate::tally::{Counts, Tally};
use crate::{BoxError, login_page, node_client};

/// Where an act is played.
#[derive(Clone, Copy)]
pub(crate) struct Stage {
    /// The gateway's; zero is any that is free.
    pub(crate) port: u16,
    /// How many requests an act sends, one after another.
    pub(crate) requests: usize,
    /// Whether the gateway's handler says `close`, too.
    pub(crate) handler_says_close: bool,
    /// Whether the layers stand in each act, and only what they do differs.
    pub(crate) always_layered: bool,
    /// Whether our login page stamps its requests with their send time, for the gateway to read.
    pub(crate) stamps: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Our own login page: both of its sides can have the layer.
    Hyper,
    /// Somebody else's login page: only the gateway can have the layer.
    Node,
}

/// What stands on each side that is ours: the records of connections always, the layer where it
/// is said.
pub(crate) struct Wiring {
    pub(crate) lint: ConnLint,
    pub(crate) layer: bool,
    pub(crate) stage: Stage,
}

/// What an act showed.
pub(crate) struct Act {
    pub(crate) caller: Caller,
    pub(crate) layer: bool,
    pub(crate) latencies: Vec<Duration>,
    /// As the gateway's listener counted them.
    pub(crate) connections: u64,
    /// `None` where the system doesn't tell.
    pub(crate) time_wait: Option<TimeWait>,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    pub(crate) counts: Counts,
    /// What the lint knows in the end.
    pub(crate) snapshot: Snapshot,
}

// === impl Stage ===

impl Stage {
    /// Plain loopback.
    pub(crate) const LOOPBACK: Stage = Stage {
        port: 0,
        requests: 200,
        handler_says_close: true,
        always_layered: false,
        stamps: false,
    };
}

// === impl Caller ===

impl Caller {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Caller::Hyper => "hyper",
            Caller::Node => "node",
        }
    }
}

// === impl Act ===

impl Act {
    /// Plays an act, until the last of its connections has ended.
    pub(crate) async fn play(
        caller: Caller,
        layer: bool,
        stage: Stage,
        deadline: Instant,
    ) -> Result<Act, BoxError> {
        let (tally, mut counts) = Tally::new();
        let layered = layer || stage.always_layered;
        let wiring = Wiring { lint: lint(layer, stage, tally)?, layer: layered, stage };
        let gateway = Gateway::start(&wiring).await?;
        let url = gateway.url();
        let requests = async {
            let latencies = match caller {
                Caller::Hyper => login_page::log_in(&url, stage.requests, &wiring).await,
                Caller::Node => node_client::log_in(&url, stage.requests).await,
            };
            counts.wait_for(Counts::all_ended).await?;
            latencies
        };
        let late = |_| format!("the {} client took too long", caller.as_str());
        let mut latencies = timeout_at(deadline, requests).await.map_err(late)??;
        latencies.sort_unstable();

        let counts = counts.borrow().clone();
        Ok(Act {
            caller,
            layer,
            connections: gateway.connections(),
            time_wait: TimeWait::of_port(gateway.address.port()).await,
            p50: percentile(&latencies, 50),
            p99: percentile(&latencies, 99),
            latencies,
            counts,
            snapshot: wiring.lint.snapshot(),
        })
    }

    /// How many requests took about the three seconds of two SYNs that were dropped.
    pub(crate) fn slow(&self) -> usize {
        let hump = Duration::from_millis(2_900)..Duration::from_millis(3_500);
        self.latencies.iter().filter(|latency| hump.contains(latency)).count()
    }

    pub(crate) fn over_half_a_second(&self) -> usize {
        self.latencies.iter().filter(|latency| **latency > Duration::from_millis(500)).count()
    }

    pub(crate) fn name(&self) -> String {
        format!("{}-{}", self.caller.as_str(), if self.layer { "with" } else { "without" })
    }
}

/// A lint that tells the tally, and nobody else. Without its layers it has nothing to act on.
fn lint(layer: bool, stage: Stage, tally: Tally) -> Result<ConnLint, BoxError> {
    let mut bounds = Bounds::default();
    // A lab's acts are short of requests, and long.
    (bounds.min_requests, bounds.window) = (20, Duration::from_secs(600));
    let builder = ConnLint::builder();
    let builder = match stage.stamps {
        true => builder.before_arrival(BeforeArrival::of_peers(["127.0.0.0/8".parse()?])),
        false => builder,
    };
    Ok(builder
        .bounds(bounds)
        .policy(if layer { Preset::Recommended1 } else { Preset::Observe1 })
        .reporter(tally)
        .caller(user_agent)
        .without_tracing()
        .without_metrics()
        .build())
}

/// What the gateway calls its callers in findings; by default it would be their IP address.
fn user_agent(request: &Parts) -> Option<String> {
    Some(request.headers.get(USER_AGENT)?.to_str().ok()?.to_owned())
}

/// The nearest rank, of latencies in order.
fn percentile(latencies: &[Duration], percent: usize) -> Duration {
    let rank = (latencies.len() * percent).div_ceil(100);
    latencies.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}
