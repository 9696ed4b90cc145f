use http::{HeaderMap, Method, Request, Response};

use super::placement::Placement;
use super::shared::Shared;
use super::target::{Known, Target};
use super::told::last;
use crate::connection::{EndCause, Event, Record, persistence};
use crate::field::{Signs, keep_alive};
use crate::lint::{Head, Message};
use crate::report::Part;

/// What is remembered of a request of ours, until its response tells which connection it went on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    signs: Signs,
    may_have_content: bool,
}

/// A request of our client, as its response tells which connection it went on.
pub(super) struct Joined<'a> {
    pub(super) placement: &'a Placement,
    pub(super) signs: Signs,
    pub(super) method: &'a Method,
    pub(super) target: &'a Target,
}

// === impl Sent ===

impl Sent {
    pub(crate) fn of<B>(request: &Request<B>) -> Sent {
        let (method, version) = (request.method(), request.version());
        let head = Head::outgoing_request(method, version, request.headers());
        Sent::new(head.signs, method)
    }

    /// Whether a request may have content though no field of its says so: the client below adds the
    /// length by itself.
    pub(super) fn new(signs: Signs, method: &Method) -> Sent {
        let has_none =
            matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
        Sent { signs, may_have_content: signs.contains(Signs::CONTENT) || !has_none }
    }

    pub(crate) fn may_have_content(self) -> bool {
        self.may_have_content
    }

    /// What the heads of an exchange say of the connection, for who sees no more than both.
    pub(crate) fn answered<B>(self, shared: &Shared, record: &Record, response: &Response<B>) {
        let request = Head::of_request(Message::OutgoingRequest, self.signs);
        let (status, headers) = (response.status(), response.headers());
        let head = Head::received_response(&request, status, response.version(), headers);
        self.answered_by(shared, record, &head, headers);
    }

    /// The same, where the response's head was read already.
    pub(super) fn answered_by(
        self,
        shared: &Shared,
        record: &Record,
        head: &Head,
        headers: &HeaderMap,
    ) {
        record.had_content(self.may_have_content);
        if record.is_multiplexed() {
            return;
        }
        if head.is_interim() || head.opens_tunnel() {
            record.note(Event::Upgraded);
        }
        let of_request = persistence(self.signs, EndCause::RequestClose);
        let of_response = persistence(head.signs, EndCause::ResponseClose);
        let delimited = head.has(Signs::CLOSE_DELIMITED).then_some(EndCause::CloseDelimited);
        for cause in [of_request, of_response, delimited].into_iter().flatten() {
            record.see(cause);
        }
        if head.has(Signs::KEEP_ALIVE_FIELD) {
            if let Some(timeout) = keep_alive(headers).timeout() {
                shared.advertised(record, timeout);
            }
        }
    }
}

// === impl Joined ===

impl Joined<'_> {
    /// Joins a response with the connection that it came on: what its heads say of persistence.
    pub(super) fn join_response<B>(&self, head: &Head, response: &mut Response<B>) {
        let Placement { shared, .. } = self.placement;
        let Some(handle) = shared.answered(response) else { return };
        let record = handle.record().clone();
        let is_last = !shared.wiring.wired().contains(Part::ResponseBodies);
        // Nobody is to take it out, where its body ends. It is let go behind what the heads say, since
        // the record may end with it.
        let hold = is_last.then(|| handle.take_hold());
        let table = &self.placement.table;
        if table.tells_upstreams_apart() {
            let Known { matched, .. } = self.target.known(self.placement, self.method);
            record.went(last(table, matched));
        }
        let sent = Sent::new(self.signs, self.method);
        sent.answered_by(shared, &record, head, response.headers());
        if let Some(hold) = hold {
            shared.close_if_gone(&record);
            drop(hold);
        }
    }
}
