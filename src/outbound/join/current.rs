use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::handle::ConnHandle;

/// The connection that a connector dialled last.
#[derive(Debug, Default)]
pub(crate) struct Current(Mutex<Dialled>);

/// The last of so many connections, and whether its end was seen by then.
#[derive(Clone, Debug, Default)]
pub(super) struct Dialled {
    number: u64,
    connection: Option<ConnHandle>,
    is_over: bool,
}

// === impl Current ===

impl Current {
    pub(crate) fn replace(&self, connection: ConnHandle) {
        let mut dialled = self.lock();
        let number = dialled.number + 1;
        *dialled = Dialled { number, connection: Some(connection), is_over: false };
    }

    pub(super) fn now(&self) -> Dialled {
        let mut dialled = self.lock().clone();
        let course = dialled.connection.as_ref().map(|connection| connection.record().course());
        dialled.is_over = course.is_some_and(|course| course.closer().is_some());
        dialled
    }

    fn lock(&self) -> MutexGuard<'_, Dialled> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Dialled ===

impl Dialled {
    /// The connection of a request that was sent then, and answered now: the only one that it can
    /// be.
    pub(super) fn of_request(self, now: Dialled) -> Option<ConnHandle> {
        let connects_anew = self.connection.is_none() || self.is_over;
        match now.number - self.number {
            0 => now.connection,
            1 if connects_anew => now.connection,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Event;

    fn id(connection: Option<ConnHandle>) -> Option<u64> {
        connection.map(|connection| connection.id())
    }

    #[test]
    fn a_response_is_joined_only_with_the_connection_that_it_must_have_come_on() {
        let current = Current::default();
        let none = current.now();
        assert_eq!(id(none.clone().of_request(current.now())), None, "nothing was dialled");

        let first = ConnHandle::new();
        current.replace(first.clone());
        assert_eq!(id(none.clone().of_request(current.now())), Some(first.id()), "the only one");
        let sent = current.now();
        assert_eq!(id(sent.clone().of_request(current.now())), Some(first.id()), "still it");

        let second = ConnHandle::new();
        current.replace(second.clone());
        assert_eq!(id(sent.of_request(current.now())), None, "it may be either");
        assert_eq!(id(none.of_request(current.now())), None, "it may be either");

        second.record().note(Event::Eof);
        let sent = current.now();
        current.replace(ConnHandle::new());
        assert!(sent.of_request(current.now()).is_some(), "the one before was over");
    }
}
