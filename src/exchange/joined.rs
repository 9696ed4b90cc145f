//! What a lint does as connections are opened, used and ended: records are written, windows
//! counted, and what they show is reported.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use http::{Method, Request, Response};

use super::request::swap_head;
use super::shared::Shared;
use crate::connection::{
    Addresses, DialError, Dialler, Flag, Opened, Party, Pool, Record, RouteSlot, Side, Slice,
    Symptom, Turn, path_hash,
};
use crate::handle::{Arrival, ConnHandle};
use crate::lint::{Client, Evidence, Finding, Label, Level, Place};
use crate::policy::{Match, Rules, effective};
use crate::wired::Guard;

/// The route of a request, by whoever names it.
#[derive(Clone, Copy)]
pub(super) enum RouteOf<'a> {
    /// A route of the policy.
    Policy(Match, Label),
    /// The template that a router matched.
    Router(&'a str),
    Other,
}

/// What a symptom was seen on.
#[derive(Clone, Copy)]
struct Whereabouts<'a> {
    place: Place,
    party: Option<&'a Party>,
    client: Option<Client>,
    route: Label,
    record: Option<&'a Record>,
}

impl Shared {
    /// A connection that a server of ours accepted; none where every lint is off.
    pub(crate) fn accept(self: &Arc<Shared>, addresses: Addresses) -> Option<Guard> {
        if self.table.off {
            return None;
        }
        let now = self.clock.now();
        let record = Record::new(Side::Inbound, self.clock.clone(), now, addresses)
            .born(self.connections.since_epoch(now));
        let record = Arc::new(record);
        self.reporter.opened(&Opened::new(&record));
        Some(Guard::new(self.clone(), record))
    }

    /// The first request on a connection tells who calls.
    #[cold]
    pub(crate) fn meet<B>(&self, record: &Arc<Record>, request: &mut Request<B>) {
        let caller = self.caller_of(record, request).unwrap_or_else(|| "unknown".into());
        let party = Party::caller(caller);
        self.connections.meet(record, party, self.clock.now());
        self.judge_window(record);
    }

    /// A dial of a client of ours led to a connection.
    pub(crate) fn dialled(&self, record: &Arc<Record>, party: Party) {
        self.connections.meet(record, party, record.opened);
        self.reporter.opened(&Opened::new(record));
        let Some(party) = record.party() else { return };
        let crowded = self.connections.pressure(party, record.opened);
        let crowded = crowded.filter(|_| !record.is(Flag::Excused));
        if let Some(symptom) = crowded.and_then(|(sums, peak)| Symptom::pool_too_small(&sums, peak))
        {
            self.tell(&symptom, Whereabouts::window(record));
        }
    }

    /// A dial of a client of ours failed.
    pub(crate) fn dial_failed(
        &self,
        dialler: &Dialler,
        party: &Party,
        error: DialError,
        took: Duration,
    ) {
        self.connections.dial_failed(party, self.clock.now());
        self.reporter.dial_failed(&dialler.client, party, error, took);
    }

    /// The connection that a response came on, where its extensions tell: the first layer to ask
    /// counts the request.
    pub(crate) fn answered<B>(&self, response: &mut Response<B>) -> Option<Arc<Record>> {
        if response.extensions().is_empty() {
            return None;
        }
        let version = response.version();
        let handle = response.extensions_mut().get_mut::<ConnHandle>()?;
        if handle.side() != Side::Outbound {
            return None;
        }
        let record = handle.record().clone();
        if handle.request() == 0 {
            record.speaks(version);
            let turn = record.answer(record.clock.now());
            handle.take_turn(turn);
            self.count(&record, turn);
        }
        Some(record)
    }

    /// Counts a request of ours that was answered.
    fn count(&self, record: &Record, turn: Turn) {
        self.connections.count(record, turn);
        if turn.number == 1 {
            self.judge_window(record);
            self.judge_http2(record);
        }
        if turn.after_close {
            self.reused_after_close(record);
        }
        self.judge_idle(record, turn);
    }

