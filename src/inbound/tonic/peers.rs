use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::Key;
use crate::wired::Link;

/// The open connections of tonic's servers. Bounded by the sockets that are open: each is taken out
/// as its socket is dropped. A request only reads here.
#[derive(Debug, Default)]
pub(crate) struct Peers(RwLock<HashMap<Key, Arc<Link>>>);

// === impl Peers ===

impl Peers {
    pub(super) fn insert(&self, key: Key, link: Arc<Link>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(key, link);
    }

    pub(super) fn find(&self, key: Key) -> Option<Arc<Link>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
    }

    /// Takes a connection out, and not one that came after it under the same key.
    pub(crate) fn remove(&self, key: Key, id: u64) {
        let mut peers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let removed = match peers.get(&key) {
            Some(link) if link.record.id == id => peers.remove(&key),
            _ => None,
        };
        // It may be the last that holds the lint, and the table in it.
        drop(peers);
        drop(removed);
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}
