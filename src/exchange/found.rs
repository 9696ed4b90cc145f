use std::mem;
use std::sync::Arc;

use super::claim::Claim;
use super::placement::Placement;
use crate::lint::Finding;

/// What was found on a request; it is reported when it is settled, or dropped.
#[derive(Debug)]
pub(super) struct Found {
    placement: Arc<Placement>,
    pub(super) findings: Vec<Finding>,
    claim: Claim,
}

// === impl Found ===

impl Found {
    pub(super) fn new(
        placement: &Arc<Placement>,
        findings: Vec<Finding>,
        claim: Claim,
    ) -> Box<Found> {
        Box::new(Found { placement: placement.clone(), findings, claim })
    }

    /// Reports what was found, but what a layer further in claimed.
    pub(super) fn settle(&mut self) -> Vec<Finding> {
        let mut findings = mem::take(&mut self.findings);
        findings.retain(|finding| self.claim.holds(finding.lint));
        findings.iter().for_each(|finding| self.placement.shared.report(finding));
        findings
    }
}

impl Drop for Found {
    fn drop(&mut self) {
        self.settle();
    }
}
