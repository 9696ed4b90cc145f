use std::sync::{Arc, Mutex, PoisonError};

use http::Extensions;

use crate::lint::{Lint, LintSet, Message};

/// Which layer of a stack reports a lint of a request: the innermost one that found it, since a
/// route's own layer refines the policy of those around it. In the request's extensions, and
/// only where something was found.
///
/// Layers form a tree: attempts of a retry, and calls that a handler fans out, stand side by side
/// and claim nothing from each other. Nor does a client that got the extensions of the request
/// that its handler received: that is another message.
#[derive(Clone, Debug)]
pub(crate) struct Claim(Arc<Claimed>);

#[derive(Debug)]
struct Claimed {
    outer: Option<Claim>,
    message: Message,
    /// What layers further in found, too.
    further_in: Mutex<LintSet>,
}

// === impl Claim ===

impl Claim {
    /// Claims what a layer found, over the layers outside of it.
    pub(crate) fn enter(extensions: &mut Extensions, message: Message, found: LintSet) -> Claim {
        let outer = extensions.remove::<Claim>();
        let mut above = outer.as_ref();
        while let Some(Claim(layer)) = above {
            if layer.message == message {
                let mut claimed = layer.further_in.lock().unwrap_or_else(PoisonError::into_inner);
                *claimed = claimed.union(found);
            }
            above = layer.outer.as_ref();
        }
        let claim = Claim(Arc::new(Claimed { outer, message, further_in: Mutex::default() }));
        extensions.insert(claim.clone());
        claim
    }

    /// Whether no layer further in claimed the lint.
    pub(crate) fn holds(&self, lint: Lint) -> bool {
        !self.0.further_in.lock().unwrap_or_else(PoisonError::into_inner).contains(lint)
    }
}
