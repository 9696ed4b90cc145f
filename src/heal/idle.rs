use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, sleep_until};

use super::{Cure, Outcome};
use crate::connection::{EndCause, Flag, Record, Side, State};
use crate::exchange::Shared;

/// Ends a connection that is idle for too long: its reader is told that the peer closed. One of
/// HTTP/2 is ended by GOAWAY where that can be said.
#[derive(Debug, Default)]
pub(crate) struct IdleTimer {
    /// There from the first time that it is idle under a limit.
    sleep: Option<Pin<Box<Sleep>>>,
    /// Whether it is to be woken as the process drains.
    sleeps: bool,
    /// Since when nothing is written to a peer that was to be told of GOAWAY, and how much was.
    leaves: Option<(Instant, u64)>,
}

/// How long a connection may still stay, by which cure, and the cause that it ends for.
struct Limit {
    left: Duration,
    /// None where that was told.
    why: Option<(Cure, EndCause)>,
}

/// A connection that was used so lately, or opened, is told of a drain by its next response: a
/// request may be on its way on it.
const QUIET: Duration = Duration::from_secs(1);

/// As long as a peer has to heed GOAWAY while nothing is under way and nothing can be written to it:
/// one that doesn't would keep its connection for ever.
const PATIENCE: Duration = Duration::from_secs(2);

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
        // GOAWAY harms nothing that is under way.
        let is_spared = record.state() == State::Active && !record.can_go_away();
        if is_spared || Handle::try_current().is_err() {
            return Poll::Pending;
        }
        if record.side == Side::Inbound && shared.cures().drain.on().is_some() {
            shared.heal.sleepers.sleep(record.id, cx.waker());
            self.sleeps = true;
        }
        while let Some(Limit { left, why }) = self.limit(shared, record) {
            if left.is_zero() {
                match why {
                    Some((cure, cause)) if record.can_go_away() => {
                        shared.go_away(record, cure, cause);
                        continue;
                    }
                    Some((cure, cause)) => {
                        record.see(cause);
                        shared.healed(record, cure, Outcome::Tried);
                    }
                    None => {}
                }
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

    /// The nearest.
    fn limit(&mut self, shared: &Shared, record: &Record) -> Option<Limit> {
        if !record.can_go_away() || !record.is(Flag::EndAsked) {
            return Limit::of(shared, record);
        }
        let (_, wrote) = record.bytes();
        // What was answered may still be on its way to a peer that reads slowly.
        let leaves = self.leaves.filter(|(_, before)| *before == wrote);
        let (since, _) = *self.leaves.insert(leaves.unwrap_or_else(|| (Instant::now(), wrote)));
        let left = PATIENCE.saturating_sub(since.elapsed());
        (record.state() == State::Idle).then_some(Limit { left, why: None })
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
    fn of(shared: &Shared, record: &Record) -> Option<Limit> {
        let is_idle = record.state() == State::Idle;
        let idle = record.idle(shared.clock.now());
        let (timeout, cure, cause) = match record.side {
            Side::Inbound => {
                (shared.cures().idle_timeout.on(), Cure::IdleTimeout, EndCause::IdleTimeout)
            }
            Side::Outbound => (shared.retirement(record), Cure::Retire, EndCause::Retired),
        };
        let limit = timeout
            .filter(|_| is_idle)
            .map(|timeout| Limit { left: timeout.saturating_sub(idle), why: Some((cure, cause)) });
        let quiet = if record.can_go_away() { Duration::ZERO } else { QUIET };
        let drain = shared.until_drained(record).map(|left| {
            let left = left.max(quiet.saturating_sub(idle));
            Limit { left, why: Some((Cure::Drain, EndCause::Drain)) }
        });
        limit.into_iter().chain(drain).min_by_key(|limit| limit.left)
    }
}
