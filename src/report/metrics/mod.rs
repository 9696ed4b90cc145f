//! The sink to the `metrics` facade. Its names are those of OpenTelemetry's conventions, or ours
//! beside them, with `_` for `.` and the unit as suffix.

mod arrivals;
mod buckets;
mod connections;
mod cures;
mod findings;
mod kept;
mod open;
mod phases;
mod policy;
mod ports;
mod requests;
mod upstreams;

#[cfg(test)]
mod tests;

use std::time::Duration;

use self::arrivals::ArrivalMetrics;
use self::connections::ConnectionMetrics;
use self::cures::CureMetrics;
use self::findings::FindingMetrics;
use self::open::OpenMetrics;
use self::phases::PhaseMetrics;
use self::policy::PolicyMetrics;
use self::ports::PortMetrics;
use self::requests::RequestMetrics;
use self::upstreams::Upstreams;
use super::{ArrivalTime, PolicyStatus, Reporter, RequestPhases, RequestTime};
use crate::connection::{DialError, Ended, OpenChange, Opened, Party};
use crate::heal::Act;
use crate::lint::{Client, Finding, Lint};
use crate::policy::{PolicyErrors, Reload};
use crate::snapshot::PortUse;

pub use self::buckets::recommended_buckets;

/// Counts by the `metrics` facade. On by default where the feature `metrics` is.
///
/// | name | kind | labels |
/// |---|---|---|
/// | `conn_lint_findings` | counter | `conn_lint_lint`, `conn_lint_level`, `conn_lint_action`, `conn_lint_would`, `http_route` or `server_address` |
/// | `conn_lint_findings_suppressed` | counter | `conn_lint_lint` |
/// | `conn_lint_expected` | counter, of violations that the policy expects | `conn_lint_lint`, `conn_lint_route` (as the policy has it), `conn_lint_owner` |
/// | `conn_lint_expectations` | gauge, where there are any | `conn_lint_state` (`holds`, `expires-soon`, `expired`, `unused`) |
/// | `conn_lint_expectations_expired` | gauge, the same | |
/// | `conn_lint_policy_info` | gauge, 1 of the policy in force | `conn_lint_hash` (of its files), `conn_lint_preset`, `conn_lint_cap`, `conn_lint_source` (`code`, `file`, `builtin`, `last-good`) |
/// | `conn_lint_policy_reloads` | counter | `conn_lint_result` (`replaced`, `unchanged`, `failed`) |
/// | `conn_lint_policy_capped_floors` | gauge, where there are any: floors that don't hold, by a cap or by `CONN_LINT` | |
/// | `conn_lint_connections_ended` | counter | `conn_lint_side`, `conn_lint_end_cause`, `conn_lint_closer`, `conn_lint_connection_reused` |
/// | `conn_lint_requests_per_connection` | histogram | `conn_lint_side`, `http_route` (of its last request) or `server_address` |
/// | `conn_lint_cures` | counter of what was done for connections, and apart from that of what was seen to be of use | `conn_lint_cure`, `conn_lint_outcome` (`tried`, `worked`, `gave-up`, `refused`), `conn_lint_side` |
/// | `conn_lint_server_accepts` | counter | |
/// | `conn_lint_server_open_connections` | gauge | `http_connection_state` |
/// | `conn_lint_client_dials` | counter | `server_address`, `error_type` of those that failed |
/// | `conn_lint_client_dial_duration_seconds` | histogram, of those that did not fail, [a switch](crate::ConnLintBuilder::durations), off | `server_address`, `conn_lint_syn_retransmitted` of slow ones where the kernel told |
/// | `http_client_open_connections` | gauge | `http_connection_state`, `server_address`, `server_port`, `network_protocol_version` |
/// | `http_client_connection_duration_seconds` | histogram, the same switch | `server_address`, `server_port`, `network_protocol_version` |
/// | `conn_lint_request_duration_seconds` | histogram, the same switch | `conn_lint_side`, `http_route` or `conn_lint_client`, `conn_lint_connection_reused` |
/// | `conn_lint_client_phase_duration_seconds` | histogram, [a switch](crate::ConnLintBuilder::phases) of its own, off | `conn_lint_phase` (`wait`, `dial`, `tls`, `first-byte`, `body`), `server_address` |
/// | `conn_lint_time_wait` | gauge of sockets, where [it is asked for](crate::ConnLintBuilder::port_use_every) | `server_address`, `other` for all that are towards no upstream of ours |
/// | `conn_lint_ephemeral_ports_used` | gauge, the same: the share of the ports for dials that is held, 0 to 1, by the address with least of them left | `server_address` |
/// | `conn_lint_server_time_before_arrival_seconds` | histogram, where [senders are declared](crate::ConnLintBuilder::before_arrival) | `http_route` |
/// | `conn_lint_server_stamps_ignored` | counter, the same, of stamps that tell nothing | `conn_lint_reason` (`undeclared-peer`, `malformed`, `future`, `too-old`) |
///
/// Without a label `server_port`, `server_address` is host and port. A label whose value is not
/// known is left out. Beyond 256 upstreams the rest counts as `other`, as do routes and clients
/// beyond the number of [labels](crate::lint::Label).
///
/// The gauges are right in their sum at any time. Which connections are active and which idle is
/// looked at as one of the same party is opened, first used or ends, and in each
/// [`ConnLint::snapshot`](crate::ConnLint::snapshot): a clean request pays for no gauge.
///
/// What counts is registered at its first use and kept, so a recorder has to be installed before
/// connections are opened. [`recommended_buckets`](super::recommended_buckets) is for the exporter.
///
/// ```
/// use tower_conn_lint::{ConnLint, report::Metrics};
///
/// let lint = ConnLint::builder().build();                    // with it
/// let lint = ConnLint::builder().without_metrics().build();  // without it
/// # _ = Metrics::default();
/// ```
#[derive(Debug, Default)]
pub struct Metrics {
    /// Whether durations are recorded.
    durations: bool,
    findings: FindingMetrics,
    connections: ConnectionMetrics,
    open: OpenMetrics,
    requests: RequestMetrics,
    arrivals: ArrivalMetrics,
    phases: PhaseMetrics,
    ports: PortMetrics,
    upstreams: Upstreams,
    policy: PolicyMetrics,
    cures: CureMetrics,
}

