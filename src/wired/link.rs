use std::sync::Arc;

use super::Guard;
use crate::connection::{Flag, Record};
use crate::exchange::Shared;

/// A connection, as the services of a server know it.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) shared: Arc<Shared>,
    pub(crate) record: Arc<Record>,
    /// The services stand for a connection whose socket nobody watches.
    _guard: Option<Guard>,
}

// === impl Link ===

impl Link {
    /// To a connection whose socket is watched.
    pub(crate) fn new(shared: Arc<Shared>, record: Arc<Record>) -> Link {
        record.raise(Flag::CanClose);
        Link { shared, record, _guard: None }
    }

    /// To a connection that ends with its services.
    #[cfg(feature = "axum")]
    pub(crate) fn guarding(shared: Arc<Shared>, guard: Guard) -> Link {
        let record = guard.record().clone();
        Link { _guard: Some(guard), ..Link::new(shared, record) }
    }
}