    /// Counts a received request on its route, once for all layers of a stack; the slot that it
    /// counted in. No lock is taken but for a route that is new to the windows.
    #[inline]
    pub(super) fn count_route<'a>(
        &self,
        handle: &ConnHandle,
        arrival: &Arrival,
        route: impl FnOnce() -> Option<RouteOf<'a>>,
    ) -> Option<RouteSlot> {
        let record = handle.record();
        if !record.takes_route(handle.request()) {
            return record.route();
        }
        if let Some(slot) = record.paths.find(arrival.path_hash) {
            if self.count_in(handle, arrival, slot) {
                return Some(slot);
            }
        }
        let slot = self.slot_of(record, arrival, route()?);
        let counted = self.count_in(handle, arrival, slot);
        let fresh = handle.request() == 1 && !record.is(Flag::Excused);
        if counted && fresh {
            self.judge_route(record, slot, arrival.slice);
        }
        Some(slot)
    }

    /// The slot of a route, which the connection keeps for the next request with this path, and
    /// the policy or the connection for others under the same template.
    fn slot_of(&self, record: &Record, arrival: &Arrival, route: RouteOf<'_>) -> RouteSlot {
        let routes = &self.connections.routes;
        let slot = match route {
            RouteOf::Other => routes.slot(Label::OTHER, arrival.slice),
            RouteOf::Policy(matched, label) => {
                let kept = self.table.slot(matched).filter(|slot| routes.holds(*slot));
                let ask = || {
                    let slot = routes.slot(label, arrival.slice);
                    self.table.keep_slot(matched, slot);
                    slot
                };
                kept.unwrap_or_else(ask)
            }
            RouteOf::Router(template) => {
                let hash = path_hash(None, template);
                let kept = record.templates.find(hash).filter(|slot| routes.holds(*slot));
                let ask = || {
                    let slot = routes.slot(Label::new(template), arrival.slice);
                    record.templates.keep(hash, slot);
                    slot
                };
                kept.unwrap_or_else(ask)
            }
        };
        record.paths.keep(arrival.path_hash, slot);
        slot
    }

    fn count_in(&self, handle: &ConnHandle, arrival: &Arrival, slot: RouteSlot) -> bool {
        let (routes, record) = (&self.connections.routes, handle.record());
        let fresh = handle.request() == 1;
        let excused = fresh && record.is(Flag::Excused);
        let counted = routes.count(slot, record.id, arrival.slice, fresh, excused);
        if counted {
            record.on_route(slot);
        }
        counted
    }

    #[cold]
    fn judge_route(&self, record: &Record, slot: RouteSlot, slice: Slice) {
        let Some((sums, known_for)) = self.connections.route_window(slot, slice) else { return };
        let bounds = &self.connections.bounds;
        if let Some(symptom) = Symptom::low_reuse(&sums, known_for, false, bounds) {
            let route = self.connections.routes.label(Some(slot));
            self.tell(&symptom, Whereabouts { route, party: None, ..Whereabouts::window(record) });
        }
    }

    /// A request failed on a connection of ours that was idle before it, and no byte came back.
    #[cold]
    pub(crate) fn unanswered(&self, record: &Record) {
        if record.went_stale() {
            let symptom = Symptom::stale_reuse(record.requests(), record.rested());
            self.tell(&symptom, Whereabouts::connection(record));
        }
    }

    /// The upstream said for how long it keeps an idle connection.
    #[cold]
    pub(crate) fn advertised(&self, record: &Record, timeout: Duration) {
        let pool = record.dialler.as_ref().and_then(|dialler| dialler.pool);
        if let Some(Pool { idle_timeout, .. }) = pool.filter(|pool| pool.idle_timeout >= timeout) {
            let symptom = Symptom::advertised_less(timeout, idle_timeout);
            self.tell(&symptom, Whereabouts::connection(record));
        }
    }

    #[cold]
    pub(crate) fn reused_after_close(&self, record: &Record) {
        let symptom = Symptom::reused_after_close(record.side);
        self.tell(&symptom, Whereabouts::connection(record));
    }

    /// A connection ended.
    pub(crate) fn close(&self, record: &Record) {
        let now = self.clock.now();
        let Some(ended) = self.connections.close(record, now, thread::panicking()) else { return };
        self.reporter.ended(&ended);
        let Some(party) = record.party() else { return };
        let Some((sums, _)) = self.connections.window_of(party, now) else { return };
        let pool_idle = record.dialler.as_ref().and_then(|dialler| dialler.pool);
        let pool_idle = pool_idle.map(|pool| pool.idle_timeout);
        let bounds = &self.connections.bounds;
        let whereabouts = Whereabouts { route: ended.route, ..Whereabouts::connection(record) };
        for symptom in Symptom::of_end(&ended, &sums, pool_idle, bounds) {
            self.tell(&symptom, whereabouts);
        }
        if let Some(symptom) = Symptom::client_per_request(&ended, &sums) {
            self.tell(&symptom, Whereabouts::window(record));
        }
    }

    /// Whether a connection that is new should not have been needed.
    fn judge_window(&self, record: &Record) {
        if record.is(Flag::Excused) {
            return;
        }
        let Some(party) = record.party() else { return };
        let Some((sums, known_for)) = self.connections.window_of(party, record.opened) else {
            return;
        };
        let ours = record.side == Side::Outbound;
        let bounds = &self.connections.bounds;
        if let Some(symptom) = Symptom::low_reuse(&sums, known_for, ours, bounds) {
            self.tell(&symptom, Whereabouts::window(record));
        }
    }

    fn judge_http2(&self, record: &Record) {
        if !record.is_multiplexed() {
            return;
        }
        let usable = self.connections.usable_http2_beside(record);
        if usable > 0 {
            self.tell(&Symptom::extra_http2(usable), Whereabouts::window(record));
        }
    }

    /// Whether a connection was kept idle for too long.
    #[inline]
    pub(crate) fn judge_idle(&self, record: &Record, turn: Turn) {
        let idle = Duration::from_nanos(turn.idle);
        if idle >= self.connections.bounds.idle && turn.number > 1 {
            self.kept_idle(record, idle);
        }
    }

    #[cold]
    fn kept_idle(&self, record: &Record, idle: Duration) {
        self.tell(&Symptom::kept_idle(idle), Whereabouts::connection(record));
    }

    fn tell(&self, symptom: &Symptom, at: Whereabouts<'_>) {
        let rules = self.rules_at(at);
        if !rules.heeded().contains(symptom.lint) {
            return;
        }
        let Whereabouts { place, party, client, route, record } = at;
        let level = effective(rules.level(symptom.lint), symptom.lint, place);
        let excepted = record.is_some_and(|record| record.allows(symptom.lint));
        let excepted = excepted && !self.table.forced.contains(symptom.lint);
        let name = party.map(|party| party.name());
        let finding = Finding {
            reason: excepted.then(|| "an exception in code".into()),
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
            ..Finding::new(
                symptom.lint,
                place,
                if excepted { Level::Allow } else { level },
                rules.would(symptom.lint, place),
            )
        };
        self.report(&finding);
    }

    /// The rules of a connection's last route: its template, as a path, is matched by itself.
    fn rules_at(&self, at: Whereabouts<'_>) -> &Rules {
        let methods = [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH];
        let mut matches = methods.iter().map(|method| match (at.client, at.party) {
            (Some(client), Some(party)) => {
                self.table.outbound(client.name.as_str(), method, Some(party.name()), "/")
            }
            (None, _) if at.route != Label::OTHER => self.table.inbound(method, at.route.as_str()),
            _ => Match::Default,
        });
        let matched = matches.find(|matched| *matched != Match::Default);
        self.table.rules(matched.unwrap_or(Match::Default))
    }

    fn caller_of<B>(&self, record: &Record, request: &mut Request<B>) -> Option<Arc<str>> {
        if self.caller.is_none() {
            if let Some(peer) = record.addresses.peer {
                return Some(peer.ip().to_string().into());
            }
        }
        let (mut parts, ()) = Request::default().into_parts();
        swap_head(request, &mut parts);
        let caller = self.caller(&parts);
        swap_head(request, &mut parts);
        caller
    }
}

// === impl Whereabouts ===

impl<'a> Whereabouts<'a> {
    fn connection(record: &'a Record) -> Whereabouts<'a> {
        let place = match record.side {
            Side::Inbound => Place::InboundConnection,
            Side::Outbound => Place::OutboundConnection,
        };
        Whereabouts {
            place,
            party: record.party(),
            client: record.dialler.as_ref().map(|dialler| dialler.client),
            route: Label::OTHER,
            record: Some(record),
        }
    }

    /// The window of whoever is at a connection's other end.
    fn window(record: &'a Record) -> Whereabouts<'a> {
        let place = match record.side {
            Side::Inbound => Place::InboundWindow,
            Side::Outbound => Place::OutboundWindow,
        };
        Whereabouts { place, record: None, ..Whereabouts::connection(record) }
    }
}