/// A label, as the facade takes it.
type Pair = (&'static str, ::metrics::SharedString);

const SIDE: &str = "conn_lint_side";
const REUSED: &str = "conn_lint_connection_reused";
const ROUTE: &str = "http_route";
const ADDRESS: &str = "server_address";

impl Metrics {
    /// With the durations of dials and connections, too. Default: without.
    pub fn with_durations(self, durations: bool) -> Metrics {
        Metrics { durations, ..self }
    }
}

impl Reporter for Metrics {
    fn finding(&self, finding: &Finding) {
        self.findings.count(finding);
    }

    fn accepted(&self, finding: &Finding) {
        self.findings.count(finding);
        if let Some(expected) = &finding.expected {
            self.policy.expected(expected);
        }
    }

    fn policy(&self, status: &PolicyStatus) {
        self.policy.tell(status);
    }

    fn reloaded(&self, outcome: Result<Reload, &PolicyErrors>) {
        policy::reloaded(outcome);
    }

    fn suppressed(&self, lint: Lint) {
        self.findings.suppressed(lint);
    }

    fn opened(&self, connection: &Opened) {
        let upstream = connection.party.as_ref().filter(|party| party.client().is_some());
        let upstream = upstream.map(|party| self.upstreams.find(party.name()));
        let dial = connection.dial.filter(|_| self.durations);
        self.connections.opened(upstream.as_ref(), dial, connection.at_dial);
    }

    fn open_changed(&self, change: &OpenChange<'_>) {
        let upstream = change.party.filter(|party| party.client().is_some());
        let upstream = upstream.map(|party| self.upstreams.find(party.name()));
        self.open.change(upstream.as_ref(), change);
    }

    fn healed(&self, act: &Act) {
        self.cures.count(act);
    }

    fn port_use(&self, port_use: &PortUse) {
        self.ports.tell(port_use, &self.upstreams);
    }

    fn arrived(&self, time: &ArrivalTime) {
        self.arrivals.record(time);
    }

    fn request_took(&self, time: &RequestTime) {
        self.requests.record(time);
    }

    fn request_passed(&self, phases: &RequestPhases<'_>) {
        if let Some(upstream) = phases.upstream {
            self.phases.record(&self.upstreams.find(upstream.name()), phases);
        }
    }

    fn dial_failed(&self, _: &Client, upstream: &Party, error: DialError, _: Duration) {
        self.connections.dial_failed(&self.upstreams.find(upstream.name()), error);
    }

    fn ended(&self, connection: &Ended) {
        let upstream = connection.party.as_ref().filter(|party| party.client().is_some());
        let upstream = upstream.map(|party| self.upstreams.find(party.name()));
        self.connections.ended(upstream.as_ref(), connection);
        if let Some(upstream) = upstream.filter(|_| self.durations && connection.end_seen) {
            self.connections.lived(&upstream, connection);
        }
    }
}

/// A truth value as a label's.
const fn truth(is: bool) -> &'static str {
    if is { "true" } else { "false" }
}
