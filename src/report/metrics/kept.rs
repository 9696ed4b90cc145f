use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// Counters, gauges or histograms of the facade, registered at their first use and kept. Their
/// keys are made of labels and names, which bounds their number.
#[derive(Debug)]
pub(super) struct Kept<K, H>(Mutex<HashMap<K, H>>);

// === impl Kept ===

impl<K: Eq + Hash, H> Kept<K, H> {
    /// Uses the one of a key.
    pub(super) fn with(&self, key: K, register: impl FnOnce() -> H, then: impl FnOnce(&H)) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        then(kept.entry(key).or_insert_with(register));
    }
}

impl<K, H> Default for Kept<K, H> {
    fn default() -> Kept<K, H> {
        Kept(Mutex::default())
    }
}
