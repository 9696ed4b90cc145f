use std::sync::atomic::{AtomicU64, Ordering};

use http::Method;

use super::RouteSlot;
use crate::connection::last::Standard;

/// The slots of the routes that a connection used of late, by [`path_hash`].
///
/// An entry is 40 bits of a hash above a slot. `Relaxed`, since an entry is one word: who finds
/// none, or a slot that was given away, asks again.
#[derive(Debug, Default)]
pub(crate) struct RouteCache([AtomicU64; 4]);

// === impl RouteCache ===

impl RouteCache {
    /// The slot that was kept for a hash.
    pub(crate) fn find(&self, hash: u64) -> Option<RouteSlot> {
        let entries = self.0.iter().map(|entry| entry.load(Ordering::Relaxed));
        let found = entries.filter(|entry| *entry != 0).find(|entry| is_of(*entry, hash))?;
        Some(RouteSlot::from_bits(found))
    }

    /// Keeps a slot: at the entry of this hash, or an empty one, or one that the hash chooses.
    pub(crate) fn keep(&self, hash: u64, slot: RouteSlot) {
        let entries = || self.0.iter().map(|entry| entry.load(Ordering::Relaxed));
        let index = entries()
            .position(|entry| entry != 0 && is_of(entry, hash))
            .or_else(|| entries().position(|entry| entry == 0))
            .unwrap_or(hash as usize % self.0.len());
        let entry = hash >> RouteSlot::BITS << RouteSlot::BITS | slot.bits();
        self.0[index].store(entry, Ordering::Relaxed);
    }
}

/// A hash of a request's method and path, or of its template where one is known.
///
/// Without a secret key two paths with one hash are easily found: then nothing that a policy does
/// may depend on it. Under one, what a policy does on one connection may, since its caller learns
/// nothing of the hashes.
#[inline]
pub(crate) fn path_hash(key: u64, method: Option<&Method>, path: &str) -> u64 {
    let seed = method.map_or(0, |method| match Standard::from(method) {
        Standard::OTHER => seed_of_other(method.as_str().as_bytes()),
        standard => standard.number().into(),
    });
    mix(key ^ seed, path.as_bytes())
}

/// Methods beyond the standard that differ in neither length nor first letter are counted as one.
#[cold]
fn seed_of_other(method: &[u8]) -> u64 {
    (method.len() as u64) << 8 | u64::from(method.first().copied().unwrap_or_default())
}

fn is_of(entry: u64, hash: u64) -> bool {
    entry >> RouteSlot::BITS == hash >> RouteSlot::BITS
}

/// Eight bytes at a time; the last eight overlap those before, and the length tells short ones
/// from those with zeros behind.
fn mix(seed: u64, bytes: &[u8]) -> u64 {
    let mut hash = fold(seed ^ (bytes.len() as u64) << 32);
    let last = match bytes.last_chunk() {
        Some(last) => u64::from_le_bytes(*last),
        None => bytes.iter().fold(0, |last, byte| last << 8 | u64::from(*byte)),
    };
    let mut rest = bytes;
    while let Some((word, behind)) = rest.split_first_chunk() {
        hash = fold(hash ^ u64::from_le_bytes(*word));
        rest = behind;
    }
    fold(hash ^ last)
}

/// The product with an odd number without a pattern, both halves of it.
fn fold(value: u64) -> u64 {
    // Of the fractional part of the golden ratio. Added, so that zero does not stay zero.
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let product = u128::from(value.wrapping_add(GOLDEN)) * u128::from(GOLDEN);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const KEY: u64 = 0x5eed;

    fn slot(number: u8) -> RouteSlot {
        RouteSlot::new(number, 1)
    }

    #[test]
    fn four_routes_of_a_connection_are_all_kept() {
        let cache = RouteCache::default();
        let hashes: Vec<u64> = (0..4)
            .map(|number| path_hash(KEY, Some(&Method::GET), &format!("/{number}")))
            .collect();
        for (number, hash) in hashes.iter().enumerate() {
            assert_eq!(cache.find(*hash), None, "{number}");
            cache.keep(*hash, slot(number as u8));
        }
        for (number, hash) in hashes.iter().enumerate() {
            assert_eq!(cache.find(*hash), Some(slot(number as u8)));
        }
        let fifth = path_hash(KEY, Some(&Method::GET), "/4");
        cache.keep(fifth, slot(4));
        assert_eq!(cache.find(fifth), Some(slot(4)));
        let kept = hashes.iter().filter(|hash| cache.find(**hash).is_some());
        assert_eq!(kept.count(), 3, "one of them made room");
    }

    #[test]
    fn a_new_slot_replaces_the_old_one() {
        let cache = RouteCache::default();
        for generation in 1..=3 {
            cache.keep(42 << 40, RouteSlot::new(9, generation));
        }
        assert_eq!(cache.find(42 << 40), Some(RouteSlot::new(9, 3)));
        let used = cache.0.iter().filter(|entry| entry.load(Ordering::Relaxed) != 0);
        assert_eq!(used.count(), 1);
    }

    #[test]
    fn an_empty_entry_is_of_no_hash() {
        let cache = RouteCache::default();
        assert_eq!(cache.find(0), None);
        cache.keep(0, slot(0));
        assert_eq!(cache.find(0), Some(slot(0)));
        assert_eq!(cache.find(u64::MAX), None);
    }

    #[test]
    fn a_slot_of_any_bits_comes_back() {
        let cache = RouteCache::default();
        for slot in [RouteSlot::new(0, 1), RouteSlot::new(255, 1), RouteSlot::new(255, u16::MAX)] {
            cache.keep(u64::MAX, slot);
            assert_eq!(cache.find(u64::MAX), Some(slot));
        }
    }

    #[test]
    fn requests_that_differ_have_hashes_that_differ() {
        let mut hashes = HashSet::new();
        let mut add = |method: &Method, path: &str| {
            let hash = path_hash(KEY, Some(method), path);
            // As many bits as an entry keeps.
            assert!(hashes.insert(hash >> RouteSlot::BITS), "{method} {path:?}");
        };
        let purge = Method::from_bytes(b"PURGE").expect("a method");
        for method in [&Method::GET, &Method::POST, &purge] {
            for path in ["", "/", "/\0", "\0", "/abcdefg", "/abcdefgh", "/abcdefg\0"] {
                add(method, path);
            }
            for number in 0..10_000 {
                add(method, &format!("/v1/{number}"));
                add(method, &format!("/{number}/a/longer/path/than/sixteen"));
            }
        }
    }

    #[test]
    fn a_cache_has_thirty_two_bytes() {
        assert_eq!(size_of::<RouteCache>(), 32);
    }
}
