use std::sync::{Arc, Mutex, PoisonError};

use crate::lint::{Lint, LintSet};

/// Which layer of a stack reports a received lint: the innermost one that found it, since a
/// route's own layer refines the policy of those around it. In the request's extensions, and
/// only where something was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claims(Arc<Mutex<Vec<LintSet>>>);

/// One layer's place among the claims: 0 for the outermost.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    claims: Claims,
    depth: usize,
}

impl Claims {
    /// Claims what a layer found, over the layers outside of it.
    pub(crate) fn enter(&self, found: LintSet) -> Claim {
        let mut layers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        layers.push(found);
        Claim { claims: self.clone(), depth: layers.len() - 1 }
    }
}

impl Claim {
    /// Whether no layer further in claimed the lint.
    pub(crate) fn holds(&self, lint: Lint) -> bool {
        let layers = self.claims.0.lock().unwrap_or_else(PoisonError::into_inner);
        !layers[self.depth + 1..].iter().any(|found| found.contains(lint))
    }
}
