//! What an act's lint tells: its findings by lint, and how the gateway's connections ended.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;
use tower_conn_lint::connection::{Closer, EndCause, Ended, Opened, Side};
use tower_conn_lint::lint::{Action, Finding, Lint};
use tower_conn_lint::report::{ArrivalTime, Reporter};

use crate::act::Caller;

/// A reporter that counts, and whose counts can be awaited.
pub(crate) struct Tally(watch::Sender<Counts>);

/// What was counted.
#[derive(Clone, Default)]
pub(crate) struct Counts {
    /// In the catalogue's order.
    pub(crate) findings: BTreeMap<Lint, Count>,
    pub(crate) ends: Ends,
    opened: u64,
    /// Of our own client.
    dials: u64,
    dropped: u64,
    /// How long stamped requests were on their way to the gateway.
    arrivals: Vec<Duration>,
    /// The longest dial that was not dropped on its way.
    pub(crate) dial: Duration,
}

/// One lint's findings.
#[derive(Clone)]
pub(crate) struct Count {
    /// The first of them.
    pub(crate) finding: Finding,
    pub(crate) times: u64,
    /// How many of the messages were rewritten.
    pub(crate) rewritten: u64,
}

/// How connections ended, as the gateway saw it: `local` is the gateway, `peer` its caller.
#[derive(Clone, Default)]
pub(crate) struct Ends {
    pub(crate) causes: BTreeMap<EndCause, u64>,
    closers: BTreeMap<Closer, u64>,
}

// === impl Tally ===

impl Tally {
    /// A tally, and where its counts are read.
    pub(crate) fn new() -> (Tally, watch::Receiver<Counts>) {
        let (sender, receiver) = watch::channel(Counts::default());
        (Tally(sender), receiver)
    }
}

impl Reporter for Tally {
    fn finding(&self, finding: &Finding) {
        self.0.send_modify(|counts| counts.find(finding));
    }

    fn opened(&self, connection: &Opened) {
        self.0.send_modify(|counts| match connection.side {
            Side::Inbound => counts.opened += 1,
            Side::Outbound => counts.dial(connection),
        });
    }

    fn arrived(&self, time: &ArrivalTime) {
        if let Ok(before) = time.before {
            self.0.send_modify(|counts| counts.arrivals.push(before));
        }
    }

    fn ended(&self, connection: &Ended) {
        if connection.side == Side::Inbound {
            self.0.send_modify(|counts| counts.ends.add(connection));
        }
    }
}

// === impl Counts ===

impl Counts {
    /// Whether the gateway has no open connection.
    pub(crate) fn all_ended(&self) -> bool {
        self.ends.causes.values().sum::<u64>() == self.opened
    }

    /// How many dials our own client made; of another one nobody tells.
    pub(crate) fn dials(&self, caller: Caller) -> Option<u64> {
        (caller == Caller::Hyper).then_some(self.dials)
    }

    /// How many of them had their SYN sent again; `None` where the kernel can't be asked, too.
    pub(crate) fn syn_retransmitted(&self, caller: Caller) -> Option<u64> {
        let is_known = caller == Caller::Hyper && cfg!(all(feature = "linux", target_os = "linux"));
        is_known.then_some(self.dropped)
    }

    /// How many requests reached the gateway half a second after they were sent, or later; and after
    /// how long the last of the others did. `None` where nobody stamped them.
    pub(crate) fn late_arrivals(&self) -> Option<(u64, Duration)> {
        let is_late = |before: &&Duration| **before >= Duration::from_millis(500);
        let late = self.arrivals.iter().filter(is_late).count() as u64;
        let soon = self.arrivals.iter().filter(|before| !is_late(before)).max();
        (!self.arrivals.is_empty()).then(|| (late, soon.copied().unwrap_or_default()))
    }

    fn dial(&mut self, connection: &Opened) {
        let again = connection.at_dial.and_then(|at_dial| at_dial.syn_retransmitted);
        self.dials += 1;
        match again {
            Some(true) => self.dropped += 1,
            _ => self.dial = self.dial.max(connection.dial.unwrap_or_default()),
        }
    }

    fn find(&mut self, finding: &Finding) {
        let first = || Count { finding: finding.clone(), times: 0, rewritten: 0 };
        let count = self.findings.entry(finding.lint).or_insert_with(first);
        count.times += 1;
        count.rewritten += u64::from(finding.action == Action::Rewritten);
    }
}

// === impl Ends ===

impl Ends {
    pub(crate) fn closed_by(&self, closer: Closer) -> u64 {
        self.closers.get(&closer).copied().unwrap_or(0)
    }

    fn add(&mut self, connection: &Ended) {
        *self.causes.entry(connection.end.cause).or_default() += 1;
        *self.closers.entry(connection.end.closer).or_default() += 1;
    }
}
