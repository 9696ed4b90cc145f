use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Pool;
use crate::lint::Client;

/// A client of ours, as its connector knows it. Its connections hold it.
#[derive(Debug)]
pub(crate) struct Dialler {
    pub(crate) client: Client,
    pub(crate) pool: Option<Pool>,
    /// Whether nothing is seen of its sockets, but that they were dialled.
    hides_ends: bool,
    dropped: AtomicBool,
    counted: AtomicBool,
    watches_bodies: AtomicBool,
}

/// Held by every clone of a client's connector, and by nothing else: its end is the client's.
#[derive(Debug)]
pub(crate) struct Alive(Arc<Dialler>);

// === impl Dialler ===

impl Dialler {
    pub(crate) fn new(client: Client, pool: Option<Pool>) -> Arc<Dialler> {
        Arc::new(Dialler::with(client, pool, false))
    }

    /// A client that hides its sockets.
    #[cfg(feature = "reqwest")]
    pub(crate) fn hiding_ends(client: Client, pool: Option<Pool>) -> Arc<Dialler> {
        Arc::new(Dialler::with(client, pool, true))
    }

    pub(crate) fn hides_ends(&self) -> bool {
        self.hides_ends
    }

    /// Whether the client and all its clones are gone. Relaxed: it orders nothing else.
    pub(crate) fn is_dropped(&self) -> bool {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Whether the bodies of its responses are watched, as far as any came.
    pub(crate) fn watches_bodies(&self) -> bool {
        self.watches_bodies.load(Ordering::Relaxed)
    }

    pub(crate) fn watches_a_body(&self) {
        // Written once: the connections of a client share it.
        if !self.watches_bodies() {
            self.watches_bodies.store(true, Ordering::Relaxed);
        }
    }

    /// Whether the end of the client is to be counted: true once.
    pub(crate) fn counts_end(&self) -> bool {
        !self.counted.swap(true, Ordering::Relaxed)
    }

    fn with(client: Client, pool: Option<Pool>, hides_ends: bool) -> Dialler {
        Dialler {
            client,
            pool,
            hides_ends,
            dropped: AtomicBool::new(false),
            counted: AtomicBool::new(false),
            watches_bodies: AtomicBool::new(false),
        }
    }
}

// === impl Alive ===

impl Alive {
    pub(crate) fn new(dialler: Arc<Dialler>) -> Arc<Alive> {
        Arc::new(Alive(dialler))
    }

    pub(crate) fn dialler(&self) -> &Arc<Dialler> {
        &self.0
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.dropped.store(true, Ordering::Relaxed);
    }
}
