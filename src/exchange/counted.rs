//! On which route a request is counted, without a lock where its connection saw the path before.

use super::in_force::Brief;
use super::shared::Shared;
use crate::connection::{Flag, Last, Record, RouteSlot, Slice, Standard, Symptom, Turn, path_hash};
use crate::field::Signs;
use crate::handle::{Arrival, ConnHandle};
use crate::lint::{Head, Label, Message};
use crate::policy::Table;

/// The route of a request, by whoever names it.
#[derive(Clone, Copy)]
pub(super) enum RouteOf<'a> {
    /// A route of the policy, by its number there.
    Policy(usize, Label),
    /// The template that a router matched.
    Router(&'a str),
    Other,
}

impl Shared {
    /// Counts a received request on its route, once for all layers of a stack; the slot that it
    /// counted in. No lock is taken but for a route that is new to the windows.
    #[inline]
    pub(super) fn count_route<'a>(
        &self,
        table: &Table,
        handle: &ConnHandle,
        arrival: &Arrival,
        route: impl FnOnce() -> Option<RouteOf<'a>>,
    ) -> Option<RouteSlot> {
        let record = handle.record();
        if !record.takes_route(handle.request()) {
            return record.last().route();
        }
        if let Some(slot) = record.paths.find(arrival.path_hash) {
            if self.count_in(handle, arrival, slot) {
                return Some(slot);
            }
        }
        let Some(route) = route() else {
            record.went(Last::Excluded);
            return None;
        };
        let slot = self.slot_of(table, record, arrival, route);
        let counted = self.count_in(handle, arrival, slot);
        let fresh = handle.request() == 1 && !record.is(Flag::Excused);
        if counted && fresh {
            self.judge_route(record, slot, arrival.slice);
        }
        Some(slot)
    }

    /// Counts a request on a route that its connection saw before. If nothing is found on it,
    /// layers need not remember it: all that its response is judged by stands in the record. On
    /// HTTP/2 that is of whichever request came last.
    #[inline]
    pub(crate) fn remember(
        &self,
        policy: Brief,
        record: &Record,
        turn: Turn,
        arrival: &mut Arrival,
    ) {
        let others = Signs::PROBE.with(Signs::HTTP10).with(Signs::MULTIPLEXED);
        let head = Head::of_request(Message::ReceivedRequest, arrival.signs);
        if arrival.signs.intersects(others)
            || !head.is_clean()
            || arrival.method == Standard::OTHER
            || !policy.knows_by_label()
        {
            return;
        }
        let Some(slot) = record.paths.find(arrival.path_hash) else { return };
        // Routes of the policy may be among those.
        if slot.is_of_others() && policy.reads_inbound_paths() {
            return;
        }
        if self.connections.routes.count(slot, record.id, arrival.slice, false, false) {
            record.takes_route(turn.number);
            record.went(Last::Route(slot, arrival.method));
            arrival.is_remembered = true;
        }
    }

    /// The slot of a route, which the connection keeps for the next request with this path, and
    /// the policy or the lint for others under the same template.
    fn slot_of(
        &self,
        table: &Table,
        record: &Record,
        arrival: &Arrival,
        route: RouteOf<'_>,
    ) -> RouteSlot {
        let routes = &self.connections.routes;
        let slot = match route {
            RouteOf::Other => routes.slot(Label::OTHER, arrival.slice),
            RouteOf::Policy(route, label) => {
                let kept = table.slot(route).filter(|slot| routes.is_held(*slot));
                let ask = || {
                    let slot = routes.slot(label, arrival.slice);
                    table.keep_slot(route, slot);
                    slot
                };
                kept.unwrap_or_else(ask)
            }
            RouteOf::Router(template) => {
                let hash = path_hash(0, None, template);
                let kept =
                    self.connections.templates.find(hash).filter(|slot| routes.is_held(*slot));
                let ask = || {
                    let slot = routes.slot(Label::new(template), arrival.slice);
                    self.connections.templates.keep(hash, slot);
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
            record.went(Last::Route(slot, arrival.method));
            if let Some(stopwatch) = handle.stopwatch() {
                stopwatch.on_route(slot);
            }
        }
        counted
    }

    #[cold]
    fn judge_route(&self, record: &Record, slot: RouteSlot, slice: Slice) {
        let Some((sums, known_for)) = self.connections.route_window(slot, slice) else { return };
        let bounds = &self.in_force.table().bounds;
        if let Some(symptom) = Symptom::low_reuse(record.side, &sums, known_for, bounds) {
            self.tell(&symptom, self.at_route(record, slot));
        }
    }
}
