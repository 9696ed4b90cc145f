//! How what a connection or a window shows becomes a finding: by which rules, and with which
//! exceptions.

use std::sync::Arc;

use super::shared::Shared;
use crate::connection::{Last, Party, Record, RouteSlot, Side, Symptom};
use crate::heal::Budget;
use crate::lint::{Client, Evidence, Finding, Label, Lint, Place};
use crate::policy::{Matched, Table, Verdict};

/// What a symptom was seen on.
#[derive(Clone)]
pub(super) struct Whereabouts<'a> {
    place: Place,
    party: Option<&'a Party>,
    client: Option<Client>,
    route: Label,
    /// Of one connection; none of a window.
    record: Option<&'a Record>,
    /// The policy in force, and what of it holds there.
    table: Arc<Table>,
    matched: Matched,
    /// What code excepts there.
    excepted: u64,
}

/// Where a request went, as its connection remembers it.
pub(super) fn last(table: &Table, matched: Matched) -> Last {
    if matched.is_excluded() {
        return Last::Excluded;
    }
    let entry = table.entry(matched);
    entry.map_or(Last::Unknown, |entry| Last::Entry(version(table) << ENTRY | entry))
}

/// An entry of a table, and above it in eight bits which table it is of: another one's entries mean
/// something else, or nothing.
const ENTRY: u32 = Table::ENTRY_BITS;

fn version(table: &Table) -> u32 {
    table.version & 0xff
}

impl Shared {
    /// Reports a symptom, unless nobody heeds it.
    pub(super) fn tell(&self, symptom: &Symptom, at: Whereabouts<'_>) {
        let lint = symptom.lint;
        let Whereabouts { place, party, client, route, record, .. } = at;
        let rules = at.table.rules(at.matched);
        let verdict = rules.verdict(lint, place, || self.exception(lint, &at));
        let Some(Verdict { level, capped, would, reason, expected }) = verdict else { return };
        let name = party.map(|party| party.name());
        let finding = Finding {
            reason,
            expected,
            route,
            client,
            server: name.filter(|_| !place.is_inbound()).map(|name| Label::new(name)),
            caller: name.filter(|_| place.is_inbound()).cloned(),
            connection: record.map(|record| record.id),
            request: record.map(Record::requests),
            version: record.and_then(Record::version),
            evidence: Evidence::text(&symptom.seen),
            help: symptom.help.as_deref().map(Into::into),
            ours: symptom.ours,
            ..Finding::new(lint, place, level, would.max(capped))
        };
        self.report(&finding);
    }

    /// A connection, by what its last request was.
    pub(super) fn at_connection<'a>(&self, record: &'a Record) -> Whereabouts<'a> {
        let (table, last) = (self.in_force.table(), record.last());
        let (place, matched) = match record.side {
            Side::Inbound => (Place::InboundConnection, self.inbound_rules(&table, last)),
            Side::Outbound => (Place::OutboundConnection, outbound_rules(&table, last, record)),
        };
        Whereabouts {
            place,
            party: record.party(),
            client: record.dialler.as_ref().map(|dialler| dialler.client),
            route: self.connections.routes.label(last.route()),
            record: Some(record),
            table,
            matched,
            excepted: record.excepted(),
        }
    }

    /// The window of whoever is at a connection's other end, which no single route rules.
    pub(super) fn at_party<'a>(&self, record: &'a Record) -> Whereabouts<'a> {
        let at = self.at_connection(record);
        let (place, matched) = match record.side {
            Side::Inbound => (Place::InboundWindow, Matched::DEFAULT),
            Side::Outbound => {
                (Place::OutboundWindow, outbound_rules(&at.table, Last::Unknown, record))
            }
        };
        let route = Label::OTHER;
        Whereabouts { place, route, record: None, matched, excepted: 0, ..at }
    }

    /// The window of an upstream, of which no connection is at hand.
    pub(super) fn at_upstream<'a>(&self, client: Client, party: &'a Party) -> Whereabouts<'a> {
        let table = self.in_force.table();
        let matched = table.outbound_whole(client.name.as_str(), party.name());
        Whereabouts {
            place: Place::OutboundWindow,
            party: Some(party),
            client: Some(client),
            route: Label::OTHER,
            record: None,
            table,
            matched,
            excepted: 0,
        }
    }

    /// The window of the route that a connection's last request went to.
    pub(super) fn at_route<'a>(&self, record: &'a Record, slot: RouteSlot) -> Whereabouts<'a> {
        let excepted = record.excepted() | self.connections.routes.excepted(slot);
        let at = self.at_connection(record);
        Whereabouts { place: Place::InboundWindow, party: None, record: None, excepted, ..at }
    }

    /// How much of a body is read away that nobody reads, where the last request of a connection
    /// went.
    pub(crate) fn drain_budget(&self, record: &Record) -> Option<Budget> {
        let (table, last) = (self.in_force.table(), record.last());
        let matched = match record.side {
            Side::Inbound => self.inbound_rules(&table, last),
            Side::Outbound => outbound_rules(&table, last, record),
        };
        table.drain(matched, record.side)
    }

    pub(super) fn inbound_rules(&self, table: &Table, last: Last) -> Matched {
        match last {
            Last::Excluded => Matched::EXCLUDED,
            Last::Route(slot, method) => {
                let label = self.connections.routes.label(Some(slot));
                table.inbound_by_label(method.method(), label)
            }
            Last::Unknown | Last::Entry(_) => Matched::DEFAULT,
        }
    }

    /// Why code is to except the lint there.
    fn exception(&self, lint: Lint, at: &Whereabouts<'_>) -> Option<Arc<str>> {
        if let Some(client) = at.client {
            return self.exceptions.for_client(client.name, lint);
        }
        // What belongs to no route belongs to the layers around all of them.
        let of_all = || self.exceptions.for_callers(lint).filter(|_| at.route == Label::OTHER);
        self.exceptions.for_requests(at.excepted, lint).or_else(of_all)
    }
}

fn outbound_rules(table: &Table, last: Last, record: &Record) -> Matched {
    match (last, &record.dialler, record.party()) {
        (Last::Entry(entry), ..) if entry >> ENTRY == version(table) => {
            table.at_entry(entry & ((1 << ENTRY) - 1))
        }
        (_, Some(dialler), Some(party)) => {
            table.outbound_whole(dialler.client.name.as_str(), party.name())
        }
        _ => Matched::DEFAULT,
    }
}
