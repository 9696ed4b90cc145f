use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use super::Phases;
use crate::connection::{Record, RouteSlot, Side};
use crate::exchange::Shared;
use crate::report::RequestTime;

/// Takes the time of one request: there only where the switch is on.
pub(crate) struct Stopwatch {
    shared: Arc<Shared>,
    record: Arc<Record>,
    began: Instant,
    reused: bool,
    /// Of a request of ours, where they are told.
    phases: Option<Box<Phases>>,
    /// The route inbound, as soon as a layer told. Not the record's: on HTTP/2 that is of whichever
    /// request came last. Relaxed, since it is one word.
    route: AtomicU32,
}

// === impl Stopwatch ===

impl Stopwatch {
    pub(crate) fn new(
        shared: Arc<Shared>,
        record: Arc<Record>,
        began: Instant,
        reused: bool,
    ) -> Stopwatch {
        Stopwatch { shared, record, began, reused, phases: None, route: AtomicU32::new(0) }
    }

    pub(crate) fn with_phases(self, phases: Option<Box<Phases>>) -> Stopwatch {
        Stopwatch { phases, ..self }
    }

    pub(crate) fn on_route(&self, route: RouteSlot) {
        self.route.store(route.bits() as u32, Ordering::Relaxed);
    }

    /// The response ended.
    pub(crate) fn stop(&self) {
        let now = self.shared.clock.now();
        if self.shared.durations {
            self.tell_duration(now);
        }
        if let Some(phases) = &self.phases {
            self.tell_phases(phases, now);
        }
    }

    #[cold]
    fn tell_phases(&self, phases: &Phases, now: Instant) {
        self.shared.reporter.request_passed(&phases.end(&self.record, self.reused, now));
    }

    fn tell_duration(&self, now: Instant) {
        let Stopwatch { shared, record, began, reused, phases: _, route } = self;
        let of = match (record.side, &record.dialler) {
            (Side::Outbound, Some(dialler)) => dialler.client.name,
            _ => {
                let route = route.load(Ordering::Relaxed);
                let slot = (route != 0).then(|| RouteSlot::from_bits(route.into()));
                shared.connections.routes.label(slot)
            }
        };
        let took = now.saturating_duration_since(*began);
        let time = RequestTime { side: record.side, of, reused: *reused, took };
        shared.reporter.request_took(&time);
    }
}

impl fmt::Debug for Stopwatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stopwatch { shared: _, record, began, reused, phases, route: _ } = self;
        f.debug_struct("Stopwatch")
            .field("connection", &record.id)
            .field("began", began)
            .field("reused", reused)
            .field("phases", phases)
            .finish_non_exhaustive()
    }
}
