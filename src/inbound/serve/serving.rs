use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;

use crate::connection::{Flag, Record};

pin_project! {
    /// A connection that is served until it ends, and ends gracefully as its handle asks
    /// ([`ConnHandle::close_gracefully`](crate::ConnHandle::close_gracefully)); made by
    /// [`Accepted::serve`](super::Accepted::serve).
    ///
    /// ```
    /// use tower_conn_lint::inbound::Serving;
    ///
    /// fn is_named<C, E>(_: Serving<C, E>) {}
    /// ```
    pub struct Serving<C, E> {
        #[pin]
        connection: C,
        // Called once.
        end: Option<E>,
        record: Option<Arc<Record>>,
        // Where the record finds this task.
        known: Option<Waker>,
    }
}

// === impl Serving ===

impl<C, E: FnOnce(Pin<&mut C>)> Serving<C, E> {
    pub(super) fn new(connection: C, end: E, record: Option<Arc<Record>>) -> Serving<C, E> {
        if let Some(record) = &record {
            record.raise(Flag::CanEnd);
        }
        Serving { connection, end: Some(end), record, known: None }
    }

    /// Ends the connection gracefully since the process drains: that is the cause then. It goes on
    /// to be polled until it ended, as a connection of hyper's does.
    pub fn graceful_shutdown(self: Pin<&mut Self>) {
        let this = self.project();
        let Some(end) = this.end.take() else { return };
        if let Some(record) = this.record {
            record.shut_down();
        }
        end(this.connection);
    }
}

impl<C: Future, E: FnOnce(Pin<&mut C>)> Future for Serving<C, E> {
    type Output = C::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<C::Output> {
        let mut this = self.project();
        if let (Some(record), Some(_)) = (&this.record, &this.end) {
            if record.poll_end_asked(cx, this.known) {
                if let Some(end) = this.end.take() {
                    end(this.connection.as_mut());
                }
            }
        }
        this.connection.poll(cx)
    }
}

impl<C: fmt::Debug, E> fmt::Debug for Serving<C, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Serving { connection, end, record, known: _ } = self;
        f.debug_struct("Serving")
            .field("connection", connection)
            .field("ends", &end.is_none())
            .field("record", record)
            .finish_non_exhaustive()
    }
}
