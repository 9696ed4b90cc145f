use std::collections::HashMap;
use std::hash::Hash;

use super::weights::Weights;
use super::{Ring, Slice, Window};

/// Windows by key, in a table that never grows beyond its bound and keeps the heavy ones
/// (space-saving): who is not in a full table takes the place of the lightest, and its weight.
///
/// A newcomer who inherits no weight would be the next to go, and so would every other; this way
/// whoever has more than one part in `bound` of what a window has is in the table, and junk can't
/// push it out, nor keep it out. The weight is inherited slice by slice, so that it leaves with
/// the window, as does that of a party which falls silent.
#[derive(Debug)]
pub(crate) struct Heavy<K> {
    bound: usize,
    places: HashMap<K, usize>,
    parties: Vec<(K, Party)>,
    weights: Weights,
    /// Of those who lost their place.
    other: Window,
}

/// Whom a [`Heavy`] table knows.
#[derive(Debug)]
pub(crate) struct Party {
    /// Since when the table knows it, without a break.
    pub(crate) first: Slice,
    pub(crate) window: Window,
    inherited: Ring,
}

// === impl Heavy ===

impl<K: Eq + Hash + Clone> Heavy<K> {
    /// An empty table with room for so many, at least for one.
    pub(crate) fn new(bound: usize) -> Heavy<K> {
        Heavy {
            bound: bound.max(1),
            places: HashMap::new(),
            parties: Vec::new(),
            weights: Weights::default(),
            other: Window::default(),
        }
    }

    /// The party of this key, which is known, or takes a free place, or that of the lightest.
    pub(crate) fn entry(&mut self, key: &K, slice: Slice) -> &mut Party {
        let index = match self.places.get(key) {
            Some(known) => *known,
            None => self.settle(key, slice),
        };
        &mut self.parties[index].1
    }

    /// The party of this key, if it has a place.
    pub(crate) fn find(&self, key: &K) -> Option<&Party> {
        self.places.get(key).map(|index| &self.parties[*index].1)
    }

    /// Those who have a place, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &Party)> {
        self.parties.iter().map(|(key, party)| (key, party))
    }

    /// What those counted who lost their place.
    pub(crate) fn other(&self) -> &Window {
        &self.other
    }

    /// The same, to count into for whom the table has no key.
    pub(crate) fn other_mut(&mut self) -> &mut Window {
        &mut self.other
    }

    /// How many have a place.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.parties.len()
    }

    /// The sums over all, of the window that ends now: exact, whoever lost a place.
    #[cfg(test)]
    pub(crate) fn sums(&self, now: Slice) -> super::Sums {
        let mut sums = self.other.sums(now);
        for (_, party) in &self.parties {
            sums += &party.window.sums(now);
        }
        sums
    }

    fn settle(&mut self, key: &K, slice: Slice) -> usize {
        let index = self.place(slice);
        match self.parties.get_mut(index) {
            None => self.parties.push((key.clone(), Party::new(slice))),
            Some((holder, party)) => {
                self.places.remove(holder);
                party.give_way(slice, &mut self.other);
                *holder = key.clone();
            }
        }
        self.places.insert(key.clone(), index);
        index
    }

    /// The next free place, or that of the lightest.
    fn place(&mut self, slice: Slice) -> usize {
        let len = self.parties.len();
        if len < self.bound {
            return len;
        }
        let lightest =
            self.weights.lightest(slice, len, |place| self.parties[place].1.weight(slice));
        // A full table has one.
        lightest.unwrap_or(0)
    }
}

// === impl Party ===

impl Party {
    fn new(slice: Slice) -> Party {
        Party { first: slice, window: Window::default(), inherited: Ring::default() }
    }

    fn weight(&self, now: Slice) -> u64 {
        self.window.weight(now).saturating_add(self.inherited.sum(now))
    }

    /// Leaves what was counted to `other` and the weight to the next at this place.
    fn give_way(&mut self, now: Slice, other: &mut Window) {
        let window = std::mem::take(&mut self.window);
        for (slice, sums) in window.slices() {
            self.inherited.put(slice, u32::try_from(sums.weight()).unwrap_or(u32::MAX));
            if let Some(past) = other.past(slice) {
                *past += sums;
            }
        }
        self.first = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: usize = 256;

    fn request<K: Eq + Hash + Clone>(table: &mut Heavy<K>, key: K, slice: u32) {
        let slice = Slice::new(slice);
        table.entry(&key, slice).window.at(slice).requests += 1;
    }

    #[test]
    fn heavy_ones_get_in_after_a_hundred_thousand_of_junk() {
        let mut table = Heavy::new(BOUND);
        for junk in 0..100_000 {
            request(&mut table, format!("junk-{junk}"), 1);
            assert!(table.len() <= BOUND, "the table is bounded");
        }
        for request_number in 0..20_000 {
            request(&mut table, format!("heavy-{}", request_number % 20), 1);
        }
        let heavy = (0..20).filter(|heavy| table.find(&format!("heavy-{heavy}")).is_some());
        assert_eq!(heavy.count(), 20, "all of them are in");
        assert_eq!(table.len(), BOUND);
        assert_eq!(table.sums(Slice::new(1)).requests, 120_000, "the sum is exact");
        for heavy in 0..20 {
            let party = table.find(&format!("heavy-{heavy}")).expect("it is in");
            assert_eq!(party.window.sums(Slice::new(1)).requests, 1_000, "it lost nothing");
        }
    }

    #[test]
    fn heavy_ones_stay_through_windows_full_of_junk() {
        let mut table = Heavy::new(BOUND);
        for slice in 1..=40 {
            for round in 0..1_000 {
                // One in a hundred each: more than one part in the bound.
                if round % 100 < 8 {
                    request(&mut table, round % 100, slice);
                }
                request(&mut table, slice * 10_000 + round, slice);
            }
            let heavy = (0..8).filter_map(|heavy| table.find(&heavy));
            assert_eq!(heavy.filter(|party| party.first == Slice::new(1)).count(), 8, "{slice}");
        }
        assert_eq!(table.sums(Slice::new(40)).requests, 7 * 1_080, "the sum is exact");
    }

    #[test]
    fn who_falls_silent_goes() {
        let mut table = Heavy::new(4);
        for _ in 0..1_000 {
            request(&mut table, 0, 1);
        }
        for slice in 1..=7 {
            (1..10).for_each(|other| request(&mut table, other, slice));
            assert!(table.find(&0).is_some(), "in slice {slice} it is the heaviest");
        }
        (1..10).for_each(|other| request(&mut table, other, 8));
        assert!(table.find(&0).is_none(), "its window is over");
        assert_eq!(table.sums(Slice::new(8)).requests, 7 * 9);
    }

    #[test]
    fn the_weight_of_who_left_leaves_with_the_window() {
        let mut table = Heavy::new(1);
        for junk in 0..100 {
            request(&mut table, junk, 1);
        }
        let weight = |table: &Heavy<i32>, now| table.parties[0].1.weight(Slice::new(now));
        assert_eq!(weight(&table, 1), 100);
        request(&mut table, 1_000, 7);
        assert_eq!(weight(&table, 7), 101, "inherited, and its own");
        assert_eq!(weight(&table, 8), 1, "its own");
    }
}
