//! The rest of a message that nobody reads: whose it is, and what is done about it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use http::{Request, header};
use http_body::Body;

use super::{Budget, Cure, Outcome};
use crate::body::Heir;
use crate::connection::{EndCause, Flag, Record, Side};
use crate::exchange::Shared;
use crate::wired::Link;

/// A request with content that a server received: how much of it passed, and what became of the rest.
#[derive(Debug)]
pub(crate) struct Upload {
    shared: Arc<Shared>,
    record: Arc<Record>,
    /// `None` where it is not announced.
    length: Option<u64>,
    /// The client waits for `100 Continue`, which the first look at the body sends.
    expects: bool,
    read: AtomicU64,
    /// It was dropped, and nobody reads the rest.
    is_left: AtomicBool,
}

/// A response that a client of ours received: whoever drops it leaves the rest.
#[derive(Debug)]
pub(crate) struct Download {
    pub(crate) shared: Arc<Shared>,
    pub(crate) record: Arc<Record>,
}

/// Who gets the rest of a body.
#[derive(Debug)]
pub(crate) enum Reader {
    Server(Arc<Upload>),
    Client(Download),
}

/// What is left of a request that the server below reads away by itself (hyper 1.12).
const SMALL: u64 = 8 << 10;

// === impl Upload ===

impl Upload {
    /// Of a request, where drains are switched on and the connection would end for it.
    pub(crate) fn of<B: Body>(link: &Link, request: &Request<B>) -> Option<Arc<Upload>> {
        if request.body().is_end_stream()
            || link.record.is_multiplexed()
            || !link.shared.drains(Side::Inbound)
        {
            return None;
        }
        let expects = request.headers().contains_key(header::EXPECT);
        let length = request.body().size_hint().exact();
        let (shared, record) = (link.shared.clone(), link.record.clone());
        let (read, is_left) = (AtomicU64::new(0), AtomicBool::new(false));
        Some(Arc::new(Upload { shared, record, length, expects, read, is_left }))
    }

    /// Whether the connection is about to end for what is left of the request, and its response is
    /// to say so.
    pub(crate) fn ends_connection(&self) -> bool {
        let is_small = self.left().is_some_and(|left| left <= SMALL) && !self.is_expected();
        self.is_left.load(Ordering::Acquire) && !is_small
    }

    /// What is left of it, as far as that is announced.
    fn left(&self) -> Option<u64> {
        Some(self.length?.saturating_sub(self.read.load(Ordering::Relaxed)))
    }

    /// Whether the client still waits for word to send it.
    fn is_expected(&self) -> bool {
        self.expects && self.read.load(Ordering::Relaxed) == 0
    }

    fn inherit<B: Body + Send + 'static>(self: Arc<Upload>, rest: Pin<Box<B>>) {
        let Some(budget) = self.shared.drain_budget(&self.record) else { return };
        let is_over = self.left().is_some_and(|left| left > budget.bytes);
        let is_gone = self.record.course().closer().is_some();
        let leaves = is_over || is_gone || self.is_expected();
        let (shared, record) = (&self.shared.clone(), &self.record.clone());
        if leaves || !shared.read_rest(record, Cure::DrainRequestBody, budget, rest) {
            self.is_left.store(true, Ordering::Release);
        }
    }
}

// === impl Reader ===

impl Reader {
    /// The body was dropped before its end.
    pub(crate) fn inherit<B: Body + Send + 'static>(self, rest: Pin<Box<B>>) {
        match self {
            Reader::Server(upload) => upload.inherit(rest),
            Reader::Client(Download { shared, record }) => {
                let Some(budget) = shared.drain_budget(&record) else { return };
                shared.read_rest(&record, Cure::DrainResponseBody, budget, rest);
            }
        }
    }
}

impl Heir for Reader {
    fn passed(&self, bytes: u64) {
        if let Reader::Server(upload) = self {
            upload.read.fetch_add(bytes, Ordering::Relaxed);
        }
    }
}

// === impl Shared ===

impl Shared {
    /// The rest of a request won't be read: its response is to say that the connection ends.
    #[cold]
    pub(crate) fn close_honestly(&self, record: &Record) {
        if !record.raise(Flag::CloseAsked) {
            self.healed(record, Cure::HonestClose, Outcome::Tried);
        }
    }

    /// Begins to read the rest of a body; whether it does.
    fn read_rest<B: Body + Send + 'static>(
        self: &Arc<Shared>,
        record: &Arc<Record>,
        cure: Cure,
        budget: Budget,
        rest: Pin<Box<B>>,
    ) -> bool {
        let peer = record.addresses().peer.map(|peer| peer.ip());
        let slots = match record.side {
            Side::Inbound => &self.heal.requests,
            Side::Outbound => &self.heal.responses,
        };
        let Some(slot) = slots.take(peer, budget.at_once, budget.at_once_per_peer) else {
            self.healed(record, cure, Outcome::Refused);
            return false;
        };
        let (shared, of, requests) = (self.clone(), record.clone(), record.requests());
        let begun = super::drain::start(&self.heal.executor, rest, budget, slot, move |outcome| {
            match outcome {
                Outcome::Worked => {
                    of.raise(Flag::Drained);
                    // The next request may have come before this task learned of the body's end.
                    if of.requests() > requests {
                        shared.drain_worked(&of);
                    }
                }
                _ => {
                    let cause = match of.side {
                        Side::Inbound => EndCause::UnreadRequestBody,
                        Side::Outbound => EndCause::DroppedResponseBody,
                    };
                    of.see_now(cause, of.clock.now());
                    shared.healed(&of, cure, Outcome::GaveUp);
                }
            }
        });
        self.healed(record, cure, if begun { Outcome::Tried } else { Outcome::Refused });
        begun
    }
}
