use std::time::Duration;

use http::Version;
use metrics::{Counter, Histogram};

use super::kept::Kept;
use super::upstreams::Upstream;
use super::{Pair, REUSED, ROUTE, SIDE, truth};
use crate::connection::{AtDial, Closer, DialError, EndCause, Ended, Side};
use crate::lint::Label;

/// What is counted as connections are opened and end.
#[derive(Debug, Default)]
pub(super) struct ConnectionMetrics {
    accepts: Kept<(), Counter>,
    /// By the number of an upstream, as are those that follow.
    dials: Kept<(u16, Option<DialError>), Counter>,
    dial_durations: Kept<(u16, Option<bool>), Histogram>,
    durations: Kept<(u16, Option<Version>), Histogram>,
    requests: Kept<(Option<u16>, Label), Histogram>,
    ended: Kept<How, Counter>,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct How {
    side: Side,
    cause: EndCause,
    closer: Closer,
    reused: bool,
}

// === impl ConnectionMetrics ===

impl ConnectionMetrics {
    /// A connection to an upstream was opened, or one of a caller.
    pub(super) fn opened(
        &self,
        upstream: Option<&Upstream>,
        dial: Option<Duration>,
        at_dial: Option<AtDial>,
    ) {
        let Some(upstream) = upstream else {
            let register = || metrics::counter!("conn_lint_server_accepts");
            return self.accepts.with((), register, |accepts| accepts.increment(1));
        };
        self.dialled(upstream, None);
        if let Some(dial) = dial {
            let again = at_dial.and_then(|at_dial| at_dial.syn_retransmitted);
            let register = || {
                let again = again.map(|again| ("conn_lint_syn_retransmitted", truth(again).into()));
                let labels: Vec<Pair> = [upstream.address()].into_iter().chain(again).collect();
                metrics::histogram!("conn_lint_client_dial_duration_seconds", &labels)
            };
            let durations = |durations: &Histogram| durations.record(dial);
            self.dial_durations.with((upstream.number, again), register, durations);
        }
    }

    pub(super) fn dial_failed(&self, upstream: &Upstream, error: DialError) {
        self.dialled(upstream, Some(error));
    }

    pub(super) fn ended(&self, upstream: Option<&Upstream>, connection: &Ended) {
        let Ended { side, route, requests, end, .. } = connection;
        let how = How {
            side: *side,
            cause: end.cause,
            closer: end.closer,
            reused: connection.was_reused(),
        };
        self.ended.with(how, || how.register(), |ended| ended.increment(1));

        let register = || {
            let route = || (ROUTE, route.as_str().into());
            let place = upstream.map_or_else(route, Upstream::address);
            let labels = [(SIDE, side.as_str().into()), place];
            metrics::histogram!("conn_lint_requests_per_connection", &labels)
        };
        let key = (upstream.map(|upstream| upstream.number), *route);
        self.requests.with(key, register, |counts| counts.record(*requests as f64));
    }

    /// How long a connection to an upstream lasted.
    pub(super) fn lived(&self, upstream: &Upstream, connection: &Ended) {
        let Ended { version, lived, .. } = connection;
        let register = || {
            let labels: Vec<Pair> =
                upstream.address_and_port().chain(version.and_then(protocol)).collect();
            metrics::histogram!("http_client_connection_duration_seconds", &labels)
        };
        let record = |durations: &Histogram| durations.record(*lived);
        self.durations.with((upstream.number, *version), register, record);
    }

    fn dialled(&self, upstream: &Upstream, error: Option<DialError>) {
        let register = || {
            let error = error.map(|error| ("error_type", error.as_str().into()));
            let labels: Vec<Pair> = [upstream.address()].into_iter().chain(error).collect();
            metrics::counter!("conn_lint_client_dials", &labels)
        };
        self.dials.with((upstream.number, error), register, |dials| dials.increment(1));
    }
}

// === impl How ===

impl How {
    fn register(self) -> Counter {
        let labels = [
            (SIDE, self.side.as_str()),
            ("conn_lint_end_cause", self.cause.as_str()),
            ("conn_lint_closer", self.closer.as_str()),
            (REUSED, truth(self.reused)),
        ];
        metrics::counter!("conn_lint_connections_ended", &labels)
    }
}

/// The label of a version, as OpenTelemetry's conventions write it.
pub(super) fn protocol(version: Version) -> Option<Pair> {
    let text = match version {
        Version::HTTP_10 => "1.0",
        Version::HTTP_11 => "1.1",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => return None,
    };
    Some(("network_protocol_version", text.into()))
}
