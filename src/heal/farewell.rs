use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Version;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::runtime::Handle;
use tokio::time::{Sleep, sleep};

use super::slots::Slot;
use super::{Cure, Grace, Outcome};
use crate::connection::{EndCause, Record, Side};
use crate::exchange::Shared;

/// The wait of a server for its peer's end, before it sends its own.
#[derive(Debug)]
pub(crate) struct Farewell {
    caller: IpAddr,
    time: Pin<Box<Sleep>>,
    /// How many bytes of the peer's are thrown away.
    left: u64,
    _slot: Slot,
}

// === impl Farewell ===

impl Farewell {
    /// The wait, where it is switched on, a message said `close`, and this peer may be expected to
    /// close as it has the response.
    pub(crate) fn begin(shared: &Arc<Shared>, record: &Record) -> Option<Farewell> {
        let grace = shared.cures().peer_closes_first.on()?;
        let caller = record.addresses().peer?.ip();
        if record.side != Side::Inbound || !is_told(record) || Handle::try_current().is_err() {
            return None;
        }
        let Grace { time, bytes, at_once, per_minute } = grace;
        let heal = &shared.heal;
        let slot = heal
            .habits
            .allow(caller, shared.clock.now(), per_minute)
            .then(|| heal.farewells.take(None, at_once, 0))
            .flatten();
        let outcome = if slot.is_some() { Outcome::Tried } else { Outcome::Refused };
        shared.healed(record, Cure::PeerClosesFirst, outcome);
        Some(Farewell { caller, time: Box::pin(sleep(time)), left: bytes, _slot: slot? })
    }

    /// Reads what the peer still sends, until its end or ours is due.
    pub(crate) fn poll<T: AsyncRead>(
        &mut self,
        mut stream: Pin<&mut T>,
        cx: &mut Context<'_>,
    ) -> Poll<Outcome> {
        let mut bytes = [0; 4096];
        loop {
            let mut buf = ReadBuf::new(&mut bytes);
            match stream.as_mut().poll_read(cx, &mut buf) {
                Poll::Pending => {
                    return self.time.as_mut().poll(cx).map(|()| Outcome::GaveUp);
                }
                // With a reset it closed as well.
                Poll::Ready(Err(_)) => return Poll::Ready(Outcome::Worked),
                Poll::Ready(Ok(())) if buf.filled().is_empty() => {
                    return Poll::Ready(Outcome::Worked);
                }
                Poll::Ready(Ok(())) => {
                    let Some(left) = self.left.checked_sub(buf.filled().len() as u64) else {
                        return Poll::Ready(Outcome::GaveUp);
                    };
                    self.left = left;
                }
            }
        }
    }

    /// Tells what came of it.
    pub(crate) fn end(&self, shared: &Shared, record: &Record, outcome: Outcome) {
        match outcome {
            Outcome::Worked => shared.heal.habits.closed(self.caller, shared.clock.now()),
            _ => shared.heal.habits.missed(self.caller),
        }
        shared.healed(record, Cure::PeerClosesFirst, outcome);
    }
}

/// Whether a message said `close`, and nothing before it has the peer wait for our end.
fn is_told(record: &Record) -> bool {
    let course = record.course();
    let says = |cause| course.has_seen(cause);
    record.version() == Some(Version::HTTP_11)
        && course.closer().is_none()
        && (says(EndCause::RequestClose) || says(EndCause::ResponseClose))
        && !says(EndCause::Http10)
        && !says(EndCause::CloseDelimited)
        && !says(EndCause::Upgrade)
}
