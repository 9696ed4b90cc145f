mod survey;

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::dialled::Dialled;
#[cfg(feature = "reqwest")]
use super::pairs::Pairs;
use super::record::{Flag, Turn};
use super::standing::Changes;
use super::window::{
    Heavy, Requests, RouteSlot, RouteWindows, Slice, Slices, Sums, Templates, nanos,
};
use super::{Bounds, EndCause, Ended, Party, Pool, Record, Side};

pub(crate) use self::survey::{Callers, Known, Survey};

/// The connections of a lint: those that live, by who is at the other end, and the windows of
/// those that ended. Locks are taken when a connection is first used and when it ends; a request
/// on a connection that is in use takes none.
#[derive(Debug)]
pub(crate) struct Connections {
    /// From how long an idleness on is told, in nanoseconds: each request is compared with it.
    idle: AtomicU64,
    slices: Slices,
    hasher: RandomState,
    /// Bounded by the sockets that are open: a party without one is taken out.
    live: [Mutex<Siblings>; SHARDS],
    callers: Mutex<Heavy<Party>>,
    upstreams: Mutex<Heavy<Party>>,
    pub(crate) routes: RouteWindows,
    /// Where the templates of a router are counted.
    pub(crate) templates: Templates,
    #[cfg(feature = "reqwest")]
    pub(crate) pairs: Pairs,
    /// The addresses of upstreams.
    pub(crate) dialled: Dialled,
    draining: AtomicBool,
}

/// The live connections of each party.
type Siblings = HashMap<Party, Vec<Arc<Record>>>;

const SHARDS: usize = 16;

/// How many callers, and how many upstreams, have a window of their own.
const PARTIES: usize = 256;

/// A connection that was in use so shortly before another was opened was not free for it, as far
/// as can be told from here: the peer decides a round trip earlier, and a burst of handshakes keeps
/// a listener busy for as long as it takes.
const BARELY_FREE: Duration = Duration::from_millis(500);

/// Of how many siblings a question is asked: where there are more, a sample stands for all, or a
/// caller could make each of its connections cost more than the one before.
const SAMPLE: usize = 1024;

/// How many are looked at for the gauges.
const FEW: usize = 32;

// === impl Connections ===

impl Connections {
    pub(crate) fn new(now: Instant, window: Duration) -> Connections {
        Connections {
            idle: AtomicU64::new(u64::MAX),
            slices: Slices::new(now, window),
            hasher: RandomState::new(),
            live: Default::default(),
            callers: Mutex::new(Heavy::new(PARTIES)),
            upstreams: Mutex::new(Heavy::new(PARTIES)),
            routes: RouteWindows::new(),
            templates: Templates::new(),
            #[cfg(feature = "reqwest")]
            pairs: Pairs::default(),
            dialled: Dialled::default(),
            draining: AtomicBool::new(false),
        }
    }

