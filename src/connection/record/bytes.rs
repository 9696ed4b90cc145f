//! What the bytes of a socket tell of a connection.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{Flag, Record};
use crate::connection::Side;
use crate::connection::course::{Event, Phase};

impl Record {
    /// What passes is under TLS, and begins with its handshake.
    #[cold]
    pub(crate) fn seal(&self) {
        self.raise(Flag::Sealed);
        self.raise(Flag::Shaking);
    }

    /// What looked like a handshake was answered in the clear, as no request.
    #[cold]
    pub(crate) fn unseal(&self) {
        self.lower(Flag::Sealed);
        self.lower(Flag::Shaking);
        self.raise(Flag::Stray);
    }

    /// Whoever dialled is done: what is written from here on are requests.
    #[cfg(feature = "hyper-util")]
    pub(crate) fn established(&self, now: impl FnOnce() -> Instant) {
        if self.lower(Flag::Shaking) && self.side == Side::Outbound {
            self.polled.store(self.since_opened(now()), Ordering::Relaxed);
        }
    }

    /// How long the handshake of TLS took, where the dial was over before it.
    pub(crate) fn handshake(&self) -> Option<Duration> {
        let nanos = self.polled.load(Ordering::Relaxed);
        (nanos > 0 && self.side == Side::Outbound).then(|| Duration::from_nanos(nanos))
    }

    pub(crate) fn read(&self, bytes: usize) {
        self.bytes_in.fetch_add(bytes as u64, Ordering::Relaxed);
        if self.is(Flag::Shaking) {
            return;
        }
        match (self.side, self.course().phase()) {
            (Side::Inbound, Phase::Idle) if !self.is(Flag::ReadIdle) => {
                self.raise(Flag::ReadIdle);
            }
            (Side::Outbound, Phase::Asked) if !self.is(Flag::Stray) => {
                self.raise(Flag::Stray);
                if self.is(Flag::Blind) {
                    self.note(Event::ResponseUnwatched);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn wrote(&self, bytes: usize, now: impl FnOnce() -> Instant) {
        self.bytes_out.fetch_add(bytes as u64, Ordering::Relaxed);
        if self.is(Flag::Shaking) {
            return;
        }
        match (self.side, self.course().phase()) {
            (Side::Inbound, Phase::Idle) if self.is(Flag::ReadIdle) => {
                self.raise(Flag::Stray);
            }
            // A client's first bytes after an exchange are the next request.
            (Side::Outbound, Phase::Idle | Phase::Unwatched | Phase::Left)
                if !self.is_multiplexed() =>
            {
                self.ask(now());
            }
            _ => {}
        }
    }

    /// The peer says within TLS that it ends. While a message comes in, it may be a piece of that.
    #[cold]
    pub(crate) fn read_alert(&self, bytes: usize) {
        self.bytes_in.fetch_add(bytes as u64, Ordering::Relaxed);
        let is_between = match self.course().phase() {
            Phase::Idle => true,
            Phase::Asked => self.side == Side::Outbound && !self.is(Flag::Stray),
            _ => false,
        };
        if is_between {
            self.note(Event::PeerEnding);
        }
    }

    /// No request, and no answer to anything.
    #[cold]
    pub(crate) fn wrote_alert(&self, bytes: usize) {
        self.bytes_out.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// The peer owes nothing, and nothing is there to be read. The first time after an exchange it has
    /// not waited for anything yet, so that no time is taken.
    pub(crate) fn read_in_vain(&self, now: impl FnOnce() -> Instant) {
        if self.side != Side::Inbound || self.course().phase() != Phase::Idle {
            return;
        }
        if self.is(Flag::Rests) {
            self.polled.store(self.since_opened(now()), Ordering::Relaxed);
        } else {
            self.raise(Flag::Rests);
        }
    }
}
