use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Addresses, Dialler, Record};

/// The connections whose clients hide them, by their two addresses, to be found again when a
/// response names those.
///
/// Ports come round again: a pair stands for the connection that was dialled last with it, and a
/// dial is the end of the one before. Others may have ended unseen, so the table is bounded, and
/// loses those that were used least recently.
#[derive(Debug, Default)]
pub(crate) struct Pairs(Mutex<HashMap<Pair, Arc<Record>>>);

/// Our address, and the peer's.
type Pair = (SocketAddr, SocketAddr);

// === impl Pairs ===

impl Pairs {
    const BOUND: usize = 4096;

    /// How many are lost together, so that not each dial costs a walk.
    const AT_ONCE: usize = Pairs::BOUND / 8;

    /// Takes a connection in; those that it displaces are no more, or nothing is known of them any
    /// more. One without addresses is not taken in.
    pub(crate) fn insert(&self, record: &Arc<Record>) -> Vec<Arc<Record>> {
        let Some(pair) = pair(record.addresses()) else { return Vec::new() };
        let mut pairs = self.lock();
        let mut lost: Vec<_> = pairs.insert(pair, record.clone()).into_iter().collect();
        if pairs.len() > Pairs::BOUND {
            let mut touched: Vec<_> = pairs.values().map(|record| record.touched()).collect();
            let (_, bound, _) = touched.select_nth_unstable(Pairs::AT_ONCE - 1);
            let (bound, mut left) = (*bound, Pairs::AT_ONCE);
            lost.extend(take(&mut pairs, |other| {
                let is_lost = left > 0 && other.touched() <= bound && other.id != record.id;
                left -= usize::from(is_lost);
                is_lost
            }));
        }
        lost
    }

    pub(crate) fn find(&self, local: SocketAddr, peer: SocketAddr) -> Option<Arc<Record>> {
        self.lock().get(&(local, peer)).cloned()
    }

    /// Takes a connection out that ended.
    pub(crate) fn remove(&self, record: &Record) {
        let Some(pair) = pair(record.addresses()) else { return };
        let mut pairs = self.lock();
        if pairs.get(&pair).is_some_and(|known| known.id == record.id) {
            pairs.remove(&pair);
        }
    }

    /// Takes those out that a client leaves as it ends: all on which no response is under way.
    pub(crate) fn remove_of(&self, dialler: &Arc<Dialler>) -> Vec<Arc<Record>> {
        take(&mut self.lock(), |record| {
            let is_its = record.dialler.as_ref().is_some_and(|of| Arc::ptr_eq(of, dialler));
            is_its && record.in_flight() == 0
        })
    }

    /// No panic leaves it half written.
    fn lock(&self) -> MutexGuard<'_, HashMap<Pair, Arc<Record>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes out what is said.
fn take(
    pairs: &mut HashMap<Pair, Arc<Record>>,
    mut is_taken: impl FnMut(&Record) -> bool,
) -> Vec<Arc<Record>> {
    let mut taken = Vec::new();
    pairs.retain(|_, record| {
        let is_taken = is_taken(record);
        if is_taken {
            taken.push(record.clone());
        }
        !is_taken
    });
    taken
}

fn pair(addresses: Addresses) -> Option<Pair> {
    addresses.local.zip(addresses.peer)
}

#[cfg(test)]
mod tests {
    use std::panic::Location;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::clock::Clock;
    use crate::connection::Side;
    use crate::lint::{Client, Label};

    fn addresses(number: usize) -> Addresses {
        let port = |port: usize| u16::try_from(port % 60_000).expect("it is a port");
        let local = SocketAddr::from(([127, 0, 0, 1], port(number)));
        let peer = SocketAddr::from(([127, 0, 0, 2], port(number / 60_000)));
        Addresses { local: Some(local), peer: Some(peer), ..Addresses::default() }
    }

    fn dialler() -> Arc<Dialler> {
        let client = Client { name: Label::new("pairs"), built_at: Location::caller() };
        Dialler::hiding_ends(client, None)
    }

    fn record(opened: Instant, addresses: Addresses, dialler: &Arc<Dialler>) -> Arc<Record> {
        let record = Record::new(Side::Outbound, Clock::default(), opened, addresses);
        Arc::new(record.dialled(dialler.clone(), Duration::ZERO))
    }

    fn find(pairs: &Pairs, number: usize) -> Option<u64> {
        let (local, peer) = pair(addresses(number)).expect("both are known");
        pairs.find(local, peer).map(|record| record.id)
    }

    #[test]
    fn a_pair_stands_for_the_last_dial_and_tells_the_end_of_the_one_before() {
        let (pairs, dialler, now) = (Pairs::default(), dialler(), Instant::now());
        let [first, second] = [(); 2].map(|()| record(now, addresses(1), &dialler));
        assert!(pairs.insert(&first).is_empty(), "nothing was there");
        let lost: Vec<u64> = pairs.insert(&second).iter().map(|record| record.id).collect();
        assert_eq!(lost, [first.id], "the one before ended");
        pairs.remove(&first);
        assert_eq!(find(&pairs, 1), Some(second.id), "who came late takes no other out");
        pairs.remove(&second);
        assert_eq!(find(&pairs, 1), None);
        let unknown = record(now, Addresses::default(), &dialler);
        assert!(pairs.insert(&unknown).is_empty(), "without addresses nothing is found again");
    }

    #[test]
    fn a_full_table_loses_what_was_used_least_recently() {
        let (pairs, dialler, now) = (Pairs::default(), dialler(), Instant::now());
        let mut lost = 0;
        for number in 0..100_000_usize {
            let opened = now + Duration::from_micros(number as u64);
            lost += pairs.insert(&record(opened, addresses(number), &dialler)).len();
            assert!(pairs.lock().len() <= Pairs::BOUND, "the table is bounded");
            assert!(find(&pairs, number).is_some(), "the last one is in it");
        }
        assert_eq!(lost + pairs.lock().len(), 100_000, "each that is lost is told");
        assert!(find(&pairs, 100_000 - Pairs::BOUND / 2).is_some(), "the young ones stay");
        assert_eq!(find(&pairs, 0), None, "and the old ones are lost");

        let (pairs, same) = (Pairs::default(), now);
        let lost = (0..=Pairs::BOUND)
            .map(|number| pairs.insert(&record(same, addresses(number), &dialler)).len());
        assert_eq!(lost.sum::<usize>(), Pairs::AT_ONCE, "no more, though they are of one age");
    }

    #[test]
    fn a_client_that_ends_takes_those_with_it_that_no_response_is_under_way_on() {
        let (pairs, now) = (Pairs::default(), Instant::now());
        let [one, other] = [dialler(), dialler()];
        let [idle, busy] = [1, 2].map(|number| record(now, addresses(number), &one));
        busy.answering();
        for record in [&idle, &busy, &record(now, addresses(3), &other)] {
            pairs.insert(record);
        }
        let left: Vec<u64> = pairs.remove_of(&one).iter().map(|record| record.id).collect();
        assert_eq!(left, [idle.id]);
        assert_eq!(pairs.lock().len(), 2, "another client's stay, and the one in use");
    }
}
