use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::course::Event;
use super::record::{Flag, Turn};
use super::window::{Heavy, RouteSlot, RouteWindows, Slice, Slices, Sums};
use super::{Bounds, EndCause, Ended, Party, Record, Side};

/// The connections of a lint: those that live, by who is at the other end, and the windows of
/// those that ended. Locks are taken when a connection is first used and when it ends; a request
/// on a connection that is in use takes none.
#[derive(Debug)]
pub(crate) struct Connections {
    pub(crate) bounds: Bounds,
    slices: Slices,
    hasher: RandomState,
    /// Bounded by the sockets that are open: a party without one is taken out.
    live: [Mutex<Siblings>; SHARDS],
    callers: Mutex<Heavy<Party>>,
    upstreams: Mutex<Heavy<Party>>,
    pub(crate) routes: RouteWindows,
    draining: AtomicBool,
}

/// The live connections of each party.
type Siblings = HashMap<Party, Vec<Arc<Record>>>;

const SHARDS: usize = 16;

/// How many callers, and how many upstreams, have a window of their own.
const PARTIES: usize = 256;

/// A connection that was in use so shortly before another was opened was not free for it, as far
/// as can be told from here: the peer decides a round trip earlier.
const BARELY_FREE: Duration = Duration::from_millis(50);

// === impl Connections ===

impl Connections {
    pub(crate) fn new(now: Instant, bounds: Bounds) -> Connections {
        Connections {
            bounds,
            slices: Slices::new(now, bounds.window),
            hasher: RandomState::new(),
            live: Default::default(),
            callers: Mutex::new(Heavy::new(PARTIES)),
            upstreams: Mutex::new(Heavy::new(PARTIES)),
            routes: RouteWindows::new(),
            draining: AtomicBool::new(false),
        }
    }

    /// An instant, as records know it.
    pub(crate) fn since_epoch(&self, now: Instant) -> u64 {
        self.slices.since_epoch(now)
    }

    pub(crate) fn slice(&self, now: Instant) -> Slice {
        self.slices.of(now)
    }

    /// Counts a request on its connection; in which slice of the window it falls.
    pub(crate) fn count(&self, record: &Record, turn: Turn) -> Slice {
        let slice = self.slices.at(record.born + turn.age);
        record.served.add(slice, turn.number == 1);
        slice
    }

    /// Takes a connection in as it is first used, now that it is known who is at its other end.
    pub(crate) fn meet(&self, record: &Arc<Record>, party: Party, now: Instant) {
        record.meet(party);
        let Some(party) = record.party() else { return };
        let needed_from = record.opened - record.dial.unwrap_or_default();
        let needed_from = needed_from.checked_sub(BARELY_FREE).unwrap_or(needed_from);
        let concurrency = {
            let mut live = self.siblings(party);
            let siblings = live.entry(party.clone()).or_default();
            let in_use = siblings.iter().filter(|sibling| sibling.is_in_use_since(needed_from));
            let concurrency = in_use.count() + 1;
            siblings.push(record.clone());
            concurrency
        };
        if self.draining.load(Ordering::Relaxed) {
            drain(record);
        }
        let slice = self.slice(now);
        let mut parties = self.parties(record.side);
        let window = &mut parties.entry(party, slice).window;
        let rising = window.peak(slice, u32::try_from(concurrency).unwrap_or(u32::MAX));
        let sums = window.at(slice);
        sums.connections = sums.connections.saturating_add(1);
        if record.side == Side::Outbound {
            sums.dials = sums.dials.saturating_add(1);
        }
        if rising {
            sums.excused += 1;
            record.raise(Flag::Excused);
        }
    }

    /// Takes a connection out, once: how it ended.
    pub(crate) fn close(&self, record: &Record, now: Instant, panicking: bool) -> Option<Ended> {
        if record.raise(Flag::Closed) {
            return None;
        }
        if self.draining.load(Ordering::Relaxed) && !record.is(Flag::Draining) {
            drain(record);
        }
        let mut ending = record.ending(now, panicking);
        if let Some(party) = record.party() {
            let mut live = self.siblings(party);
            if let Some(siblings) = live.get_mut(party) {
                siblings.retain(|sibling| sibling.id != record.id);
                let given_back = record.touched();
                let pooled = |sibling: &&Arc<Record>| sibling.was_pooled_since(given_back);
                ending.idle_beside = siblings.iter().filter(pooled).count();
                if siblings.is_empty() {
                    live.remove(party);
                }
            }
        }
        let end = ending.conclude();
        let slice = self.slice(now);
        let mut parties = self.parties(record.side);
        let window = match record.party() {
            Some(party) => &mut parties.entry(party, slice).window,
            // Nobody knows whose it was.
            None => parties.other_mut(),
        };
        record.served.drain_into(window);
        window.at(slice).end(record.requests(), &end);
        drop(parties);
        Some(Ended::new(record, end, self.routes.label(record.route()), now))
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
            inbound.for_each(|record| drain(record));
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
        for sibling in self.siblings(party).get(party).into_iter().flatten() {
            sums.add_requests(sibling.served.sums(slice));
        }
        Some((sums, self.slices.between(first, slice)))
    }

    /// A party's window, and its greatest concurrency in it.
    pub(crate) fn pressure(&self, party: &Party, now: Instant) -> Option<(Sums, u32)> {
        let slice = self.slice(now);
        let parties = self.parties(party.side());
        let window = &parties.find(party)?.window;
        Some((window.sums(slice), window.greatest(slice)))
    }

    /// What the window of a route holds, and since when it is known.
    pub(crate) fn route_window(&self, slot: RouteSlot, slice: Slice) -> Option<(Sums, Duration)> {
        let (requests, first) = self.routes.window(slot, slice)?;
        let mut sums = Sums { excused: requests.excused, ..Sums::default() };
        sums.add_requests(requests);
        Some((sums, self.slices.between(first, slice)))
    }

    /// How many other connections of HTTP/2 to the same upstream were usable before this one was
    /// dialled.
    pub(crate) fn usable_http2_beside(&self, record: &Record) -> usize {
        let Some(party) = record.party() else { return 0 };
        let dialled = record.opened - record.dial.unwrap_or_default();
        let siblings = self.siblings(party);
        let usable = |sibling: &&Arc<Record>| {
            sibling.id != record.id
                && sibling.is_multiplexed()
                && sibling.opened + BARELY_FREE < dialled
                && sibling.course().closer().is_none()
        };
        siblings.get(party).into_iter().flatten().filter(usable).count()
    }

    /// How many connections are in the tables.
    pub(crate) fn live(&self) -> usize {
        self.live.iter().map(|shard| lock(shard).values().map(Vec::len).sum::<usize>()).sum()
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

fn drain(record: &Record) {
    record.raise(Flag::Draining);
    record.note(Event::Seen(EndCause::Drain));
}

/// No panic leaves one of these tables half written.
fn lock<T>(table: &Mutex<T>) -> MutexGuard<'_, T> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}
