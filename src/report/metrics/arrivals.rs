use metrics::{Counter, Histogram};

use super::ROUTE;
use super::kept::Kept;
use crate::arrival::Unusable;
use crate::lint::Label;
use crate::report::ArrivalTime;

/// How long requests were on their way.
#[derive(Debug, Default)]
pub(super) struct ArrivalMetrics {
    /// By route.
    times: Kept<Label, Histogram>,
    unusable: Kept<Unusable, Counter>,
}

// === impl ArrivalMetrics ===

impl ArrivalMetrics {
    pub(super) fn record(&self, time: &ArrivalTime) {
        match time.before {
            Ok(before) => {
                let labels = [(ROUTE, time.of.as_str())];
                let name = "conn_lint_server_time_before_arrival_seconds";
                let register = || metrics::histogram!(name, &labels);
                self.times.with(time.of, register, |times| times.record(before));
            }
            Err(why) => {
                let labels = [("conn_lint_reason", why.as_str())];
                let register = || metrics::counter!("conn_lint_server_stamps_ignored", &labels);
                self.unusable.with(why, register, |unusable| unusable.increment(1));
            }
        }
    }
}
