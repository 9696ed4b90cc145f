use std::array;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::weights::Weights;
use super::{Requests, Ring, RouteSlot, Slice, Sums, Window};
use crate::lint::Label;

/// The requests of each route, which all connections count without a lock, in a table that never
/// grows and keeps the heavy ones, by the rule of [`Heavy`](super::Heavy).
#[derive(Debug)]
pub(crate) struct RouteWindows {
    /// The first one is of [`Label::OTHER`].
    places: [Place; RouteWindows::BOUND],
    holders: Mutex<Holders>,
}

#[derive(Debug)]
struct Place {
    /// Of the label that holds it; changed under the lock of the holders. `Relaxed`: it says whom
    /// to count for, and publishes nothing. Who counts while the place is given away may count
    /// for the next one, but is counted.
    generation: AtomicU16,
    /// What code excepts on the route, as its layers tell with each request.
    excepted: AtomicU64,
    counts: OnceLock<Box<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    shards: [Shard; Counts::SHARDS],
    /// Few, so they share one.
    excused: Ring,
}

/// What one in four connections count into, so that cores seldom write to one cache line.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Shard {
    requests: Ring,
    fresh: Ring,
}

/// Who holds the places behind the first.
#[derive(Debug, Default)]
struct Holders {
    indexes: HashMap<Label, usize>,
    routes: Vec<Route>,
    weights: Weights,
}

#[derive(Debug)]
struct Route {
    label: Label,
    first: Slice,
    inherited: Ring,
    /// The ends of connections whose last request was on it.
    ends: Window,
}

// === impl RouteWindows ===

impl RouteWindows {
    /// How many places there are, with that of [`Label::OTHER`].
    pub(crate) const BOUND: usize = 1 << u8::BITS;

    pub(crate) fn new() -> RouteWindows {
        RouteWindows { places: array::from_fn(|_| Place::new()), holders: Mutex::default() }
    }

    /// The slot of a label, which holds one, or takes a free one, or that of the lightest. It
    /// takes a lock: keep the slot.
    pub(crate) fn slot(&self, label: Label, slice: Slice) -> RouteSlot {
        // Held to the end, or the generation might be that of the next label.
        let mut holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        let index = match holders.indexes.get(&label) {
            _ if label == Label::OTHER => 0,
            Some(known) => *known,
            None => self.settle(&mut holders, label, slice),
        };
        self.places[index].counts();
        RouteSlot::new(index as u8, self.places[index].generation.load(Ordering::Relaxed))
    }

    /// Counts a request without a lock; `excused` says of a fresh one that rising concurrency
    /// needed its connection. False, and not counted, if the slot was given to another label
    /// since: then ask for the slot again. That of [`Label::OTHER`] never is.
    ///
    /// Connections are spread by `shard`, any number of their own. A slot that is kept while its
    /// place is given away 65,535 times counts for another label; for the sum that is the same.
    pub(crate) fn count(
        &self,
        slot: RouteSlot,
        shard: u64,
        slice: Slice,
        fresh: bool,
        excused: bool,
    ) -> bool {
        let place = &self.places[slot.index()];
        let Some(counts) = place.counts.get() else { return false };
        if !self.is_held(slot) {
            return false;
        }
        let shard = &counts.shards[shard as usize % Counts::SHARDS];
        shard.requests.add(slice);
        if fresh {
            shard.fresh.add(slice);
            if excused {
                counts.excused.add(slice);
            }
        }
        true
    }

    /// Whose slot it is; [`Label::OTHER`] of one that was given away, or of none.
    pub(crate) fn label(&self, slot: Option<RouteSlot>) -> Label {
        let Some(slot) = slot else { return Label::OTHER };
        let holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        let behind = slot.index().checked_sub(1).and_then(|index| holders.routes.get(index));
        // A place changes hands under the lock.
        behind.filter(|_| self.is_held(slot)).map_or(Label::OTHER, |route| route.label)
    }

    /// What one label's window holds, and since when it has its slot; none of [`Label::OTHER`].
    pub(crate) fn window(&self, slot: RouteSlot, now: Slice) -> Option<(Sums, Slice)> {
        let holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        let route = holders.routes.get(slot.index().checked_sub(1)?)?;
        if !self.is_held(slot) {
            return None;
        }
        let mut sums = route.ends.sums(now);
        sums.add_requests(self.places[slot.index()].sums(now));
        Some((sums, route.first))
    }

    /// A connection ended whose last request was on this route.
    pub(crate) fn end(&self, slot: RouteSlot, slice: Slice, count: impl FnOnce(&mut Sums)) {
        let mut holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        let behind = slot.index().checked_sub(1);
        let Some(route) = behind.and_then(|index| holders.routes.get_mut(index)) else { return };
        if self.is_held(slot) {
            count(route.ends.at(slice));
        }
    }

