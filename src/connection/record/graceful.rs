//! A connection whose end our code asks for, and who serves it.

use std::sync::{MutexGuard, PoisonError};
use std::task::{Context, Waker};

use super::{Flag, Record};
use crate::connection::EndCause;

impl Record {
    /// Whether it can be ended by GOAWAY, so that nothing under way is lost.
    pub(crate) fn can_go_away(&self) -> bool {
        self.is_multiplexed() && self.is(Flag::CanEnd)
    }

    /// Asks whoever serves the connection to end it gracefully, and why.
    pub(crate) fn ask_end(&self, cause: EndCause) {
        self.see(cause);
        self.raise(Flag::EndAsked);
        // Closing is right from now on, whoever says so.
        self.raise(Flag::LastRequest);
        // Taken out before it is woken: the lock is not held meanwhile.
        let server = self.server().take();
        server.into_iter().for_each(Waker::wake);
    }

    /// Whether that was asked for; if not, this task is woken once it is.
    pub(crate) fn poll_end_asked(&self, cx: &Context<'_>, known: &mut Option<Waker>) -> bool {
        if !known.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *known = Some(cx.waker().clone());
            *self.server() = known.clone();
        }
        // After the waker was left, so that one of the two sees the other.
        self.is(Flag::EndAsked)
    }

    /// Nobody serves it any more: who keeps a handle keeps no task.
    pub(crate) fn forget_server(&self) {
        // Dropped behind the lock: it may be the last of its task.
        let server = self.server().take();
        drop(server);
    }

    /// Whoever serves it tells it to close, since the process drains.
    pub(crate) fn shut_down(&self) {
        self.raise(Flag::LastRequest);
        self.drain();
    }

    /// It ends since the process drains.
    pub(crate) fn drain(&self) {
        self.raise(Flag::Draining);
        self.see(EndCause::Drain);
    }

    fn server(&self) -> MutexGuard<'_, Option<Waker>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
