//! The acts side by side, as a table for people.

use std::fmt;
use std::time::Duration;

use crate::act::Act;
use crate::paint::Paint;
use crate::sockets::TimeWait;

pub(crate) struct Table<'a> {
    pub(crate) acts: &'a [Act],
    pub(crate) paint: Paint,
}

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
                &act.requests.to_string(),
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

fn row(
    [caller, layer, requests, connections, on_gateway, on_caller, p50, p99]: [&str; 8],
) -> String {
    format!(
        "  {caller:<10}  {layer:<7}  {requests:>8}  {connections:>11}  \
         {on_gateway:>8}  {on_caller:>8}  {p50:>8}  {p99:>8}"
    )
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1e3)
}
