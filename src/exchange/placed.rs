use std::sync::Arc;

use arc_swap::ArcSwap;

use super::placement::{Outlet, Placement};

/// A layer's placement under the policy in force, as one of its services holds it. While the policy
/// stays, it costs a comparison; when that was replaced, the first service to notice makes the
/// placement anew, and the others take that.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    now: Arc<Placement>,
    /// Of all services of the layer. Who is cloned from one that nobody calls asks it each time.
    latest: Arc<ArcSwap<Placement>>,
}

// === impl Placed ===

impl Placed {
    pub(crate) fn new(placement: Placement) -> Placed {
        let now = Arc::new(placement);
        Placed { latest: Arc::new(ArcSwap::new(now.clone())), now }
    }

    /// The placement, under the policy that is in force now.
    #[inline]
    pub(crate) fn placement(&mut self) -> &Arc<Placement> {
        if self.now.is_outdated() {
            self.renew();
        }
        &self.now
    }

    /// The same layer, changed.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Placement)) {
        let mut placement = (*self.now).clone();
        change(&mut placement);
        *self = Placed::new(placement);
    }

    pub(crate) fn change_outlet(&mut self, change: impl FnOnce(&mut Outlet)) {
        self.change(|placement| {
            if let Some(outlet) = &mut placement.outlet {
                change(outlet);
            }
        });
    }

    /// Of a client, which no policy changes.
    pub(crate) fn outlet(&self) -> Option<&Outlet> {
        self.now.outlet.as_ref()
    }

    #[cold]
    fn renew(&mut self) {
        self.now = self.latest.load_full();
        if self.now.is_outdated() {
            self.now = Arc::new(self.now.renewed());
            self.latest.store(self.now.clone());
        }
    }
}
