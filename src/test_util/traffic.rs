use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::{self, Display};

use crate::connection::{Closer, End, EndCause, Flag, Record};
use crate::lint::Client;

/// What connections carried, and how they ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Traffic {
    pub(super) connections: u64,
    pub(super) open: u64,
    pub(super) requests: u64,
    /// Connections that carried a request.
    pub(super) used: u64,
    /// Those of them that rising concurrency needed, as the first one is.
    pub(super) needed: u64,
    pub(super) ends: BTreeMap<(EndCause, Closer), u64>,
    /// The client of ours that dialled them.
    pub(super) client: Option<Client>,
}

// === impl Traffic ===

impl Traffic {
    /// Counts a connection, which may go on.
    pub(super) fn add(&mut self, record: &Record) {
        self.connections += 1;
        let requests = record.requests();
        self.requests += requests;
        if requests > 0 {
            self.used += 1;
            self.needed += u64::from(record.is(Flag::Excused));
        }
        self.client = record.dialler.as_ref().map(|dialler| dialler.client);
    }

    pub(super) fn end(&mut self, end: &End) {
        *self.ends.entry((end.cause, end.closer)).or_default() += 1;
    }

    /// The share of the requests on a reused connection, among those that could have been; `None`
    /// where none could.
    pub(super) fn reuse(&self) -> Option<f64> {
        let possible = self.requests.saturating_sub(self.needed);
        (possible > 0).then(|| self.requests.saturating_sub(self.used) as f64 / possible as f64)
    }

    /// The most frequent cause of an end.
    pub(super) fn cause(&self) -> Option<EndCause> {
        let causes = sums(self.ends.iter().map(|((cause, _), times)| (*cause, *times)));
        causes.into_iter().max_by_key(|(_, times)| *times).map(|(cause, _)| cause)
    }
}

impl Display for Traffic {
    /// `20 of 20 requests opened a connection, 1 of them needed; ended by request-close 20; closed by
    /// local 3, peer 17; 0 open`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Traffic { connections, open, requests, used, needed, ends, client: _ } = self;
        write!(f, "{used} of {requests} requests opened a connection")?;
        if *needed > 0 {
            write!(f, ", {needed} of them since no other was free")?;
        }
        if connections > used {
            write!(f, "; {} connections carried none", connections - used)?;
        }
        if !ends.is_empty() {
            let causes = counted(ends.iter().map(|((cause, _), times)| (cause.as_str(), *times)));
            let closers =
                counted(ends.iter().map(|((_, closer), times)| (closer.as_str(), *times)));
            write!(f, "; ended by {causes}; closed by {closers}")?;
        }
        write!(f, "; {open} still open")
    }
}

/// Names with their sums, the most frequent first: `request-close 18, never-used 1`.
pub(super) fn counted<'a>(counts: impl Iterator<Item = (&'a str, u64)>) -> String {
    let mut sums: Vec<_> = sums(counts).into_iter().collect();
    sums.sort_by_key(|(_, times)| Reverse(*times));
    let texts: Vec<_> = sums.iter().map(|(name, times)| format!("{name} {times}")).collect();
    texts.join(", ")
}

fn sums<K: Ord>(counts: impl Iterator<Item = (K, u64)>) -> BTreeMap<K, u64> {
    let mut sums = BTreeMap::new();
    for (name, times) in counts {
        *sums.entry(name).or_default() += times;
    }
    sums
}
