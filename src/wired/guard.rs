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

/// A part in the guard of a client's connection, for each response that is under way on it.
///
/// It travels in the handle that the client below clones into each response, and gets no further:
/// a clone of that one, which a user may keep for ever, holds nothing.
#[derive(Debug, Default)]
pub(crate) enum Hold {
    /// Holds nothing.
    #[default]
    None,
    /// What the client below keeps beside its connection.
    Connection(Arc<Guard>),
    /// A response's.
    Response(Arc<Guard>),
}

// === impl Guard ===

impl Guard {
    pub(crate) fn new(shared: Arc<Shared>, record: Arc<Record>) -> Guard {
        Guard { shared, record }
    }

    pub(crate) fn record(&self) -> &Arc<Record> {
        &self.record
    }

    /// The socket is gone. So is the connection, unless a response is on its way to its caller:
    /// only who reads it learns whether it came whole. The last [`Hold`] then ends the record.
    pub(crate) fn let_go(&self) {
        if !self.record.is_awaited() {
            self.shared.close(&self.record);
        }
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

// === impl Hold ===

impl Clone for Hold {
    fn clone(&self) -> Hold {
        match self {
            Hold::Connection(guard) => Hold::Response(guard.clone()),
            Hold::Response(_) | Hold::None => Hold::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ConnLint;
    use crate::connection::Addresses;

    #[test]
    fn a_handle_that_a_user_keeps_holds_no_connection() {
        let lint = ConnLint::builder().environment("").build();
        let guard = lint.0.accept(Addresses::default()).map(Arc::new);
        let guard = guard.expect("no lint is off");
        let beside_connection = Hold::Connection(guard.clone());
        let in_response = beside_connection.clone();
        assert!(matches!(in_response, Hold::Response(_)), "until the response was read");
        assert!(matches!(in_response.clone(), Hold::None), "a user's");
    }
}