    /// Code excepts something on this route: bits of the caller's own.
    pub(crate) fn except(&self, slot: RouteSlot, bits: u64) {
        let excepted = &self.places[slot.index()].excepted;
        if excepted.load(Ordering::Relaxed) & bits == bits {
            return;
        }
        // Once for each route: so that the bits land on no other that gets the place.
        let _holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_held(slot) {
            excepted.fetch_or(bits, Ordering::Relaxed);
        }
    }

    /// What code excepts on this route.
    pub(crate) fn excepted(&self, slot: RouteSlot) -> u64 {
        if !self.is_held(slot) {
            return 0;
        }
        self.places[slot.index()].excepted.load(Ordering::Relaxed)
    }

    /// Whether the slot was not given to another label.
    pub(crate) fn is_held(&self, slot: RouteSlot) -> bool {
        self.places[slot.index()].generation.load(Ordering::Relaxed) == slot.generation()
    }

    /// The requests of the window that ends now by label, the heaviest first: those that had any,
    /// with [`Label::OTHER`] for all who lost their slot. The sum over all is exact.
    pub(crate) fn sums(&self, now: Slice) -> Vec<(Label, Requests)> {
        let holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        let behind = holders.routes.iter().map(|route| route.label);
        let labels = std::iter::once(Label::OTHER).chain(behind);
        let sums = labels.zip(&self.places).map(|(label, place)| (label, place.sums(now)));
        let mut sums: Vec<_> = sums.filter(|(_, sums)| sums.requests > 0).collect();
        sums.sort_by_key(|(_, sums)| Reverse(sums.requests));
        sums
    }

    fn settle(&self, holders: &mut Holders, label: Label, slice: Slice) -> usize {
        let Holders { indexes, routes, weights } = holders;
        let free = self.places.len() - 1 - routes.len();
        let lightest = if free > 0 {
            None
        } else {
            let weigh = |route: usize| {
                let inherited = routes[route].inherited.sum(slice);
                self.places[route + 1].weight(slice).saturating_add(inherited)
            };
            weights.lightest(slice, routes.len(), weigh)
        };
        let index = match lightest {
            None => {
                let (inherited, ends) = (Ring::default(), Window::default());
                routes.push(Route { label, first: slice, inherited, ends });
                routes.len()
            }
            Some(route) => {
                let Route { label: holder, first, inherited, ends } = &mut routes[route];
                indexes.remove(holder);
                (*holder, *first, *ends) = (label, slice, Window::default());
                self.places[route + 1].give_way(inherited, &self.places[0]);
                route + 1
            }
        };
        indexes.insert(label, index);
        index
    }
}

// === impl Place ===

impl Place {
    /// A slot's bits are never all zero by this.
    const FIRST_GENERATION: u16 = 1;

    fn new() -> Place {
        Place {
            generation: AtomicU16::new(Place::FIRST_GENERATION),
            excepted: AtomicU64::new(0),
            counts: OnceLock::new(),
        }
    }

    /// Allocated when the place is first held: most services have few routes.
    fn counts(&self) -> &Counts {
        self.counts.get_or_init(Box::default)
    }

    fn weight(&self, now: Slice) -> u64 {
        self.counts.get().map_or(0, |counts| counts.sum(|shard| &shard.requests, now))
    }

    fn sums(&self, now: Slice) -> Requests {
        self.counts.get().map_or_else(Requests::default, |counts| Requests {
            requests: counts.sum(|shard| &shard.requests, now),
            fresh: counts.sum(|shard| &shard.fresh, now),
            excused: counts.excused.sum(now),
        })
    }

    /// Leaves what was counted to `other` and the weight to the next label here.
    fn give_way(&self, inherited: &Ring, other: &Place) {
        let generation = self.generation.load(Ordering::Relaxed);
        let next = generation.checked_add(1).unwrap_or(Place::FIRST_GENERATION);
        self.generation.store(next, Ordering::Relaxed);
        self.excepted.store(0, Ordering::Relaxed);

        let Counts { shards, excused } = self.counts();
        let others = other.counts();
        for (shard, other) in shards.iter().zip(&others.shards) {
            shard.requests.drain(|slice, count| {
                inherited.put(slice, count);
                other.requests.put(slice, count);
            });
            shard.fresh.drain(|slice, count| other.fresh.put(slice, count));
        }
        excused.drain(|slice, count| others.excused.put(slice, count));
    }
}

// === impl Counts ===

impl Counts {
    const SHARDS: usize = 4;

