use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Buf;
use http_body::Body;
use tokio::runtime::Handle;
use tokio::time::{Sleep, sleep};

use super::executor::Executor;
use super::slots::Slot;
use super::{Budget, Outcome};

/// Reads the rest of a body away, within a budget, and tells what came of it. What is left is dropped
/// with it, which is what would have happened without.
struct Drain<B, F: FnMut(Outcome)> {
    body: Pin<Box<B>>,
    left: u64,
    time: Duration,
    /// There from the first poll on, which is on the runtime that has the timer.
    timer: Option<Pin<Box<Sleep>>>,
    told: F,
    _slot: Slot,
}

/// How many frames are read before others have their turn.
const AT_ONCE: usize = 32;

/// Starts to read the rest of a body, on the executor; whether that takes it.
pub(super) fn start<B: Body + Send + 'static>(
    executor: &Executor,
    body: Pin<Box<B>>,
    budget: Budget,
    slot: Slot,
    told: impl FnMut(Outcome) + Send + Unpin + 'static,
) -> bool {
    let Budget { bytes: left, time, .. } = budget;
    executor.spawn(Drain { body, left, time, timer: None, told, _slot: slot })
}

impl<B: Body, F: FnMut(Outcome) + Unpin> Future for Drain<B, F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        // Nothing bounds it in time where an executor has no timer of tokio's.
        if this.timer.is_none() && Handle::try_current().is_err() {
            (this.told)(Outcome::GaveUp);
            return Poll::Ready(());
        }
        let timer = this.timer.get_or_insert_with(|| Box::pin(sleep(this.time)));
        for _ in 0..AT_ONCE {
            if timer.as_mut().poll(cx).is_ready() {
                (this.told)(Outcome::GaveUp);
                return Poll::Ready(());
            }
            let frame = match ready!(this.body.as_mut().poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                None => {
                    (this.told)(Outcome::Worked);
                    return Poll::Ready(());
                }
                // The connection is gone, or what came on it was nonsense.
                Some(Err(_)) => {
                    (this.told)(Outcome::GaveUp);
                    return Poll::Ready(());
                }
            };
            let bytes = frame.data_ref().map_or(0, |data| data.remaining() as u64);
            let Some(left) = this.left.checked_sub(bytes) else {
                (this.told)(Outcome::GaveUp);
                return Poll::Ready(());
            };
            this.left = left;
            if this.body.is_end_stream() {
                (this.told)(Outcome::Worked);
                return Poll::Ready(());
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
