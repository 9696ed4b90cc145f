//! The telling of the lab, for people.

use std::fmt;

use tower_conn_lint::connection::{Closer, EndCause};
use tower_conn_lint::lint::{self, Diagnostic};
use tower_conn_lint::snapshot::PartyReuse;

use super::STAGE;
use super::picture::Picture;
use crate::act::{Act, Caller};
use crate::paint::Paint;
use crate::table::Table;

/// What stands before the acts.
pub(super) struct LabPrologue {
    pub(super) has_node: bool,
    pub(super) paint: Paint,
}

/// What an act showed.
pub(super) struct LabStory<'a> {
    pub(super) act: &'a Act,
    pub(super) paint: Paint,
}

/// What stands after them.
pub(super) struct Ending<'a> {
    acts: &'a [Act],
    paint: Paint,
}

/// All acts side by side.
pub(super) fn ending(acts: &[Act], paint: Paint) -> Ending<'_> {
    Ending { acts, paint }
}

// === impl LabPrologue ===

impl fmt::Display for LabPrologue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}
  A network namespace of its own: ten ports for clients, and a balancer that drops the SYN of
  a source port which it saw within two seconds. {} requests an act, one after another; the
  acts with the three seconds take a minute each.{}
",
            self.paint.bold("The incident, in a lab"),
            STAGE.requests,
            if self.has_node { "" } else { "\n  Node was not found: its act is left out." },
        )
    }
}

// === impl LabStory ===

impl LabStory<'_> {
    fn title(&self) -> &'static str {
        match (self.act.caller, self.act.layer) {
            (Caller::Hyper, false) => "As it was: a login page that says `close`, observed",
            (Caller::Hyper, true) => "With the outbound layer's fix",
            (Caller::Node, _) => "A login page in Node, of which only the gateway tells",
        }
    }

    /// Upstream, cause, closer, lint, what to change, and what nobody can know from here.
    fn summary(&self, f: &mut fmt::Formatter<'_>, upstream: &PartyReuse) -> fmt::Result {
        let PartyReuse { name, requests, dials, syn_retransmitted, .. } = upstream;
        writeln!(
            f,
            "  upstream {name}: dials: {dials}; requests: {requests}; dials whose SYN was sent again: \
             {syn_retransmitted}"
        )?;
        if let Some((cause, times)) = most(&upstream.causes) {
            let cause: &EndCause = cause;
            writeln!(f, "  cause    {cause}, {times} of {dials}: {}", cause.text())?;
        }
        if let Some((closer, times)) = most(&upstream.closers) {
            let closer: &Closer = closer;
            writeln!(f, "  closer   {closer}, {times} of {dials}, as our client saw it")?;
        }
        if let Some((late, soon)) = self.act.counts.late_arrivals() {
            let requests = self.act.latencies.len();
            writeln!(
                f,
                "  arrival  {late} of {requests} reached the gateway half a second after they were sent, \
                 or later; the others within {:.1} ms",
                soon.as_secs_f64() * 1e3
            )?;
        }
        let lints = self.act.counts.findings.iter();
        let lints: Vec<_> = lints.map(|(lint, count)| format!("{lint} {}", count.times)).collect();
        writeln!(f, "  lints    {}", lints.join(", "))?;
        if let Some(change) = upstream.change {
            writeln!(f, "  change   {change}")?;
        }
        // The last one is about connections, where any is.
        let unknown = self.act.counts.findings.keys().next_back().map(|lint| lint.unknown());
        writeln!(f, "  unknown  {}\n", unknown.unwrap_or("nothing that was looked for"))
    }
}

impl fmt::Display for LabStory<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LabStory { act, paint } = self;
        writeln!(f, "{}\n", paint.bold(self.title()))?;
        writeln!(f, "{}", Picture { latencies: &act.latencies })?;
        if let Some(upstream) = act.snapshot.upstreams.first() {
            self.summary(f, upstream)?;
        }
        if let Some(count) = act.counts.findings.get(&lint::SYN_RETRANSMITTED) {
            let diagnostic = Diagnostic::new(&count.finding).times(count.times);
            writeln!(f, "{}", diagnostic.colored(paint.colored))?;
        }
        Ok(())
    }
}

// === impl Ending ===

impl fmt::Display for Ending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ending { acts, paint } = *self;
        writeln!(f, "{}", paint.bold("Side by side"))?;
        writeln!(f, "{}", Table { acts, paint })?;
        let titles = ["login page", "layer", "2.9 - 3.5 s", "over 0.5 s", "dials", "SYN again"];
        writeln!(f, "{}", paint.bold(row(titles)))?;
        for act in acts {
            let known = |count: Option<u64>| {
                count.map_or_else(|| "unknown".to_owned(), |count| count.to_string())
            };
            let cells = row([
                act.caller.as_str(),
                if act.layer { "fixes" } else { "observes" },
                &act.slow().to_string(),
                &act.over_half_a_second().to_string(),
                &known(act.counts.dials(act.caller)),
                &known(act.counts.syn_retransmitted(act.caller)),
            ]);
            writeln!(f, "{cells}")?;
        }
        Ok(())
    }
}

fn row([caller, layer, slow, over, dials, again]: [&str; 6]) -> String {
    format!("  {caller:<10}  {layer:<8}  {slow:>11}  {over:>10}  {dials:>7}  {again:>9}")
}

/// The one that there is most of.
fn most<K>(counts: &std::collections::BTreeMap<K, u64>) -> Option<(&K, u64)> {
    counts.iter().max_by_key(|(_, times)| **times).map(|(key, times)| (key, *times))
}
