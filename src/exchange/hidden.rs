//! Connections of a client that hides them, as reqwest does: they are seen as they are dialled, and
//! then by the responses that come on them. Their ends are not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use http::Version;

use super::shared::Shared;
use crate::connection::{Dialler, EndCause, Finish, Opened, Party, Record, State, Turn};
use crate::lint::Label;

/// A response of such a client, and what tells its connection.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) client: Label,
    pub(crate) local: SocketAddr,
    pub(crate) peer: SocketAddr,
    pub(crate) version: Version,
    /// By the final URL, so that it is who answered.
    pub(crate) upstream: Party,
    /// When its request began; none where redirects were followed, whose requests nobody saw.
    pub(crate) began: Option<Instant>,
    pub(crate) under_way: usize,
}

/// A request that is under way, among those of its client.
#[derive(Debug)]
pub(crate) struct UnderWay(Arc<AtomicUsize>);

/// An exchange on such a connection, until its response's body ends.
#[derive(Debug)]
pub(crate) struct Hidden {
    pub(crate) shared: Arc<Shared>,
    pub(crate) record: Arc<Record>,
    pub(crate) _under_way: UnderWay,
}

// === impl Shared ===

impl Shared {
    /// A dial of such a client led to a connection. Where nobody knows to which upstream, its
    /// first response tells.
    pub(crate) fn dialled_hidden(
        &self,
        record: &Arc<Record>,
        party: Option<Party>,
        under_way: usize,
    ) {
        for lost in self.connections.pairs.insert(record) {
            self.close(&lost);
        }
        let mut opened = Opened::new(record);
        let unknown = || opened.client.map(|client| Party::upstream(client.name, "unknown"));
        opened.party = party.clone().or_else(unknown);
        // Without addresses it is never found again, and nothing would take it out.
        if let Some(party) = party.filter(|_| record.addresses().peer.is_some()) {
            self.connections.dialled.note(record, &party);
            self.connections.meet_among(record, party, record.opened, Some(under_way));
        }
        self.start();
        self.reporter.opened(&opened);
        self.tell_slow_dial(record, &opened);
        self.judge_dial(record);
    }

    /// The connection that a response came on, and which request on it that was, as far as they
    /// were seen.
    pub(crate) fn arrived(&self, arrived: Arrived) -> Option<(Arc<Record>, Turn)> {
        let Arrived { client, local, peer, version, upstream, began, under_way } = arrived;
        let record = self.connections.pairs.find(local, peer)?;
        if record.dialler.as_ref().is_none_or(|dialler| dialler.client.name != client) {
            return None;
        }
        let now = self.clock.now();
        record.speaks(version);
        if record.party().is_none() {
            self.connections.dialled.note(&record, &upstream);
            self.connections.meet_among(&record, upstream, now, Some(under_way));
        }
        let turn = record.answer_hidden(now, began);
        self.count(&record, turn);
        Some((record, turn))
    }

    /// Such a client was dropped, with all its clones: so are its connections, at the latest when
    /// what is under way on them ended.
    pub(crate) fn hidden_client_dropped(&self, dialler: &Arc<Dialler>) {
        for record in self.connections.pairs.remove_of(dialler) {
            self.left_by_client(&record);
        }
    }

    /// An exchange ended on such a connection: by what a message of it announced, the connection
    /// did, too.
    fn exchanged_hidden(&self, record: &Record) {
        if record.state() == State::Active {
            return;
        }
        if !record.is_multiplexed() && record.course().log().any(EndCause::is_announced) {
            self.connections.pairs.remove(record);
            self.close(record);
        } else if record.dialler.as_ref().is_some_and(|dialler| dialler.is_dropped()) {
            self.connections.pairs.remove(record);
            self.left_by_client(record);
        }
    }

    fn left_by_client(&self, record: &Record) {
        record.see(EndCause::ClientDropped);
        self.close(record);
    }
}

// === impl UnderWay ===

impl UnderWay {
    pub(crate) fn among(others: &Arc<AtomicUsize>) -> UnderWay {
        // Relaxed: it is a count, and orders nothing.
        others.fetch_add(1, Ordering::Relaxed);
        UnderWay(others.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

// === impl Hidden ===

impl Hidden {
    pub(crate) fn finish(self, how: Finish) {
        let Hidden { shared, record, _under_way } = self;
        record.finish(|| record.clock.now(), how);
        shared.exchanged_hidden(&record);
    }

    /// The body was given up before its end.
    pub(crate) fn drop_body(self) {
        self.record.see(EndCause::DroppedResponseBody);
        self.finish(Finish::Left);
    }
}
