//! The acts as one JSON object, for programs.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use tower_conn_lint::connection::Closer;

use crate::act::Act;
use crate::tally::{Count, Ends};

pub(crate) fn object(acts: &[Act]) -> Value {
    json!({ "acts": acts.iter().map(act).collect::<Vec<_>>() })
}

fn act(act: &Act) -> Value {
    json!({
        "name": act.name(),
        "client": act.caller.as_str(),
        "layer": act.layer,
        "requests": act.latencies.len(),
        "connections": act.connections,
        "time_wait_server": act.time_wait.map(|sockets| sockets.server),
        "time_wait_client": act.time_wait.map(|sockets| sockets.client),
        "p50_ms": milliseconds(act.p50),
        "p99_ms": milliseconds(act.p99),
        "slow": act.slow(),
        "over_500ms": act.over_half_a_second(),
        "dials": act.counts.dials(act.caller),
        "syn_retransmitted": act.counts.syn_retransmitted(act.caller),
        "late_arrivals": act.counts.late_arrivals().map(|(late, _)| late),
        "findings": by_lint(act, |count| count.times),
        "rewritten": by_lint(act, |count| count.rewritten),
        "end_causes": causes(&act.counts.ends),
        "closers": closers(&act.counts.ends),
    })
}

/// The lints of which there is any.
fn by_lint(act: &Act, number: impl Fn(&Count) -> u64) -> BTreeMap<&'static str, u64> {
    let counts = act.counts.findings.iter().map(|(lint, count)| (lint.name(), number(count)));
    counts.filter(|(_, number)| *number > 0).collect()
}

/// Those that occurred.
fn causes(ends: &Ends) -> BTreeMap<&'static str, u64> {
    ends.causes.iter().map(|(cause, times)| (cause.as_str(), *times)).collect()
}

/// All four.
fn closers(ends: &Ends) -> BTreeMap<&'static str, u64> {
    Closer::ALL.iter().map(|closer| (closer.as_str(), ends.closed_by(*closer))).collect()
}

/// To the microsecond.
fn milliseconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1e3
}
