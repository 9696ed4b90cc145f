//! The telling, for people.

use std::{env, fmt};

use tower_conn_lint::lint::{self, Diagnostic};

use crate::act::{Act, Stage};
use crate::paint::Paint;
use crate::table::{EndTable, Table};

/// What stands before the acts.
pub(crate) struct Prologue<'a> {
    /// The version of Node; `None` where its acts are left out.
    pub(crate) node: Option<&'a str>,
    pub(crate) paint: Paint,
}

/// What the acts showed.
pub(crate) struct Story<'a> {
    pub(crate) acts: &'a [Act],
    pub(crate) paint: Paint,
}

// === impl Prologue ===

impl fmt::Display for Prologue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}
  A login page called a gateway, and said `connection: close` on each request. So each
  login dialled again, and the gateway collected closed connections in TIME_WAIT. At peak
  one login in a hundred took three seconds: its dial was dropped, and sent again.

  Here both run on loopback, with {} requests one after another. The gateway's handler
  says `close`, too.

  hyper  a login page of our own: the layer stands on both sides
  node   {}
",
            self.paint.bold("The incident"),
            Stage::LOOPBACK.requests,
            match self.node {
                Some(version) => format!(
                    "{version}, a login page of somebody else, with `keepAlive: false`: the layer\n         \
                     stands on the gateway only",
                ),
                None => "not found: its two acts are left out".to_owned(),
            },
        )?;
        match env::var("CONN_LINT") {
            Ok(settings) if !settings.is_empty() => {
                writeln!(f, "  CONN_LINT is `{settings}`, which is stronger than the policy.\n")
            }
            _ => Ok(()),
        }
    }
}

// === impl Story ===

impl Story<'_> {
    fn diagnostics(&self, f: &mut fmt::Formatter<'_>, act: &Act) -> fmt::Result {
        let title = format!("What a developer sees: {}", act.caller.as_str());
        writeln!(f, "{}\n", self.paint.bold(title))?;
        for count in act.counts.findings.values() {
            let diagnostic = Diagnostic::new(&count.finding);
            writeln!(f, "{}", diagnostic.times(count.times).colored(self.paint.colored))?;
        }
        if act.counts.findings.is_empty() {
            writeln!(f, "  nothing: no lint fired, or none was heeded\n")?;
        }
        Ok(())
    }

    fn outcome(&self, f: &mut fmt::Formatter<'_>, act: &Act) -> fmt::Result {
        let mut lead = act.caller.as_str();
        for (lint, count) in act.counts.findings.iter().filter(|(_, count)| count.rewritten > 0) {
            let place = count.finding.place;
            writeln!(f, "  {lead:<6} rewritten: {} {place}s, for {lint}", count.rewritten)?;
            lead = "";
        }
        if !lead.is_empty() {
            writeln!(f, "  {lead:<6} rewritten: nothing")?;
        }
        let without = self.acts.iter().find(|other| other.caller == act.caller && !other.layer);
        if let Some(without) = without {
            let (before, after) = (without.connections, act.connections);
            let requests = act.latencies.len();
            writeln!(
                f,
                "  {:6} observed:  {requests} requests on {}; {before} without the layer",
                "",
                connections(after)
            )?;
        }
        if act.counts.findings.contains_key(&lint::CALLER_SENDS_CLOSE) {
            writeln!(
                f,
                "  {:6} The gateway can't take back a `close` that it received. It names the caller,\n  \
                 {:6} who has to change.",
                "", ""
            )?;
        }
        writeln!(f)
    }
}

impl fmt::Display for Story<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Story { acts, paint } = *self;
        writeln!(f, "{}", paint.bold("Before and after"))?;
        writeln!(f, "{}", Table { acts, paint })?;
        writeln!(f, "{}", paint.bold("Who closed, and why, as the gateway saw it"))?;
        writeln!(f, "{}", EndTable { acts, paint })?;

        let with_layer = || acts.iter().filter(|act| act.layer);
        with_layer().try_for_each(|act| self.diagnostics(f, act))?;
        writeln!(f, "{}", paint.bold("What was done"))?;
        with_layer().try_for_each(|act| self.outcome(f, act))?;
        writeln!(
            f,
            "{}
  The three-second dials. They need a lab: a network namespace with few ports, and a
  balancer that drops a source port used again too soon. That takes root: `--lab`.",
            paint.bold("What was left out"),
        )
    }
}

fn connections(number: u64) -> String {
    format!("{number} connection{}", if number == 1 { "" } else { "s" })
}
