use std::fmt;
use std::sync::Arc;

use crate::connection::{Flag, Record};
use crate::exchange::Shared;
#[cfg(any(feature = "axum", feature = "tonic"))]
use crate::report::Part;

/// Held by what a connection ends with: its socket where that is watched, else the services that
/// stand for it. The record is closed when it is dropped, once, however many handles live on.
pub(crate) struct Guard {
    shared: Arc<Shared>,
    record: Arc<Record>,
    /// Under what requests find it.
    #[cfg(feature = "tonic")]
    known_as: std::sync::OnceLock<crate::inbound::Key>,
}

/// A part in the guard of a client's connection, for each response that is under way on it.
///
/// It travels in the handle that the client below clones into each response, and gets no further:
/// a clone of that one, which a user may keep for ever, holds nothing.
#[derive(Debug, Default)]
pub(crate) struct Hold {
    guard: Option<Arc<Guard>>,
    /// What the client below keeps beside its connection, to be cloned into responses.
    is_source: bool,
}

// === impl Guard ===

impl Guard {
    pub(crate) fn new(shared: Arc<Shared>, record: Arc<Record>) -> Guard {
        Guard {
            shared,
            record,
            #[cfg(feature = "tonic")]
            known_as: std::sync::OnceLock::new(),
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// From now on it is known as this, until its socket is dropped; the first word counts.
    #[cfg(feature = "tonic")]
    pub(crate) fn is_known_as(&self, key: crate::inbound::Key) -> bool {
        self.known_as.set(key).is_ok()
    }

    #[cfg(feature = "tonic")]
    fn forget(&self) {
        if let Some(key) = self.known_as.get() {
            self.shared.peers.remove(*key, self.record.id);
        }
    }

    #[cfg(not(feature = "tonic"))]
    fn forget(&self) {}

    /// Says of its requests that they will be seen, if they can be found, and services are wired; else none
    /// is denied.
    #[cfg(any(feature = "axum", feature = "tonic"))]
    pub(crate) fn claims_requests(&self, can_be: bool) {
        if !can_be || !self.shared.wiring.wired().contains(Part::MakeService) {
            self.record.raise(Flag::MayBeRest);
        }
    }

    pub(crate) fn record(&self) -> &Arc<Record> {
        &self.record
    }

    /// The socket is gone. So is the connection, unless a response is on its way to its caller:
    /// only who reads it learns whether it came whole. The last [`Hold`] then ends the record, though
    /// the pool below may keep its part of the connection until that is asked for again.
    pub(crate) fn let_go(&self) {
        self.forget();
        self.record.raise(Flag::Gone);
        self.shared.close_if_gone(&self.record);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.shared.close(&self.record);
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Guard { record, .. } = self;
        f.debug_tuple("Guard").field(record).finish_non_exhaustive()
    }
}

// === impl Hold ===

impl Hold {
    pub(crate) const NONE: Hold = Hold { guard: None, is_source: false };

    /// The response was read, or given up.
    pub(crate) fn let_go(self) {
        if let Some(guard) = self.guard {
            guard.shared.close_if_gone(&guard.record);
        }
    }

    #[cfg(feature = "hyper-util")]
    pub(crate) fn source(guard: Arc<Guard>) -> Hold {
        Hold { guard: Some(guard), is_source: true }
    }
}

impl Clone for Hold {
    fn clone(&self) -> Hold {
        Hold { guard: self.guard.as_ref().filter(|_| self.is_source).cloned(), is_source: false }
    }
}

#[cfg(all(test, feature = "hyper-util"))]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::ConnLint;
    use crate::connection::{Addresses, Finish, Side};

    #[test]
    fn a_record_ends_as_its_last_response_is_read_though_a_pool_keeps_its_part() {
        let lint = ConnLint::builder().environment("").build();
        let (shared, now) = (&lint.0, Instant::now());
        let record = Arc::new(shared.record(Side::Outbound, now, Addresses::default()));
        let guard = Arc::new(Guard::new(shared.clone(), record.clone()));
        let beside_connection = Hold::source(guard.clone());
        let in_response = beside_connection.clone();
        record.answer(now);
        record.answering();
        guard.let_go();
        assert!(!record.is(Flag::Closed), "its body is read still");
        record.finish(|| now, Finish::Whole);
        in_response.let_go();
        assert!(record.is(Flag::Closed), "nothing is under way");
        drop(beside_connection);
    }

    #[test]
    fn a_handle_that_a_user_keeps_holds_no_connection() {
        let lint = ConnLint::builder().environment("").build();
        let guard = lint.0.accept(Addresses::default()).map(Arc::new);
        let guard = guard.expect("no lint is off");
        let beside_connection = Hold::source(guard.clone());
        let in_response = beside_connection.clone();
        assert!(in_response.guard.is_some(), "until the response was read");
        assert!(in_response.clone().guard.is_none(), "a user's");
    }
}
