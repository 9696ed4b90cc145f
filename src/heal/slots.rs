use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many acts of a kind are under way, in all and with each address. Bounded by itself: an
/// address stands in it as long as it has one.
#[derive(Debug, Default)]
pub(crate) struct Slots(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_peer: HashMap<IpAddr, usize>,
}

/// A place among them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    slots: Arc<Slots>,
    peer: Option<IpAddr>,
}

// === impl Slots ===

impl Slots {
    /// A place, if there is one. Peers without an address have no bound of their own.
    pub(crate) fn take(
        self: &Arc<Slots>,
        peer: Option<IpAddr>,
        at_once: usize,
        per_peer: usize,
    ) -> Option<Slot> {
        let mut taken = self.taken();
        if taken.all >= at_once {
            return None;
        }
        if let Some(peer) = peer {
            let of_peer = taken.by_peer.get(&peer).copied().unwrap_or(0);
            if of_peer >= per_peer {
                return None;
            }
            taken.by_peer.insert(peer, of_peer + 1);
        }
        taken.all += 1;
        Some(Slot { slots: self.clone(), peer })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Slot ===

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.taken();
        taken.all = taken.all.saturating_sub(1);
        let Some(peer) = self.peer else { return };
        if let Some(of_peer) = taken.by_peer.get_mut(&peer) {
            *of_peer -= 1;
            if *of_peer == 0 {
                taken.by_peer.remove(&peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_in_all_and_by_peer_and_given_back() {
        let slots = Arc::new(Slots::default());
        let peer = |last| Some(IpAddr::from([192, 0, 2, last]));
        let held: Vec<_> = (0..2).map(|_| slots.take(peer(1), 4, 2)).collect();
        assert!(held.iter().all(Option::is_some), "as many as a peer may have");
        assert!(slots.take(peer(1), 4, 2).is_none(), "and no more");
        let other = slots.take(peer(2), 4, 2);
        let nameless = slots.take(None, 4, 0);
        assert!(other.is_some() && nameless.is_some(), "others have theirs");
        assert!(slots.take(peer(3), 4, 2).is_none(), "as many as there are in all");
        drop(held);
        assert!(slots.take(peer(1), 4, 2).is_some(), "what was given back is free");
        drop((other, nameless));
        assert!(slots.taken().by_peer.is_empty(), "nobody is remembered");
        assert_eq!(slots.taken().all, 0);
    }
}
