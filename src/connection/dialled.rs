use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use super::{Party, Record};
use crate::lint::Client;

/// The addresses that clients of ours dialled of late, and which upstream each was: the kernel knows
/// sockets by addresses only. Written as connections are opened.
#[derive(Debug, Default)]
pub(crate) struct Dialled(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    by_address: HashMap<SocketAddr, Whose>,
    /// How many dials there were.
    dials: u64,
}

/// Whose address it was when it was last dialled.
#[derive(Clone, Debug)]
pub(crate) struct Whose {
    pub(crate) client: Client,
    pub(crate) upstream: Party,
    last: u64,
}

// === impl Dialled ===

impl Dialled {
    /// Where it is full, the address that was not dialled for longest makes room.
    const BOUND: usize = 1024;

    pub(crate) fn note(&self, record: &Record, upstream: &Party) {
        let client = record.dialler.as_ref().map(|dialler| dialler.client);
        // Where nobody can ask the kernel, nobody needs it.
        let is_of_use = cfg!(all(feature = "linux", target_os = "linux"));
        if let Some((address, client)) = record.addresses().peer.zip(client).filter(|_| is_of_use) {
            self.note_address(address, client, upstream);
        }
    }

    /// All of them.
    pub(crate) fn list(&self) -> Vec<(SocketAddr, Whose)> {
        let table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        table.by_address.iter().map(|(address, whose)| (*address, whose.clone())).collect()
    }

    fn note_address(&self, address: SocketAddr, client: Client, upstream: &Party) {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Table { by_address, dials } = &mut *table;
        *dials += 1;
        if by_address.len() >= Dialled::BOUND && !by_address.contains_key(&address) {
            let oldest = by_address.iter().min_by_key(|(_, whose)| whose.last);
            if let Some(oldest) = oldest.map(|(address, _)| *address) {
                by_address.remove(&oldest);
            }
        }
        match by_address.entry(address) {
            Entry::Occupied(mut known) => {
                let whose = known.get_mut();
                whose.last = *dials;
                if whose.upstream != *upstream {
                    whose.upstream = upstream.clone();
                }
                whose.client = client;
            }
            Entry::Vacant(new) => {
                _ = new.insert(Whose { client, upstream: upstream.clone(), last: *dials });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::Location;

    use super::*;
    use crate::lint::Label;

    #[test]
    fn a_full_table_forgets_who_was_not_dialled_for_longest() {
        let client = Client { name: Label::new("gateway"), built_at: Location::caller() };
        let (dialled, party) = (Dialled::default(), Party::upstream(client.name, "gateway:80"));
        let address = |number: u32| {
            SocketAddr::from((std::net::Ipv4Addr::from_bits(0x0a00_0000 + number), 80))
        };
        for number in 0..10_000 {
            dialled.note_address(address(number), client, &party);
            dialled.note_address(address(0), client, &party);
        }
        let list = dialled.list();
        assert_eq!(list.len(), Dialled::BOUND, "the table is bounded");
        let has = |number| list.iter().any(|(known, _)| *known == address(number));
        assert!(has(0), "it is dialled all the time");
        assert!(has(9_999) && has(9_000) && !has(8_000), "the rest by their age");
    }

    #[test]
    fn an_address_is_whose_it_was_last() {
        let client = Client { name: Label::new("gateway"), built_at: Location::caller() };
        let dialled = Dialled::default();
        for name in ["a:80", "b:80"] {
            let party = Party::upstream(client.name, name);
            dialled.note_address(SocketAddr::from(([10, 0, 0, 1], 80)), client, &party);
        }
        let names: Vec<_> =
            dialled.list().iter().map(|(_, whose)| whose.upstream.name().to_string()).collect();
        assert_eq!(names, ["b:80"]);
    }
}
