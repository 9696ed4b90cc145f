use metrics::Counter;

use super::SIDE;
use super::kept::Kept;
use crate::connection::Side;
use crate::heal::{Act, Cure, Outcome};

/// What was done for connections.
#[derive(Debug, Default)]
pub(super) struct CureMetrics(Kept<(Cure, Outcome, Side), Counter>);

impl CureMetrics {
    pub(super) fn count(&self, act: &Act) {
        let Act { cure, outcome, side, .. } = *act;
        let register = || {
            let labels = [
                ("conn_lint_cure", cure.as_str()),
                ("conn_lint_outcome", outcome.as_str()),
                (SIDE, side.as_str()),
            ];
            metrics::counter!("conn_lint_cures", &labels)
        };
        self.0.with((cure, outcome, side), register, |counter| counter.increment(1));
    }
}
