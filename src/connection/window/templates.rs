use std::array;
use std::sync::atomic::{AtomicU64, Ordering};

use super::RouteSlot;

/// The slots of the templates that a router matches, by their hash, for all connections: so that
/// a path with parameters takes no lock either. An entry gives way to the next one at its place.
///
/// An entry is 40 bits of the hash above the slot, found by others of its bits, and one word: so
/// the accesses are relaxed.
#[derive(Debug)]
pub(crate) struct Templates([AtomicU64; Templates::PLACES]);

// === impl Templates ===

impl Templates {
    const PLACES: usize = 512;

    pub(crate) fn new() -> Templates {
        Templates(array::from_fn(|_| AtomicU64::new(0)))
    }

    pub(crate) fn find(&self, hash: u64) -> Option<RouteSlot> {
        let entry = self.0[hash as usize % Templates::PLACES].load(Ordering::Relaxed);
        let is_known = entry != 0 && entry >> RouteSlot::BITS == hash >> RouteSlot::BITS;
        is_known.then(|| RouteSlot::from_bits(entry))
    }

    pub(crate) fn keep(&self, hash: u64, slot: RouteSlot) {
        let entry = hash >> RouteSlot::BITS << RouteSlot::BITS | slot.bits();
        self.0[hash as usize % Templates::PLACES].store(entry, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::window::path_hash;

    #[test]
    fn a_template_is_found_until_another_takes_its_place() {
        let templates = Templates::new();
        let slot = |number: u32| RouteSlot::new(number as u8, 1);
        let hash = |number: u32| path_hash(0, None, &format!("/v1/{number}/{{id}}"));
        for number in 0..256 {
            templates.keep(hash(number), slot(number));
            assert_eq!(templates.find(hash(number)), Some(slot(number)), "just kept");
        }
        let wrong =
            |number: &u32| templates.find(hash(*number)).is_some_and(|it| it != slot(*number));
        assert_eq!((0..256).find(wrong), None, "what is found is the template's own");
        assert_eq!(templates.find(hash(256)), None, "never kept");
    }
}
