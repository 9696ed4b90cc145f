use std::sync::Arc;

use super::claim::Claim;
use super::placement::Placement;
use crate::lint::Finding;

/// What was found on a request, if anything; it is reported when it is settled, or dropped.
#[derive(Debug)]
pub(super) struct Found(Option<Box<Pending>>);

#[derive(Debug)]
struct Pending {
    placement: Arc<Placement>,
    findings: Vec<Finding>,
    claim: Claim,
}

// === impl Found ===

impl Found {
    pub(super) const NOTHING: Found = Found(None);

    pub(super) fn new(placement: &Arc<Placement>, findings: Vec<Finding>, claim: Claim) -> Found {
        Found(Some(Box::new(Pending { placement: placement.clone(), findings, claim })))
    }

    #[inline]
    pub(super) fn is_nothing(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter().flat_map(|pending| &pending.findings)
    }

    /// Of something that was found.
    pub(super) fn findings(&mut self) -> Option<&mut Vec<Finding>> {
        self.0.as_mut().map(|pending| &mut pending.findings)
    }

    /// Reports what was found, but what a layer further in claimed.
    pub(super) fn settle(&mut self) -> Vec<Finding> {
        self.0.take().map(|pending| pending.settle()).unwrap_or_default()
    }
}

impl Drop for Found {
    // A comparison where nothing was found.
    #[inline]
    fn drop(&mut self) {
        if let Some(pending) = self.0.take() {
            pending.settle();
        }
    }
}

// === impl Pending ===

impl Pending {
    #[cold]
    fn settle(self) -> Vec<Finding> {
        let Pending { placement, mut findings, claim } = self;
        findings.retain(|finding| claim.holds(finding.lint));
        findings.iter().for_each(|finding| placement.shared.report(finding));
        findings
    }
}
