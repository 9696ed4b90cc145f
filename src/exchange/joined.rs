//! What a lint does as connections are opened, used and ended: records are written, windows
//! counted, and what they show is reported.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use http::{Request, Response, Version};

use super::request::{original_path, swap_head};
use super::shared::Shared;
use crate::connection::{
    Addresses, Changes, Closer, DialError, Dialler, Flag, OpenChange, Opened, Party, Pool, Record,
    Side, Sums, Symptom, Turn,
};
use crate::field::Signs;
use crate::handle::ConnHandle;
use crate::kernel::{Ports, time_wait};
use crate::wired::Guard;

/// The caller behind a Unix socket: all processes of this machine that may open it.
const UNIX: &str = "unix";

impl Shared {
    /// A connection that a server of ours accepted; none where every lint is off.
    pub(crate) fn accept(self: &Arc<Shared>, addresses: Addresses) -> Option<Guard> {
        if self.off {
            return None;
        }
        let record = Arc::new(self.record(Side::Inbound, self.clock.now(), addresses));
        self.opened(&record);
        Some(Guard::new(self.clone(), record))
    }

    /// The record of a connection that was opened now, for the windows of this lint.
    pub(crate) fn record(&self, side: Side, now: Instant, addresses: Addresses) -> Record {
        let born = self.connections.since_epoch(now);
        Record::new(side, self.clock.clone(), now, addresses).born(born)
    }

    /// The first request on a connection tells who calls. Connections that carry only what the
    /// policy leaves alone, such as probes, are nobody's.
    #[cold]
    pub(crate) fn meet<B>(&self, record: &Arc<Record>, request: &mut Request<B>) {
        if self.is_excluded(request) {
            return;
        }
        let caller = self.caller_of(record, request).unwrap_or_else(|| "unknown".into());
        let party = Party::caller(caller);
        let now = self.clock.now();
        self.connections.meet(record, party, now);
        self.count_open(record);
        self.judge_window(record, now);
    }

    /// A dial of a client of ours led to a connection.
    pub(crate) fn dialled(&self, record: &Arc<Record>, party: Party) {
        self.connections.meet(record, party, record.opened);
        self.opened(record);
        self.judge_dial(record);
        let Some(party) = record.party() else { return };
        self.connections.dialled.note(record, party);
        let crowded = self.connections.pressure(party, record.opened);
        let crowded = crowded.filter(|_| !record.is(Flag::Excused));
        if let Some(symptom) = crowded.and_then(|(sums, peak)| Symptom::pool_too_small(&sums, peak))
        {
            if self.connections.reuses_too_little(
                party,
                record.opened,
                &self.in_force.table().bounds,
            ) {
                self.tell(&symptom, self.at_party(record));
            }
        }
    }

    /// Whether ports run out towards an upstream, by what was closed here.
    fn judge_ports(&self, record: &Record, sums: &Sums) {
        let (window, peer) = (self.connections.window(), record.addresses().peer);
        let Some(ports) = Ports::of_system().filter(|_| record.side == Side::Outbound) else {
            return;
        };
        let peer = peer.map(|peer| peer.ip());
        if let Some(symptom) = Symptom::ports_ahead(sums, window, peer, ports) {
            self.tell(&symptom, self.at_party(record));
        }
    }

