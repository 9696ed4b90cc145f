use std::sync::atomic::{AtomicU64, Ordering};

use super::{SLICES, Slice};

/// A count by slice of a window, which many threads add to without a lock.
///
/// An entry is the whole number of its slice above a count of 32 bits. So an entry is never taken
/// for one of another time, however long nobody came; and a count stops at 2³¹, far below the
/// neighbour: no 2³¹ threads stand between the look at a count and the addition to it. In a slice
/// of ten seconds it would take 214 million a second to get there.
///
/// `Relaxed` everywhere: a count says nothing about other memory, and each change of an entry is
/// one atomic operation, so that none is lost.
#[derive(Debug, Default)]
pub(crate) struct Ring([AtomicU64; SLICES]);

/// What an entry packs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    slice: Slice,
    count: u32,
}

// === impl Ring ===

impl Ring {
    /// Where a count stops.
    const FULL: u32 = 1 << 31;

    /// Counts one now. Where the place has a later slice already, the clock went back or the
    /// thread was late, and the one counts there.
    pub(crate) fn add(&self, slice: Slice) {
        let place = &self.0[slice.place()];
        let mut seen = place.load(Ordering::Relaxed);
        loop {
            let entry = Entry::from(seen);
            if entry.slice >= slice {
                if entry.count < Ring::FULL {
                    // Should a later slice take the place just now, the one counts there.
                    place.fetch_add(1, Ordering::Relaxed);
                }
                return;
            }
            let first = Entry { slice, count: 1 }.into();
            match place.compare_exchange_weak(seen, first, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(other) => seen = other,
            }
        }
    }

    /// Takes over what was counted elsewhere. Where the place has a later slice already, it is
    /// too old for any window, and goes.
    pub(super) fn put(&self, slice: Slice, count: u32) {
        let place = &self.0[slice.place()];
        let mut seen = place.load(Ordering::Relaxed);
        loop {
            let entry = Entry::from(seen);
            if entry.slice > slice {
                return;
            }
            let before = if entry.slice == slice { entry.count } else { 0 };
            let sum = Entry { slice, count: before.saturating_add(count).min(Ring::FULL) }.into();
            match place.compare_exchange_weak(seen, sum, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(other) => seen = other,
            }
        }
    }

    /// What the window that ends now has counted.
    pub(crate) fn sum(&self, now: Slice) -> u64 {
        let entries = self.0.iter().map(|place| Entry::from(place.load(Ordering::Relaxed)));
        let within = entries.filter(|entry| entry.slice.is_within(now));
        within.map(|entry| u64::from(entry.count)).sum()
    }

    /// Takes out each count. The slices stay, so that one who is late still counts, for the next
    /// to drain.
    pub(super) fn drain(&self, mut each: impl FnMut(Slice, u32)) {
        for place in &self.0 {
            let entry = Entry::from(place.fetch_and(!u64::from(u32::MAX), Ordering::Relaxed));
            if entry.count > 0 {
                each(entry.slice, entry.count);
            }
        }
    }
}

// === impl Entry ===

impl From<u64> for Entry {
    fn from(packed: u64) -> Entry {
        Entry { slice: Slice::new((packed >> 32) as u32), count: packed as u32 }
    }
}

impl From<Entry> for u64 {
    fn from(entry: Entry) -> u64 {
        u64::from(entry.slice.number()) << 32 | u64::from(entry.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(adds: &[u32]) -> Ring {
        let ring = Ring::default();
        adds.iter().for_each(|&slice| ring.add(Slice::new(slice)));
        ring
    }

    #[test]
    fn a_count_leaves_with_its_slice() {
        for (adds, now, sum) in [
            (&[][..], 1, 0),
            (&[1, 1, 1], 1, 3),
            (&[1, 1, 2], 7, 3),
            (&[1, 1, 2], 8, 1),
            (&[1, 2, 3, 4, 5, 6, 7, 8, 9], 9, 7),
            (&[1, 8], 8, 1),
            (&[1, 1_000_001], 1_000_001, 1),
            // The clock went back, within the window and beyond.
            (&[5, 3, 5], 5, 3),
            (&[9, 2], 9, 2),
            (&[9, 2], 2, 2),
        ] {
            assert_eq!(ring(adds).sum(Slice::new(now)), sum, "{adds:?} at {now}");
        }
    }

    #[test]
    fn an_old_entry_is_never_taken_for_a_new_one() {
        for bits in 4..32 {
            let now = Slice::new(3 + (1 << bits));
            assert_eq!(ring(&[3]).sum(now), 0, "2^{bits} slices later");
            let later = ring(&[3]);
            later.add(now);
            assert_eq!(later.sum(now), 1, "2^{bits} slices later");
        }
    }

    #[test]
    fn a_full_count_stops_and_leaves_the_slice_alone() {
        let full = Ring::default();
        let slice = Slice::new(1);
        full.put(slice, Ring::FULL - 1);
        for _ in 0..3 {
            full.add(slice);
        }
        assert_eq!(full.sum(slice), u64::from(Ring::FULL));
        full.put(slice, u32::MAX);
        assert_eq!(full.sum(slice), u64::from(Ring::FULL));
        full.add(Slice::new(8));
        assert_eq!(full.sum(Slice::new(8)), 1, "the next one starts anew");
    }

    #[test]
    fn what_was_counted_elsewhere_keeps_its_slice() {
        let ring = ring(&[9]);
        ring.put(Slice::new(2), 40);
        assert_eq!(ring.sum(Slice::new(9)), 1, "it is too old");
        ring.put(Slice::new(9), 40);
        ring.put(Slice::new(8), 500);
        assert_eq!(ring.sum(Slice::new(9)), 541);
        assert_eq!(ring.sum(Slice::new(15)), 41, "one slice left");
    }

    #[test]
    fn a_drained_ring_still_counts() {
        let ring = ring(&[1, 2, 2]);
        let mut drained = Vec::new();
        ring.drain(|slice, count| drained.push((slice.number(), count)));
        assert_eq!(drained, [(1, 1), (2, 2)]);
        assert_eq!(ring.sum(Slice::new(2)), 0);
        ring.add(Slice::new(2));
        assert_eq!(ring.sum(Slice::new(2)), 1);
    }

    #[test]
    fn a_ring_has_fifty_six_bytes() {
        assert_eq!(size_of::<Ring>(), 56);
    }
}
