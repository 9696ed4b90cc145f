use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Url;

use crate::connection::Party;
use crate::lint::{Label, printable};

tokio::task_local! {
    /// The call that a dial belongs to: hyper-util dials as the request is polled, unless the
    /// request got another connection meanwhile (0.1.21).
    static CALL: Arc<Scope>;
}

/// A call, as the dials know it that are made for it.
#[derive(Debug)]
pub(super) struct Scope {
    client: Label,
    /// Of the lint that the call is under.
    lint: usize,
    url: Url,
    is_first_poll: AtomicBool,
    /// The connections that it dialled.
    dialled: Mutex<Vec<u64>>,
    /// How many calls of its client are.
    under_way: Arc<AtomicUsize>,
}

// === impl Scope ===

impl Scope {
    /// How many dials of a call are remembered: each redirect may need one.
    const BOUND: usize = 16;

    pub(super) fn new(client: Label, lint: usize, url: &Url, under_way: Arc<AtomicUsize>) -> Scope {
        let mut url = url.clone();
        // No response's URL has one.
        url.set_fragment(None);
        Scope {
            client,
            lint,
            url,
            is_first_poll: AtomicBool::new(true),
            dialled: Mutex::default(),
            under_way,
        }
    }

    /// The call that is polled, if this client makes it, under this lint.
    pub(super) fn current(client: Label, lint: usize) -> Option<Arc<Scope>> {
        let scope = CALL.try_with(Arc::clone).ok()?;
        (scope.client == client && scope.lint == lint).then_some(scope)
    }

    /// Polls the call.
    pub(super) fn poll<T>(self: &Arc<Scope>, poll: impl FnOnce() -> T) -> T {
        let polled = CALL.sync_scope(self.clone(), poll);
        // Relaxed: it is read within a poll only, and polls follow each other.
        self.is_first_poll.store(false, Ordering::Relaxed);
        polled
    }

    /// The upstream of a dial that begins now. No answer came before the first poll returns, so
    /// no redirect was followed; later on nobody knows.
    pub(super) fn upstream(&self) -> Option<Party> {
        let is_first = self.is_first_poll.load(Ordering::Relaxed);
        if is_first { upstream(self.client, &self.url) } else { None }
    }

    pub(super) fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }

    pub(super) fn dialled(&self, connection: u64) {
        let mut dialled = self.dialled.lock().unwrap_or_else(PoisonError::into_inner);
        if dialled.len() < Scope::BOUND {
            dialled.push(connection);
        }
    }

    /// Whether it dialled this connection by itself.
    pub(super) fn has_dialled(&self, connection: u64) -> bool {
        self.dialled.lock().unwrap_or_else(PoisonError::into_inner).contains(&connection)
    }

    /// Whether redirects were followed, as far as the final URL shows it.
    pub(super) fn was_redirected(&self, to: &Url) -> bool {
        self.url != *to
    }
}

/// Host and port, as a connector of ours writes them.
pub(super) fn upstream(client: Label, url: &Url) -> Option<Party> {
    let (host, port) = (url.host_str()?, url.port_or_known_default()?);
    Some(Party::upstream(client, printable(&format!("{host}:{port}"), 96)))
}
