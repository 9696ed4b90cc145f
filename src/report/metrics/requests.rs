use std::sync::OnceLock;

use metrics::Histogram;

use super::{Pair, REUSED, ROUTE, SIDE, truth};
use crate::connection::Side;
use crate::lint::Label;
use crate::report::RequestTime;

/// How long requests took. This is on the path of every request, so a histogram is found again
/// without a lock.
#[derive(Debug, Default)]
pub(super) struct RequestMetrics {
    /// By the address of a label's text, which is interned: at its place, or at one of the next.
    /// There once it is used: it is a switch, off.
    slots: OnceLock<Box<[Slot]>>,
    others: [OnceLock<Histogram>; 4],
}

type Slot = OnceLock<(Key, Histogram)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    side: Side,
    of: Label,
    reused: bool,
}

// === impl RequestMetrics ===

impl RequestMetrics {
    /// Of routes and clients, each twice: reused and fresh.
    const SLOTS: usize = 1024;
    /// How many places are looked at: beyond them it is `other`.
    const PROBES: usize = 8;

    pub(super) fn record(&self, time: &RequestTime) {
        let RequestTime { side, of, reused, took } = *time;
        let key = Key { side, of, reused };
        let slots = self
            .slots
            .get_or_init(|| (0..RequestMetrics::SLOTS).map(|_| OnceLock::new()).collect());
        let first = key.place();
        for probe in 0..RequestMetrics::PROBES {
            let slot = &slots[(first + probe) % RequestMetrics::SLOTS];
            let (known, histogram) = slot.get_or_init(|| (key, key.register()));
            if *known == key {
                return histogram.record(took);
            }
        }
        let other = Key { of: Label::OTHER, ..key };
        let slot = &self.others[usize::from(side == Side::Inbound) * 2 + usize::from(reused)];
        slot.get_or_init(|| other.register()).record(took);
    }
}

// === impl Key ===

impl Key {
    fn place(self) -> usize {
        // The high half of the product is mixed best.
        let address = self.of.as_str().as_ptr() as usize as u64;
        let hash = address.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        (hash as usize) * 4 + usize::from(self.side == Side::Inbound) * 2 + usize::from(self.reused)
    }

    fn register(self) -> Histogram {
        let of: Pair = match self.side {
            Side::Inbound => (ROUTE, self.of.as_str().into()),
            Side::Outbound => ("conn_lint_client", self.of.as_str().into()),
        };
        let side = (SIDE, self.side.as_str().into());
        let labels = [side, of, (REUSED, truth(self.reused).into())];
        metrics::histogram!("conn_lint_request_duration_seconds", &labels)
    }
}