    /// Whether the dial of a connection was dropped on its way.
    pub(super) fn judge_dial(&self, record: &Record) {
        let dropped = record.dial.zip(record.at_dial).filter(|_| record.is_syn_retransmitted());
        if let Some((dial, at_dial)) = dropped {
            self.tell(&Symptom::syn_retransmitted(dial, at_dial), self.at_connection(record));
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
        if error == DialError::NoPort {
            let symptom = Symptom::ports_ran_out(Ports::of_system(), time_wait());
            self.tell(&symptom, self.at_upstream(dialler.client, party));
        }
    }

    /// The handle of the connection that a response came on, where its extensions tell: the first
    /// layer to ask counts the request.
    #[inline]
    pub(crate) fn answered<'a, B>(
        &self,
        response: &'a mut Response<B>,
    ) -> Option<&'a mut ConnHandle> {
        if response.extensions().is_empty() {
            return None;
        }
        let version = response.version();
        let handle = response.extensions_mut().get_mut::<ConnHandle>()?;
        if handle.side() != Side::Outbound {
            return None;
        }
        // What a client hides was counted as it was found.
        if handle.request() == 0 && !handle.record().hides_end() {
            self.count_answer(handle, version);
        }
        Some(handle)
    }

    fn count_answer(&self, handle: &mut ConnHandle, version: Version) {
        let record = handle.record();
        record.speaks(version);
        let turn = record.answer(record.clock.now());
        self.count(record, turn);
        handle.take_turn(turn);
    }

    /// Counts a request of ours that was answered.
    pub(super) fn count(&self, record: &Record, turn: Turn) {
        if record.is(Flag::Drained) {
            self.drain_worked(record);
        }
        self.connections.count(record, turn);
        if turn.number == 1 {
            self.count_open(record);
            self.judge_window(record, record.after(turn.age));
            self.judge_http2(record);
        }
        if turn.after_close {
            self.reused_after_close(record);
        }
        self.judge_idle(record, turn);
    }

    /// A request failed on a connection of ours that was idle before it, and no byte came back.
    #[cold]
    pub(crate) fn unanswered(&self, record: &Record) {
        if record.went_stale(self.clock.now()) {
            self.learn_stale(record);
            let symptom = Symptom::stale_reuse(record.requests(), record.rested());
            self.tell(&symptom, self.at_connection(record));
        }
    }

    /// The upstream said for how long it keeps an idle connection: told once for each.
    #[cold]
    pub(crate) fn advertised(&self, record: &Record, timeout: Duration) {
        self.learn_advertised(record, timeout);
        if record.requests() > 1 {
            return;
        }
        let pool = record.dialler.as_ref().and_then(|dialler| dialler.pool);
        if let Some(Pool { idle_timeout, .. }) = pool.filter(|pool| pool.idle_timeout >= timeout) {
            let symptom = Symptom::advertised_less(timeout, idle_timeout);
            self.tell(&symptom, self.at_connection(record));
        }
    }

    #[cold]
    pub(crate) fn reused_after_close(&self, record: &Record) {
        let symptom = Symptom::reused_after_close(record.side);
        self.tell(&symptom, self.at_connection(record));
    }

    /// Ends a connection whose socket is gone, unless a response is on its way to its caller.
    pub(crate) fn close_if_gone(&self, record: &Record) {
        if record.is(Flag::Gone) && !record.is_awaited() {
            self.close(record);
        }
    }

    /// A connection ended.
    pub(crate) fn close(&self, record: &Record) {
        let now = self.clock.now();
        let Some(ended) = self.connections.close(record, now, thread::panicking()) else { return };
        self.count_open(record);
        self.reporter.ended(&ended);
        self.learn_end(record, &ended);
        self.look_at_policy_now_and_then(now);
        let Some(party) = record.party() else { return };
        // To sum up the requests of those that live takes a look at each: only where they decide.
        let by_requests = Sums::is_silent(&ended) || ended.end.with_client();
        let window = match by_requests {
            true => self.connections.window_of(party, now).map(|(sums, _)| sums),
            false => self.connections.pressure(party, now).map(|(sums, _)| sums),
        };
        let Some(sums) = window else { return };
        let pool_idle = record.dialler.as_ref().and_then(|dialler| dialler.pool);
        let pool_idle = pool_idle.map(|pool| pool.idle_timeout);
        for symptom in Symptom::of_end(&ended, &sums, pool_idle, &self.in_force.table().bounds) {
            self.tell(&symptom, self.at_connection(record));
        }
        if ended.end.with_client() {
            self.judge_clients(record, &sums);
        }
        if ended.end.closer == Closer::Local {
            self.judge_ports(record, &sums);
        }
    }

    fn opened(&self, record: &Arc<Record>) {
        self.start();
        let opened = Opened::new(record);
        self.reporter.opened(&opened);
        self.tell_slow_dial(record, &opened);
        self.count_open(record);
    }

    /// Tells of a dial that was slow, unless a finding does.
    pub(super) fn tell_slow_dial(&self, record: &Record, opened: &Opened) {
        let is_slow = record.dial.is_some_and(|dial| self.kernel.is_slow(dial));
        if is_slow && !record.is_syn_retransmitted() {
            if let Some(suppressed) = self.limiter.admit_dial(opened) {
                self.reporter.slow_dial(opened, suppressed);
            }
        }
    }

    /// Tells how many connections of its party are open, as it is opened, first used, or ends.
    fn count_open(&self, record: &Record) {
        let changes = self.connections.changes(record);
        self.open_changed(record.side, record.party(), &changes);
    }

    pub(super) fn open_changed(&self, side: Side, party: Option<&Party>, changes: &Changes) {
        // A caller is known only from its first request on, and may be one of very many.
        let party = party.filter(|_| side == Side::Outbound);
        for (version, state, by) in changes.iter() {
            self.reporter.open_changed(&OpenChange { side, party, version, state, by });
        }
    }

    /// Whether a connection that is new should not have been needed.
    fn judge_window(&self, record: &Record, now: Instant) {
        if record.is(Flag::Excused) {
            return;
        }
        let Some(party) = record.party() else { return };
        let Some((sums, known_for)) = self.connections.window_of(party, now) else { return };
        let bounds = &self.in_force.table().bounds;
        if let Some(symptom) = Symptom::low_reuse(record.side, &sums, known_for, bounds) {
            let hidden = record.hides_end();
            let symptom = if hidden { symptom.with_ends_hidden(&sums) } else { symptom };
            self.tell(&symptom, self.at_party(record));
        }
    }

    /// Whether one more client that was dropped is one of many.
    fn judge_clients(&self, record: &Record, sums: &Sums) {
        if let Some(symptom) = Symptom::client_per_request(sums, &self.in_force.table().bounds) {
            self.tell(&symptom, self.at_party(record));
        }
    }

    fn judge_http2(&self, record: &Record) {
        if !record.is_multiplexed() {
            return;
        }
        let usable = self.connections.usable_http2_beside(record);
        if usable > 0 {
            self.tell(&Symptom::extra_http2(usable), self.at_party(record));
        }
    }

    /// Whether a connection was kept idle for too long.
    #[inline]
    pub(crate) fn judge_idle(&self, record: &Record, turn: Turn) {
        // Other streams may have been under way all the time.
        if self.connections.tells_idleness(turn.idle) && turn.number > 1 && record.in_flight() <= 1
        {
            self.kept_idle(record, Duration::from_nanos(turn.idle));
        }
    }

    #[cold]
    fn kept_idle(&self, record: &Record, idle: Duration) {
        self.tell(&Symptom::kept_idle(record.side, idle), self.at_connection(record));
    }

    /// Whether the policy leaves a request alone.
    fn is_excluded<B>(&self, request: &Request<B>) -> bool {
        let (method, headers) = (request.method(), request.headers());
        let is_probe =
            || Signs::of_request(method, request.version(), headers).contains(Signs::PROBE);
        let table = self.in_force.table();
        let is_excluded = || table.is_excluded(method, original_path(request));
        table.probes_excluded && is_probe() || table.reads_inbound_paths() && is_excluded()
    }

    fn caller_of<B>(&self, record: &Record, request: &mut Request<B>) -> Option<Arc<str>> {
        if self.caller.is_none() {
            if let Some(peer) = record.addresses().peer {
                return Some(peer.ip().to_string().into());
            }
            if record.addresses().unix {
                return Some(UNIX.into());
            }
        }
        let (mut parts, ()) = Request::default().into_parts();
        swap_head(request, &mut parts);
        let caller = self.caller(&parts);
        swap_head(request, &mut parts);
        caller
    }
}

#[cfg(all(test, feature = "full"))]
mod tests;
