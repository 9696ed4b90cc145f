use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, sleep_until};

use super::{Cure, Outcome};
use crate::connection::{EndCause, Record, Side, State};
use crate::exchange::Shared;

/// Ends a connection that is idle for too long: its reader is told that the peer closed.
#[derive(Debug, Default)]
pub(crate) struct IdleTimer {
    /// There from the first time that it is idle under a limit.
    sleep: Option<Pin<Box<Sleep>>>,
    /// Whether it is to be woken as the process drains.
    sleeps: bool,
}

/// How long a connection may still be idle, by which cure, and the cause that it ends for.
struct Limit {
    left: Duration,
    cure: Cure,
    cause: EndCause,
}

/// A connection that was used so lately, or opened, is told of a drain by its next response: a
/// request may be on its way on it.
const QUIET: Duration = Duration::from_secs(1);

/// As long as is slept at once: an instant can't be moved by any duration.
const LONGEST: Duration = Duration::from_secs(86_400);

// === impl IdleTimer ===

impl IdleTimer {
    /// Asked where there is nothing to be read. Ready: the connection is to end.
    pub(crate) fn poll(
        &mut self,
        shared: &Arc<Shared>,
        record: &Record,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        if record.state() == State::Active || Handle::try_current().is_err() {
            return Poll::Pending;
        }
        if record.side == Side::Inbound && shared.cures().drain.on().is_some() {
            shared.heal.sleepers.sleep(record.id, cx.waker());
            self.sleeps = true;
        }
        while let Some(Limit { left, cure, cause }) = Limit::of(shared, record) {
            if left.is_zero() {
                record.see(cause);
                shared.healed(record, cure, Outcome::Tried);
                return Poll::Ready(());
            }
            let due = Instant::now() + left.min(LONGEST);
            let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(due)));
            sleep.as_mut().reset(due);
            if sleep.as_mut().poll(cx).is_pending() {
                break;
            }
        }
        Poll::Pending
    }

    /// The connection is gone.
    pub(crate) fn end(&self, shared: &Shared, record: &Record) {
        if self.sleeps {
            shared.heal.sleepers.leave(record.id);
        }
    }
}

// === impl Limit ===

impl Limit {
    /// The nearest.
    fn of(shared: &Shared, record: &Record) -> Option<Limit> {
        let idle = record.idle(shared.clock.now());
        let (timeout, cure, cause) = match record.side {
            Side::Inbound => {
                (shared.cures().idle_timeout.on(), Cure::IdleTimeout, EndCause::IdleTimeout)
            }
            Side::Outbound => (shared.retirement(record), Cure::Retire, EndCause::Retired),
        };
        let limit =
            timeout.map(|timeout| Limit { left: timeout.saturating_sub(idle), cure, cause });
        let drain = shared.until_drained(record).map(|left| {
            let left = left.max(QUIET.saturating_sub(idle));
            Limit { left, cure: Cure::Drain, cause: EndCause::Drain }
        });
        limit.into_iter().chain(drain).min_by_key(|limit| limit.left)
    }
}
