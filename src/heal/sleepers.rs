use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// Who reads idle connections, to be woken when the process drains. Bounded by the connections that
/// are open.
#[derive(Debug, Default)]
pub(crate) struct Sleepers(Mutex<HashMap<u64, Waker>>);

impl Sleepers {
    pub(super) fn sleep(&self, connection: u64, waker: &Waker) {
        let mut sleepers = self.sleepers();
        match sleepers.get_mut(&connection) {
            Some(known) => known.clone_from(waker),
            None => _ = sleepers.insert(connection, waker.clone()),
        }
    }

    pub(super) fn leave(&self, connection: u64) {
        self.sleepers().remove(&connection);
    }

    pub(super) fn wake(&self) {
        let sleepers = std::mem::take(&mut *self.sleepers());
        sleepers.into_values().for_each(Waker::wake);
    }

    fn sleepers(&self) -> MutexGuard<'_, HashMap<u64, Waker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
