use std::sync::Arc;

use http::{Method, Request, Response, Version};
use http_body::Body;

use super::request::{authority, original_uri};
use super::sent::Joined;
use super::target::{Kept, Target};
use super::{Exchange, Placement};
use crate::connection::{Record, Standard};
use crate::field::Signs;
use crate::lint::{self, Calm, Head, Message};

/// A clean request, as a layer sees it before it passes it on: by values alone, so that a panic of
/// whom it is passed on to has nothing to put away.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(super) signs: Signs,
    pub(super) method: Standard,
    pub(super) version: Version,
    pub(super) kept: Kept,
}

/// A look with the policy that it was taken under, as a layer keeps both until the response comes.
#[derive(Debug)]
pub(crate) struct Clean {
    placement: Arc<Placement>,
    look: Look,
}

// === impl Look ===

impl Look {
    /// At a request that our server received, on a connection that nobody watches. None where it takes
    /// a closer look: something may be found, or a router was here.
    #[inline(always)]
    pub(crate) fn received<B>(placement: &Placement, request: &Request<B>) -> Option<Look> {
        if original_uri(request).is_some() {
            return None;
        }
        let (method, version) = (request.method(), request.version());
        let signs = Signs::read(method, version, request.headers());
        let is_clean = Head::of_request(Message::ReceivedRequest, signs).is_clean();
        let method = Standard::from(method);
        if !is_clean || method == Standard::OTHER || signs.contains(Signs::PROBE) {
            return None;
        }
        let is_read = placement.brief.reads_inbound_paths();
        let kept = Kept::path(if is_read { request.uri().path() } else { "" })?;
        Some(Look { signs, method, version, kept })
    }

    /// At one that our client is about to send, whose version is read as in [`Head::outgoing_request`].
    #[inline(always)]
    pub(crate) fn sent<B>(request: &Request<B>) -> Option<Look> {
        let (method, version) = (request.method(), request.version());
        let signs = Signs::read(method, version.min(Version::HTTP_11), request.headers());
        let is_clean = Head::of_request(Message::OutgoingRequest, signs).is_clean();
        let method = Standard::from(method);
        if !is_clean || method == Standard::OTHER {
            return None;
        }
        let kept = Kept::new(authority(request), request.uri().path())?;
        Some(Look { signs, method, version, kept })
    }
}

// === impl Clean ===

impl Clean {
    #[inline(always)]
    pub(crate) fn new(placement: &Arc<Placement>, look: Look) -> Clean {
        Clean { placement: placement.clone(), look }
    }

    /// What its response is judged by.
    #[inline]
    pub(crate) fn calm(&self) -> Calm {
        Calm::after_clean(self.look.signs)
    }

    /// The response of our server, which is not quiet.
    pub(crate) fn answer<B: Body>(&self, response: &mut Response<B>) {
        self.exchange().answer(response);
    }

    /// Whether nothing is to be made of a response that our client received, by the names of its fields.
    #[inline(always)]
    pub(crate) fn is_quiet<B>(names: Signs, response: &Response<B>) -> bool {
        response.extensions().is_empty()
            && response.version() == Version::HTTP_11
            && lint::is_quiet_response(names)
    }

    /// The response that our client received.
    pub(crate) fn receive<B>(&self, names: Signs, response: &mut Response<B>) {
        let Look { signs, method, kept, .. } = &self.look;
        let (status, version) = (response.status(), response.version());
        let request = Head::of_request(Message::OutgoingRequest, *signs);
        let headers = response.headers();
        let head = Head::received_by_names(&request, status, version, headers, names);
        if !head.is_clean() || !self.is_clean_by(version) {
            return self.exchange().receive_response(response);
        }
        if !response.extensions().is_empty() {
            let method = method.method().unwrap_or(&Method::GET);
            let (placement, target) = (&*self.placement, &Target::Kept(*kept));
            Joined { placement, signs: *signs, method, target }.join_response(&head, response);
        }
    }

    /// The call of our client failed on this connection.
    #[cold]
    pub(crate) fn fail(&self, record: &Record) {
        self.placement.shared.unanswered(record);
    }

    /// Only now is it known what the wire speaks, so the request is looked at again.
    #[inline]
    fn is_clean_by(&self, version: Version) -> bool {
        let signs = self.look.signs.with(Signs::of_version(version));
        Head::of_request(Message::OutgoingRequest, signs).is_clean()
    }

    #[cold]
    fn exchange(&self) -> Exchange {
        Exchange::clean(&self.placement, &self.look)
    }
}