    fn sum(&self, ring: impl Fn(&Shard) -> &Ring, now: Slice) -> u64 {
        self.shards.iter().map(|shard| ring(shard).sum(now)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Slice = Slice::new(1);

    fn junk(number: u32) -> Label {
        Label::new(&format!("/window/junk/{}", number % 600))
    }

    fn heavy(number: u32) -> Label {
        Label::new(&format!("/window/heavy/{}", number % 20))
    }

    fn request(routes: &RouteWindows, label: Label, slice: Slice) {
        let slot = routes.slot(label, slice);
        assert!(routes.count(slot, 7, slice, false, false), "{slot:?} is new");
    }

    fn total(sums: &[(Label, Requests)]) -> u64 {
        sums.iter().map(|(_, sums)| sums.requests).sum()
    }

    #[test]
    fn requests_are_counted_by_label_the_heaviest_first() {
        let routes = RouteWindows::new();
        let [one, two] = [heavy(1), heavy(2)].map(|label| routes.slot(label, NOW));
        let other = routes.slot(Label::OTHER, NOW);
        assert_eq!(routes.slot(heavy(1), Slice::new(9)), one, "a label keeps its slot");
        for connection in 0..100 {
            assert!(routes.count(one, connection, NOW, true, connection < 10));
            assert!(routes.count(two, connection, NOW, false, false));
            assert!(routes.count(two, connection, NOW, false, true), "only fresh ones are excused");
        }
        assert!(routes.count(other, 0, NOW, true, false));
        let sums = |requests, fresh, excused| Requests { requests, fresh, excused };
        assert_eq!(
            routes.sums(Slice::new(7)),
            [
                (heavy(2), sums(200, 0, 0)),
                (heavy(1), sums(100, 100, 10)),
                (Label::OTHER, sums(1, 1, 0)),
            ]
        );
        assert_eq!(routes.sums(Slice::new(8)), [], "the window is over");
    }

    #[test]
    fn heavy_routes_get_in_after_junk_and_stay_through_it() {
        let routes = RouteWindows::new();
        for number in 0..20_000 {
            request(&routes, junk(number), NOW);
        }
        for number in 0..20_000 {
            request(&routes, heavy(number), NOW);
        }
        for number in 0..20_000 {
            request(&routes, junk(number), NOW);
        }
        let sums = routes.sums(NOW);
        assert!(sums.len() <= RouteWindows::BOUND, "the table is bounded");
        assert_eq!(total(&sums), 60_000, "the sum is exact");
        let kept = sums.iter().filter(|(_, sums)| sums.requests >= 1_000);
        let labels: Vec<Label> = kept.map(|(label, _)| *label).collect();
        assert!((0..20).all(|number| labels.contains(&heavy(number))), "all of them are in");
    }

    #[test]
    fn a_slot_that_was_given_away_is_told_from_the_next_ones() {
        let routes = RouteWindows::new();
        let old = routes.slot(heavy(0), NOW);
        for number in 0..600 {
            request(&routes, junk(number), NOW);
        }
        assert!(!routes.count(old, 0, NOW, false, false), "it is another's");
        let new = routes.slot(heavy(0), NOW);
        assert_ne!(new, old);
        assert!(routes.count(new, 0, NOW, false, false));
        assert_eq!(total(&routes.sums(NOW)), 601);
    }

    #[test]
    fn the_generations_of_a_place_start_again_and_skip_zero() {
        let [place, other] = [Place::new(), Place::new()];
        for _ in 0..70_000 {
            place.give_way(&Ring::default(), &other);
            assert_ne!(place.generation.load(Ordering::Relaxed), 0);
        }
    }

    #[test]
    fn a_route_that_gives_way_leaves_no_ends_and_no_exceptions_behind() {
        let routes = RouteWindows::new();
        let old = routes.slot(heavy(0), NOW);
        routes.end(old, NOW, |sums| sums.silent += 1);
        routes.except(old, 0b10);
        let known = routes.window(old, NOW).map(|(sums, _)| sums.silent);
        assert_eq!((known, routes.excepted(old)), (Some(1), 0b10));
        for number in 0..600 {
            let slot = routes.slot(junk(number), NOW);
            assert!(routes.count(slot, 7, NOW, false, false), "{slot:?} is new");
            routes.end(slot, NOW, |sums| sums.silent += 1);
            routes.except(slot, 0b100);
        }
        routes.end(old, NOW, |sums| sums.silent += 1);
        routes.except(old, 0b10);
        assert_eq!(routes.excepted(old), 0, "it is another's");
        let new = routes.slot(heavy(0), NOW);
        let known = routes.window(new, NOW).map(|(sums, _)| sums.silent);
        assert_eq!((known, routes.excepted(new)), (Some(0), 0), "it begins anew");
    }

    #[test]
    fn an_unknown_slot_counts_nothing() {
        let routes = RouteWindows::new();
        assert!(!routes.count(RouteSlot::from_bits(0xff_ffff), 0, NOW, false, false));
        assert!(!routes.count(RouteSlot::from_bits(0), 0, NOW, false, false));
        assert_eq!(routes.sums(NOW), []);
    }
}
