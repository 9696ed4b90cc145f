use metrics::Histogram;

use super::kept::Kept;
use super::upstreams::Upstream;
use crate::report::{Phase, RequestPhases};

/// In which of their parts requests took their time.
#[derive(Debug, Default)]
pub(super) struct PhaseMetrics(Kept<(Phase, u16), Histogram>);

impl PhaseMetrics {
    pub(super) fn record(&self, upstream: &Upstream, phases: &RequestPhases<'_>) {
        for (phase, took) in phases.iter() {
            let register = || {
                let labels = [("conn_lint_phase", phase.as_str().into()), upstream.address()];
                metrics::histogram!("conn_lint_client_phase_duration_seconds", &labels)
            };
            self.0.with((phase, upstream.number), register, |times| times.record(took));
        }
    }
}
