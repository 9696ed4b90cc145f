//! How what a connection or a window shows becomes a finding: by which rules, and with which
//! exceptions.

use std::sync::Arc;

use super::shared::Shared;
use crate::connection::{Last, Party, Record, RouteSlot, Side, Symptom};
use crate::lint::{Client, Evidence, Finding, Label, Level, Lint, Place};
use crate::policy::{Match, effective};

/// What a symptom was seen on.
#[derive(Clone, Copy)]
pub(super) struct Whereabouts<'a> {
    place: Place,
    party: Option<&'a Party>,
    client: Option<Client>,
    route: Label,
    /// Of one connection; none of a window.
    record: Option<&'a Record>,
    matched: Match,
    /// What code excepts there.
    excepted: u64,
}

/// Where a request went, as its connection remembers it.
pub(super) fn last(matched: Match) -> Last {
    match matched {
        Match::Default => Last::Unknown,
        Match::Excluded => Last::Excluded,
        Match::Route(index) => u32::try_from(index).map_or(Last::Unknown, Last::Entry),
    }
}

impl Shared {
    /// Reports a symptom, unless nobody heeds it.
    pub(super) fn tell(&self, symptom: &Symptom, at: Whereabouts<'_>) {
        let lint = symptom.lint;
        let reason = self.exception(lint, at);
        let rules = self.table.rules(at.matched);
        if at.matched == Match::Excluded || reason.is_none() && !rules.heeded().contains(lint) {
            return;
        }
        let Whereabouts { place, party, client, route, record, .. } = at;
        let level = match reason {
            Some(_) => Level::Allow,
            None => effective(rules.level(lint), lint, place),
        };
        let name = party.map(|party| party.name());
        let finding = Finding {
            reason,
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
            ..Finding::new(lint, place, level, rules.would(lint, place))
        };
        self.report(&finding);
    }

    /// A connection, by what its last request was.
    pub(super) fn at_connection<'a>(&self, record: &'a Record) -> Whereabouts<'a> {
        let last = record.last();
        let (place, matched) = match record.side {
            Side::Inbound => (Place::InboundConnection, self.inbound_rules(last)),
            Side::Outbound => (Place::OutboundConnection, self.outbound_rules(last, record)),
        };
        Whereabouts {
            place,
            party: record.party(),
            client: record.dialler.as_ref().map(|dialler| dialler.client),
            route: self.connections.routes.label(last.route()),
            record: Some(record),
            matched,
            excepted: record.excepted(),
        }
    }

    /// The window of whoever is at a connection's other end, which no single route rules.
    pub(super) fn at_party<'a>(&self, record: &'a Record) -> Whereabouts<'a> {
        let (place, matched) = match record.side {
            Side::Inbound => (Place::InboundWindow, Match::Default),
            Side::Outbound => (Place::OutboundWindow, self.outbound_rules(Last::Unknown, record)),
        };
        let route = Label::OTHER;
        let at = self.at_connection(record);
        Whereabouts { place, route, record: None, matched, excepted: 0, ..at }
    }

    /// The window of the route that a connection's last request went to.
    pub(super) fn at_route<'a>(&self, record: &'a Record, slot: RouteSlot) -> Whereabouts<'a> {
        let excepted = record.excepted() | self.connections.routes.excepted(slot);
        let at = self.at_connection(record);
        Whereabouts { place: Place::InboundWindow, party: None, record: None, excepted, ..at }
    }

    pub(super) fn inbound_rules(&self, last: Last) -> Match {
        match last {
            Last::Excluded => Match::Excluded,
            Last::Route(slot, method) => {
                let label = self.connections.routes.label(Some(slot));
                self.table.inbound_by_label(method.method().as_ref(), label)
            }
            Last::Unknown | Last::Entry(_) => Match::Default,
        }
    }

    fn outbound_rules(&self, last: Last, record: &Record) -> Match {
        match (last, &record.dialler, record.party()) {
            (Last::Entry(index), ..) => Match::Route(index as usize),
            (_, Some(dialler), Some(party)) => {
                self.table.outbound_whole(dialler.client.name.as_str(), party.name())
            }
            _ => Match::Default,
        }
    }

    /// Why code excepts the lint there. The environment is stronger than code.
    fn exception(&self, lint: Lint, at: Whereabouts<'_>) -> Option<Arc<str>> {
        if self.table.forced.contains(lint) {
            return None;
        }
        if let Some(client) = at.client {
            return self.exceptions.for_client(client.name, lint);
        }
        // What belongs to no route belongs to the layers around all of them.
        let of_all = || self.exceptions.for_callers(lint).filter(|_| at.route == Label::OTHER);
        self.exceptions.for_requests(at.excepted, lint).or_else(of_all)
    }
}
