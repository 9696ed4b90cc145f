//! How long a request was on its way, and the stamp that tells it of the next one.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, Request};

use super::exchange::Exchange;
use super::placement::Placement;
use super::request::connect_info;
use super::shared::Shared;
use crate::arrival::{FIELD, stamp};
use crate::handle::ConnHandle;
use crate::report::ArrivalTime;

/// In a request's extensions: the lint that read its stamp, so that no layer further in does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ReadBy(usize);

// === impl Exchange ===

impl Exchange {
    /// Tells how long a received request was on its way, where its sender says when it sent it.
    pub(super) fn tell_arrival<B>(&self, request: &mut Request<B>) {
        let Placement { shared, .. } = self.placement();
        let Some(settings) = &shared.before_arrival else { return };
        let read_by = ReadBy(shared.mark());
        let extensions = request.extensions();
        if extensions.get() == Some(&read_by) || self.is_excluded() {
            return;
        }
        let handle = extensions.get::<ConnHandle>();
        let addresses = handle.map(|handle| handle.record().addresses()).unwrap_or_default();
        let peer = addresses.peer.or_else(|| connect_info(extensions)).map(|peer| peer.ip());
        let arrived = shared.arrived_at(handle);
        let before = settings.read(request.headers(), peer, addresses.unix, arrived);
        let Some(before) = before else { return };
        shared.reporter.arrived(&ArrivalTime {
            of: self.route(),
            connection: handle.map(ConnHandle::id),
            request: handle.map(ConnHandle::request).filter(|number| *number > 0),
            before,
            slow: before.is_ok_and(|before| settings.is_slow(before)),
        });
        request.extensions_mut().insert(read_by);
    }
}

// === impl Shared ===

impl Shared {
    /// When a request arrived, after 1970: at its connection's edge, where that is ours, and not after
    /// what waited in layers since.
    fn arrived_at(&self, handle: Option<&ConnHandle>) -> Duration {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let own = handle
            .filter(|handle| handle.arrival().is_some_and(|arrival| arrival.lint == self.mark()));
        let waited = own.map(|handle| {
            let began = handle.record().opened.checked_add(handle.age());
            began.map_or(Duration::ZERO, |began| self.clock.now().saturating_duration_since(began))
        });
        now.saturating_sub(waited.unwrap_or_default())
    }
}

// === impl Placement ===

impl Placement {
    /// Says when a request is sent, where that is asked for and nobody said it before.
    pub(crate) fn stamp(&self, headers: &mut HeaderMap) {
        let stamps = self.outlet.as_ref().is_some_and(|outlet| outlet.stamps);
        if stamps && !headers.contains_key(FIELD) {
            if let Some(value) = stamp(SystemTime::now()) {
                _ = headers.try_insert(FIELD, value);
            }
        }
    }
}
