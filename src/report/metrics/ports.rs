use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use metrics::Gauge;

use super::upstreams::{Upstream, Upstreams};
use crate::snapshot::PortUse;

/// The ports that are held towards upstreams.
#[derive(Debug, Default)]
pub(super) struct PortMetrics(Mutex<HashMap<u16, Gauges>>);

/// Of one upstream.
#[derive(Debug)]
struct Gauges {
    time_wait: Gauge,
    used: Gauge,
}

/// What is set.
#[derive(Clone, Copy, Debug, Default)]
struct Values {
    time_wait: u64,
    used: f64,
}

// === impl PortMetrics ===

impl PortMetrics {
    /// Of an upstream with several addresses the sockets are added, and the share is that of the address
    /// which has least ports left. The sockets in TIME_WAIT towards nobody of ours are `other`.
    pub(super) fn tell(&self, port_use: &PortUse, upstreams: &Upstreams) {
        let mut values: HashMap<u16, (Upstream, Values)> = HashMap::new();
        let mut ours = 0;
        for of in &port_use.upstreams {
            let upstream = upstreams.find(&of.name.as_str().into());
            let (_, values) =
                values.entry(upstream.number).or_insert_with(|| (upstream, Values::default()));
            values.time_wait += of.time_wait;
            values.used = values.used.max(of.used.unwrap_or_default());
            ours += of.time_wait;
        }
        let other = upstreams.other();
        let (_, others) = values.entry(other.number).or_insert_with(|| (other, Values::default()));
        others.time_wait += port_use.time_wait.unwrap_or_default().saturating_sub(ours);

        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (number, gauges) in kept.iter() {
            // Nobody dials it any more.
            if !values.contains_key(number) {
                gauges.set(Values::default());
            }
        }
        for (number, (upstream, values)) in values {
            kept.entry(number).or_insert_with(|| Gauges::register(&upstream)).set(values);
        }
    }
}

// === impl Gauges ===

impl Gauges {
    fn register(upstream: &Upstream) -> Gauges {
        Gauges {
            time_wait: metrics::gauge!("conn_lint_time_wait", &[upstream.address()]),
            used: match upstream.is_other() {
                true => Gauge::noop(),
                false => metrics::gauge!("conn_lint_ephemeral_ports_used", &[upstream.address()]),
            },
        }
    }

    fn set(&self, values: Values) {
        self.time_wait.set(values.time_wait as f64);
        self.used.set(values.used);
    }
}