    /// From how long an idleness on is told: a policy may change it. Relaxed: nothing hangs on it.
    pub(crate) fn tell_idleness_from(&self, idle: Duration) {
        self.idle.store(nanos(idle), Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn tells_idleness(&self, nanos: u64) -> bool {
        nanos >= self.idle.load(Ordering::Relaxed)
    }

    /// An instant, as records know it.
    pub(crate) fn since_epoch(&self, now: Instant) -> u64 {
        self.slices.since_epoch(now)
    }

    pub(crate) fn slice(&self, now: Instant) -> Slice {
        self.slices.of(now)
    }

    /// Counts a request on its connection; in which slice of the window it falls.
    #[inline(always)]
    pub(crate) fn count(&self, record: &Record, turn: Turn) -> Slice {
        let slice = self.slices.at(record.born.saturating_add(turn.age));
        record.served.add(slice, turn.number == 1);
        slice
    }

    /// Takes a connection in as it is first used, now that it is known who is at its other end.
    pub(crate) fn meet(&self, record: &Arc<Record>, party: Party, now: Instant) {
        self.meet_among(record, party, now, None);
    }

    /// The same; a client that knows how many of its requests were under way as it dialled says
    /// so. Of others the connections are asked that are in use.
    pub(crate) fn meet_among(
        &self,
        record: &Arc<Record>,
        party: Party,
        now: Instant,
        under_way: Option<usize>,
    ) {
        let lead = record.dial.unwrap_or_default().saturating_add(BARELY_FREE);
        let needed_from = record.opened.checked_sub(lead).unwrap_or(record.opened);
        let (party, concurrency) = {
            let mut live = self.siblings(&party);
            // All of them share what the first one was told.
            let party = live.get_key_value(&party).map_or(party, |(known, _)| known.clone());
            if !record.meet(party.clone()) {
                return;
            }
            // Either this sees that the connection was closed, or `close` sees whose it was.
            fence(Ordering::SeqCst);
            // A service may outlive its connection: nobody would take that out again.
            if record.is(Flag::Closed) {
                return;
            }
            let siblings = live.entry(party.clone()).or_default();
            let in_use = sample(siblings).filter(|sibling| sibling.is_in_use_since(needed_from));
            let concurrency =
                under_way.unwrap_or_else(|| of_all(in_use.count(), siblings.len()) + 1);
            record.stands_at(siblings.len());
            siblings.push(record.clone());
            (party, concurrency)
        };
        if record.side == Side::Inbound && self.draining.load(Ordering::Relaxed) {
            record.drain();
        }
        let slice = self.slice(now);
        let mut parties = self.parties(record.side);
        let window = &mut parties.entry(&party, slice).window;
        let rising = window.peak(slice, u32::try_from(concurrency).unwrap_or(u32::MAX));
        let sums = window.at(slice);
        sums.connections = sums.connections.saturating_add(1);
        if record.side == Side::Outbound {
            sums.dials = sums.dials.saturating_add(1);
            let again = u32::from(record.is_syn_retransmitted());
            sums.syn_retransmitted = sums.syn_retransmitted.saturating_add(again);
        }
        if rising {
            sums.rising = sums.rising.saturating_add(1);
            record.served.excuse();
            record.raise(Flag::Excused);
        }
    }

    /// Takes a connection out, once: how it ended.
    pub(crate) fn close(&self, record: &Record, now: Instant, panicking: bool) -> Option<Ended> {
        if record.raise(Flag::Closed) {
            return None;
        }
        record.forget_server();
        let drains = record.side == Side::Inbound && self.draining.load(Ordering::Relaxed);
        if drains && !record.is(Flag::Draining) {
            record.drain();
        }
        fence(Ordering::SeqCst);
        let mut ending = record.ending(now, panicking);
        if let Some(party) = record.party() {
            let mut live = self.siblings(party);
            if let Some(siblings) = live.get_mut(party) {
                leave(siblings, record);
                if let Some(Pool { max_idle, .. }) = ending.pool {
                    let given_back = record.touched();
                    let pooled = |sibling: &&Arc<Record>| sibling.was_pooled_since(given_back);
                    ending.idle_beside = siblings.iter().filter(pooled).take(max_idle).count();
                }
                if siblings.is_empty() {
                    live.remove(party);
                }
            }
        }
        let (end, pool, slice) = (ending.conclude(), ending.pool, self.slice(now));
        let route = record.last().route();
        let ended = Ended::new(record, end, self.routes.label(route), now);
        if let Some(route) = route {
            self.routes.end(route, slice, |sums| sums.end(&ended, pool));
        }
        // Nothing explains what nobody saw: no cause is counted for it.
        let explained = ended.end_seen || end.cause != EndCause::Unknown;
        let mut parties = self.parties(record.side);
        let window = match record.party() {
            Some(party) => &mut parties.entry(party, slice).window,
            // Nobody knows whose it was.
            None => parties.other_mut(),
        };
        record.served.drain_into(window);
        let sums = window.at(slice);
        if explained {
            sums.end(&ended, pool);
        }
        if end.with_client() {
            let client = record.dialler.as_ref().is_some_and(|dialler| dialler.counts_end());
            sums.clients = sums.clients.saturating_add(client.into());
        }
        Some(ended)
    }

    /// A dial failed.
    pub(crate) fn dial_failed(&self, party: &Party, now: Instant) {
        let slice = self.slice(now);
        let mut parties = self.parties(Side::Outbound);
        let sums = parties.entry(party, slice).window.at(slice);
        sums.dials = sums.dials.saturating_add(1);
        sums.failed_dials = sums.failed_dials.saturating_add(1);
    }

    /// The process drains from now on.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
        for shard in &self.live {
            let live = lock(shard);
            let inbound = live.values().flatten().filter(|record| record.side == Side::Inbound);
            inbound.for_each(|record| record.drain());
        }
    }

    /// What a party's window holds, its live connections included, and since when it is known.
    pub(crate) fn window_of(&self, party: &Party, now: Instant) -> Option<(Sums, Duration)> {
        let slice = self.slice(now);
        let (mut sums, first) = {
            let parties = self.parties(party.side());
            let known = parties.find(party)?;
            (known.window.sums(slice), known.first)
        };
        if let Some(siblings) = self.siblings(party).get(party) {
            let mut requests = Requests::default();
            sample(siblings).for_each(|sibling| requests += sibling.served.sums(slice));
            sums.add_requests(requests.times(siblings.len(), sample(siblings).len()));
        }
        Some((sums, self.slices.between(first, slice)))
    }

    /// Whether what its connections lose is worth a finding: between threads hyper-util loses a few
    /// of who reuses perfectly (0.1.21), most while it starts.
    pub(crate) fn reuses_too_little(&self, party: &Party, now: Instant, bounds: &Bounds) -> bool {
        let Bounds { min_reuse, min_requests, .. } = *bounds;
        self.window_of(party, now).is_some_and(|(sums, _)| {
            sums.requests >= min_requests && sums.reuse().is_some_and(|reuse| reuse < min_reuse)
        })
    }

    /// A party's window without the requests of connections that live, and the greatest concurrency
    /// in it.
    pub(crate) fn pressure(&self, party: &Party, now: Instant) -> Option<(Sums, u32)> {
        let slice = self.slice(now);
        let parties = self.parties(party.side());
        let window = &parties.find(party)?.window;
        Some((window.sums(slice), window.greatest(slice)))
    }

    /// What the window of a route holds, and since when it is known.
    pub(crate) fn route_window(&self, slot: RouteSlot, slice: Slice) -> Option<(Sums, Duration)> {
        let (sums, first) = self.routes.window(slot, slice)?;
        Some((sums, self.slices.between(first, slice)))
    }

    /// How many other connections of HTTP/2 to the same upstream were usable before this one was
    /// dialled.
    pub(crate) fn usable_http2_beside(&self, record: &Record) -> usize {
        let Some(party) = record.party() else { return 0 };
        let lead = record.dial.unwrap_or_default().saturating_add(BARELY_FREE);
        let dialled = record.opened.checked_sub(lead).unwrap_or(record.opened);
        let siblings = self.siblings(party);
        let usable = |sibling: &&Arc<Record>| {
            sibling.id != record.id
                && sibling.is_multiplexed()
                && !sibling.hides_end()
                && sibling.opened < dialled
                && sibling.course().closer().is_none()
        };
        siblings.get(party).map_or(0, |siblings| sample(siblings).filter(usable).count())
    }

    /// How the open connections of a party changed since this was last asked: this one, which may
    /// have ended, and those beside it.
    pub(crate) fn changes(&self, record: &Record) -> Changes {
        let mut changes = Changes::default();
        record.stand(&mut changes);
        if let Some(party) = record.party() {
            let siblings = self.siblings(party);
            // Of very many each costs no more than of some; a snapshot looks at all.
            let siblings = siblings.get(party).map_or(&[][..], Vec::as_slice);
            let siblings = siblings.iter().step_by(siblings.len().div_ceil(FEW).max(1));
            siblings.for_each(|sibling| sibling.stand(&mut changes));
        }
        changes
    }

    /// How many connections are in the tables.
    #[cfg(test)]
    pub(crate) fn live(&self) -> usize {
        self.live.iter().map(|shard| lock(shard).values().map(Vec::len).sum::<usize>()).sum()
    }

    /// What the windows of one side hold, how many parties have one, and how many of these do.
    #[cfg(test)]
    pub(crate) fn totals(&self, side: Side, now: Instant, of: &[Party]) -> (Sums, usize, usize) {
        let parties = self.parties(side);
        let known = of.iter().filter(|party| parties.find(party).is_some());
        (parties.sums(self.slice(now)), parties.len(), known.count())
    }

    fn siblings(&self, party: &Party) -> MutexGuard<'_, Siblings> {
        lock(&self.live[self.hasher.hash_one(party) as usize % SHARDS])
    }

    fn parties(&self, side: Side) -> MutexGuard<'_, Heavy<Party>> {
        lock(match side {
            Side::Inbound => &self.callers,
            Side::Outbound => &self.upstreams,
        })
    }
}

/// Takes one out by its place, however many there are.
fn leave(siblings: &mut Vec<Arc<Record>>, record: &Record) {
    let place = record.place();
    if siblings.get(place).is_some_and(|sibling| ptr::eq(&**sibling, record)) {
        siblings.swap_remove(place);
        if let Some(moved) = siblings.get(place) {
            moved.stands_at(place);
        }
    }
}

/// Those who are asked.
fn sample(siblings: &[Arc<Record>]) -> impl ExactSizeIterator<Item = &Arc<Record>> {
    siblings.iter().step_by(siblings.len().div_ceil(SAMPLE).max(1))
}

/// How many of all it would be that were found in their sample: all, if all of that.
fn of_all(found: usize, siblings: usize) -> usize {
    let asked = siblings.div_ceil(siblings.div_ceil(SAMPLE).max(1)).max(1);
    found * siblings / asked
}

/// No panic leaves one of these tables half written.
fn lock<T>(table: &Mutex<T>) -> MutexGuard<'_, T> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
