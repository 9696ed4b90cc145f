//! The acts side by side, as tables for people.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use tower_conn_lint::connection::{Closer, EndCause};

use crate::act::Act;
use crate::paint::Paint;
use crate::sockets::TimeWait;

/// What was measured.
pub(crate) struct Table<'a> {
    pub(crate) acts: &'a [Act],
    pub(crate) paint: Paint,
}

/// How the connections ended, and what the causes mean.
pub(crate) struct EndTable<'a> {
    pub(crate) acts: &'a [Act],
    pub(crate) paint: Paint,
}

// === impl Table ===

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let above = format!("{:46}{:^20}", "", "TIME_WAIT on the");
        writeln!(f, "{}", self.paint.bold(above.trim_end()))?;
        let titles = row([
            "login page",
            "layer",
            "requests",
            "connections",
            "gateway",
            "caller",
            "p50",
            "p99",
        ]);
        writeln!(f, "{}", self.paint.bold(titles))?;
        for act in self.acts {
            let on = |side: fn(TimeWait) -> u64| match act.time_wait {
                Some(time_wait) => side(time_wait).to_string(),
                None => "unknown".to_owned(),
            };
            let cells = row([
                act.caller.as_str(),
                if act.layer { "with" } else { "without" },
                &act.latencies.len().to_string(),
                &act.connections.to_string(),
                &on(|time_wait| time_wait.server),
                &on(|time_wait| time_wait.client),
                &milliseconds(act.p50),
                &milliseconds(act.p99),
            ]);
            writeln!(f, "{cells}")?;
        }
        Ok(())
    }
}

// === impl EndTable ===

impl fmt::Display for EndTable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.acts.iter().all(|act| act.counts.ends.causes.is_empty()) {
            return writeln!(f, "  nothing: no connection was recorded");
        }
        let above = format!("{:36}{:^38}", "", "closed first by");
        writeln!(f, "{}", self.paint.bold(above.trim_end()))?;
        let titles = end_row(
            ["login page", "layer", "connections", "gateway", "caller", "both", "unknown"],
            "cause",
        );
        writeln!(f, "{}", self.paint.bold(titles))?;
        for act in self.acts {
            let ends = &act.counts.ends;
            let closed_by = |closer| ends.closed_by(closer).to_string();
            let causes = ends.causes.iter().map(|(cause, times)| format!("{cause} {times}"));
            let cells = end_row(
                [
                    act.caller.as_str(),
                    if act.layer { "with" } else { "without" },
                    &act.connections.to_string(),
                    &closed_by(Closer::Local),
                    &closed_by(Closer::Peer),
                    &closed_by(Closer::Both),
                    &closed_by(Closer::Unknown),
                ],
                &causes.collect::<Vec<_>>().join(", "),
            );
            writeln!(f, "{cells}")?;
        }
        writeln!(f)?;
        let causes = self.acts.iter().flat_map(|act| act.counts.ends.causes.keys());
        for cause in causes.collect::<BTreeSet<&EndCause>>() {
            writeln!(f, "  {cause:<19}{}", cause.text())?;
        }
        Ok(())
    }
}

fn row(
    [caller, layer, requests, connections, on_gateway, on_caller, p50, p99]: [&str; 8],
) -> String {
    format!(
        "  {caller:<10}  {layer:<7}  {requests:>8}  {connections:>11}  \
         {on_gateway:>8}  {on_caller:>8}  {p50:>8}  {p99:>8}"
    )
}

fn end_row(
    [caller, layer, connections, gateway, peer, both, unknown]: [&str; 7],
    causes: &str,
) -> String {
    format!(
        "  {caller:<10}  {layer:<7}  {connections:>11}  {gateway:>8}  {peer:>8}  {both:>8}  \
         {unknown:>8}  {causes}"
    )
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1e3)
}
