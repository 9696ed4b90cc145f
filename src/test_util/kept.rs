use std::collections::{BTreeMap, HashMap, VecDeque};
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::traffic::{Traffic, counted};
use crate::connection::{Closer, EndCause, Ended, Record};
use crate::lint::{Action, Finding, Label, Lint};

/// What was reported. It is bounded by the catalogue, the labels of a process, its open sockets,
/// and [`WHOLE`].
#[derive(Default)]
pub(super) struct Kept {
    findings: Vec<Finding>,
    fired: BTreeMap<Lint, Fired>,
    accepted: BTreeMap<Lint, u64>,
    ended: Vec<Ended>,
    ends: BTreeMap<(EndCause, Closer), u64>,
    /// By the number of the connection.
    live: HashMap<u64, Arc<Record>>,
    /// The last ones that ended: hyper may end a connection before our layers see the response that
    /// came on it, and count its request.
    late: VecDeque<Arc<Record>>,
    /// What the others carried that ended, and how all of them did: by our client's name, `None`
    /// for those of callers.
    past: HashMap<Option<Label>, Traffic>,
    waiting: Vec<Waker>,
}

/// One lint's findings.
#[derive(Clone)]
pub(super) struct Fired {
    /// The first of them, or the first that was rewritten.
    pub(super) finding: Finding,
    pub(super) times: u64,
}

/// How many findings, and how many connections, are kept whole.
const WHOLE: usize = 1_000;

// === impl Kept ===

impl Kept {
    pub(super) fn find(&mut self, finding: &Finding) {
        if self.findings.len() < WHOLE {
            self.findings.push(finding.clone());
        }
        let first = || Fired { finding: finding.clone(), times: 0 };
        let fired = self.fired.entry(finding.lint).or_insert_with(first);
        fired.times += 1;
        if finding.action == Action::Rewritten && !fired.was_rewritten() {
            fired.finding = finding.clone();
        }
    }

    pub(super) fn accept(&mut self, finding: &Finding) {
        *self.accepted.entry(finding.lint).or_default() += 1;
    }

    pub(super) fn open(&mut self, record: Arc<Record>) {
        self.live.insert(record.id, record);
    }

    /// Takes a connection out; whom to wake.
    pub(super) fn end(&mut self, ended: &Ended) -> Vec<Waker> {
        if let Some(record) = self.live.remove(&ended.id) {
            self.past.entry(client(&record)).or_default().end(&ended.end);
            self.late.push_back(record);
        }
        if self.late.len() > WHOLE {
            if let Some(record) = self.late.pop_front() {
                self.past.entry(client(&record)).or_default().add(&record);
            }
        }
        *self.ends.entry((ended.end.cause, ended.end.closer)).or_default() += 1;
        if self.ended.len() < WHOLE {
            self.ended.push(ended.clone());
        }
        if self.live.is_empty() { mem::take(&mut self.waiting) } else { Vec::new() }
    }

    pub(super) fn poll_all_ended(&mut self, context: &Context<'_>) -> Poll<()> {
        if self.live.is_empty() {
            return Poll::Ready(());
        }
        if !self.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
            self.waiting.push(context.waker().clone());
        }
        Poll::Pending
    }

    /// What the connections of a client carried, or those of all callers: those that ended, and
    /// those that are open.
    pub(super) fn traffic(&self, of: Option<Label>) -> Traffic {
        let mut traffic = self.past.get(&of).cloned().unwrap_or_default();
        let is_of = |record: &&Arc<Record>| client(record) == of;
        self.late.iter().filter(is_of).for_each(|record| traffic.add(record));
        for record in self.live.values().filter(is_of) {
            traffic.add(record);
            traffic.open += 1;
        }
        traffic
    }

    /// The clients by name, and how many connections each of them dialled.
    pub(super) fn clients(&self) -> String {
        let past = self.past.iter().map(|(client, past)| (*client, past.connections));
        let records = self.late.iter().chain(self.live.values());
        let records = records.map(|record| (client(record), 1));
        counted(past.chain(records).filter_map(|(client, times)| Some((client?.as_str(), times))))
    }

    pub(super) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    pub(super) fn fired(&self) -> impl Iterator<Item = &Fired> {
        self.fired.values()
    }

    pub(super) fn find_fired(&self, lint: Lint) -> Option<&Fired> {
        self.fired.get(&lint)
    }

    /// The lints that fired, and how often.
    pub(super) fn counted(&self) -> String {
        counted(self.fired.iter().map(|(lint, fired)| (lint.name(), fired.times)))
    }

    /// How often an exception in code silenced a lint.
    pub(super) fn accepted(&self, lint: Lint) -> u64 {
        self.accepted.get(&lint).copied().unwrap_or(0)
    }

    pub(super) fn ended(&self) -> &[Ended] {
        &self.ended
    }

    pub(super) fn ends(&self) -> &BTreeMap<(EndCause, Closer), u64> {
        &self.ends
    }

    pub(super) fn open_connections(&self) -> usize {
        self.live.len()
    }
}

// === impl Fired ===

impl Fired {
    pub(super) fn was_rewritten(&self) -> bool {
        self.finding.action == Action::Rewritten
    }
}

fn client(record: &Record) -> Option<Label> {
    record.dialler.as_ref().map(|dialler| dialler.client.name)
}
