use std::fmt;
use std::sync::Arc;

use crate::connection::Record;
use crate::exchange::Shared;

/// Held by what a connection ends with: its socket where that is watched, else the services that
/// stand for it. The record is closed when it is dropped, once, however many handles live on.
pub(crate) struct Guard {
    shared: Arc<Shared>,
    record: Arc<Record>,
}

// === impl Guard ===

impl Guard {
    pub(crate) fn new(shared: Arc<Shared>, record: Arc<Record>) -> Guard {
        Guard { shared, record }
    }

    pub(crate) fn record(&self) -> &Arc<Record> {
        &self.record
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.shared.close(&self.record);
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Guard { shared: _, record } = self;
        f.debug_tuple("Guard").field(record).finish()
    }
}
