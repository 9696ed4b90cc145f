mod judging;

use std::sync::Arc;

use http::{Method, Request, Response, Version};

use super::clean::Look;
use super::found::Found;
use super::placement::Placement;
use super::request::{MatchedRoute, Routed, authority, original_path};
use super::sent::Joined;
use super::target::Target;
use crate::connection::{Last, Record, RouteSlot};
use crate::denied::Denied;
use crate::field::{CameIn, Signs};
use crate::handle::ConnHandle;
use crate::lint::{Calm, Findings, Head, Label, Message};

/// A request and its response, as a layer follows them: what it remembers of the request until
/// the response comes. Of a clean request it owns nothing on the heap.
///
/// Findings on the request are reported when the response comes, or when the exchange is
/// dropped without one: until then a layer further in may claim them.
#[derive(Debug)]
pub(crate) struct Exchange {
    placement: Arc<Placement>,
    method: Method,
    version: Version,
    signs: Signs,
    target: Target,
    path: MatchedRoute,
    /// The connection of a received request.
    record: Option<Arc<Record>>,
    /// Where it was counted by its connection's lint.
    route: Option<RouteSlot>,
    found: Found,
}

/// A request that must not go on.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) denied: Denied,
    /// By its content type: then its answer is a status of gRPC.
    pub(crate) is_grpc: bool,
    /// More content is announced than the server below reads for the sake of the connection.
    pub(crate) leaves_content: bool,
}

// === impl Exchange ===

impl Exchange {
    /// A request that our server received, with the handle in it; to be judged, unless it is clean.
    pub(crate) fn receive<B>(
        placement: &Arc<Placement>,
        request: &Request<B>,
        handle: Option<&ConnHandle>,
    ) -> Exchange {
        if let Some(handle) = handle {
            return Exchange::receive_on(handle, placement, request);
        }
        let Routed { path, matched } = Routed::of(request);
        let (method, headers) = (request.method(), request.headers());
        let signs = Signs::of_request(method, request.version(), headers);
        let target = Target::received(placement, signs, method, || path);
        Exchange::new(placement, request, signs, target, matched)
    }

    /// The same in a gateway, and where requests tell when they were sent.
    #[cold]
    pub(crate) fn receive_apart<B>(
        placement: &Arc<Placement>,
        request: &mut Request<B>,
    ) -> Exchange {
        let handle = ConnHandle::of_request(request);
        let mut exchange = Exchange::receive(placement, request, handle);
        if placement.shared.is_gateway {
            exchange.passes_on(request);
        }
        exchange.tell_arrival(request);
        exchange
    }

    /// A request on a connection that has a record: it counts for its route there.
    #[inline(never)]
    fn receive_on<B>(
        handle: &ConnHandle,
        placement: &Arc<Placement>,
        request: &Request<B>,
    ) -> Exchange {
        let Placement { shared, .. } = &**placement;
        let (method, record) = (request.method(), handle.record());
        let read = || Signs::of_request(method, request.version(), request.headers());
        let signs = handle.arrival().map_or_else(read, |arrival| arrival.signs);
        let path = || match handle.arrival() {
            // Not stripped by `nest`.
            Some(arrival) if arrival.path_len as usize == request.uri().path().len() => {
                request.uri().path()
            }
            _ => original_path(request),
        };
        let target = Target::received(placement, signs, method, path);
        let own = handle.arrival().filter(|arrival| arrival.lint == shared.mark());
        let route = own.and_then(|arrival| {
            if signs.contains(Signs::PROBE) && placement.table.probes_excluded {
                record.went(Last::Excluded);
                return None;
            }
            let route = shared.count_route(&placement.table, handle, arrival, || {
                target.route(placement, request)
            });
            placement.except_on(record);
            route
        });
        let matched = match route {
            Some(_) => MatchedRoute::default(),
            None => MatchedRoute::of(request.extensions()),
        };
        let mut exchange = Exchange::new(placement, request, signs, target, matched);
        exchange.record = Some(record.clone());
        exchange.route = route;
        exchange
    }

    /// The exchange of a clean request, by what its connection's record remembers.
    #[cold]
    pub(super) fn remembered(
        placement: Arc<Placement>,
        record: Arc<Record>,
        signs: Signs,
    ) -> Exchange {
        let last = record.last();
        let method = match last {
            Last::Route(_, method) => method.method(),
            _ => None,
        };
        Exchange {
            method: method.cloned().unwrap_or_default(),
            version: signs.version(),
            signs,
            target: Target::matched(placement.shared.inbound_rules(&placement.table, last)),
            path: MatchedRoute::default(),
            route: last.route(),
            record: Some(record),
            found: Found::NOTHING,
            placement,
        }
    }

    /// The exchange of a clean request, by what was seen of it.
    #[cold]
    pub(super) fn clean(placement: &Arc<Placement>, look: &Look) -> Exchange {
        Exchange {
            placement: placement.clone(),
            method: look.method.method().cloned().unwrap_or_default(),
            version: look.version,
            signs: look.signs,
            target: Target::Kept(look.kept),
            path: MatchedRoute::default(),
            record: None,
            route: None,
            found: Found::NOTHING,
        }
    }

    /// A request that our client is about to send; to be judged, unless it is clean.
    #[inline]
    pub(crate) fn send<B>(placement: &Arc<Placement>, request: &Request<B>) -> Exchange {
        let method = request.method();
        let head = Head::outgoing_request(method, request.version(), request.headers());
        let (authority, path) = (authority(request), request.uri().path());
        let target = Target::new(placement, method, authority, path);
        Exchange::new(placement, request, head.signs, target, MatchedRoute::default())
    }

    /// What a request of a gateway's asks for beyond a look, and of a client that says when it sends.
    #[cold]
    pub(crate) fn send_apart<B>(&mut self, request: &mut Request<B>) {
        self.placement.stamp(request.headers_mut());
        if self.placement.shared.is_gateway {
            self.passes_on(request);
        }
    }

    /// Sees a request as a gateway does: what it says of its hop is remembered with it as it comes
    /// in, and judged as it is passed on. A layer further in, or out, changes nothing of that.
    fn passes_on<B>(&mut self, request: &mut Request<B>) {
        let came = request.extensions().get::<CameIn>();
        let passed_on = match (came, &self.placement.outlet) {
            (Some(came), Some(_)) => came.passed_on(request.headers()),
            (None, None) => {
                let came = CameIn::of_request(request.version(), request.headers());
                came.map(|came| request.extensions_mut().insert(came));
                Signs::NONE
            }
            _ => Signs::NONE,
        };
        self.signs = self.signs.with(Signs::GATEWAY).with(passed_on);
        if let (Some(came), Some(_)) = (request.extensions().get(), &self.placement.outlet) {
            self.settle_trailers(came, self.request());
        }
    }

    /// Whether no lint can fire on the request.
    #[inline]
    pub(crate) fn is_clean(&self) -> bool {
        self.request().is_clean()
    }

    /// What the response of our server is judged by.
    #[inline]
    pub(crate) fn calm(&self) -> Calm {
        if self.found.is_nothing() { Calm::after(self.signs) } else { Calm::Not }
    }

    /// The response that our client received.
    pub(crate) fn receive_response<B>(&mut self, response: &mut Response<B>) {
        let version = response.version();
        let (status, headers) = (response.status(), response.headers());
        let head = Head::received_response(&self.request(), status, version, headers);
        if !response.extensions().is_empty() {
            let Exchange { placement, signs, method, target, .. } = self;
            Joined { placement, signs: *signs, method, target }.join_response(&head, response);
        }
        if self.signs.contains(Signs::GATEWAY) && response.extensions().get::<CameIn>().is_none() {
            let came = CameIn::of_response(status, response.headers());
            came.map(|came| response.extensions_mut().insert(came));
        }
        // Only now is it known what the wire speaks, so the request is looked at again.
        self.version = version;
        let again =
            Head::of_request(Message::OutgoingRequest, self.signs.with(Signs::of_version(version)));
        if !self.found.is_nothing() || !head.is_clean() || !again.is_clean() {
            self.judge_again(again, response.extensions());
            self.judge_response(head, response);
        }
    }

    /// The call of our client failed on this connection.
    #[cold]
    pub(crate) fn fail(&self, record: &Record) {
        self.placement.shared.unanswered(record);
    }

    pub(super) fn placement(&self) -> &Placement {
        &self.placement
    }

    /// Whether the policy leaves the request alone.
    pub(super) fn is_excluded(&self) -> bool {
        self.target.known(&self.placement, &self.method).matched.is_excluded()
    }

    /// The route of the request, as findings name it.
    pub(super) fn route(&self) -> Label {
        self.subject(self.request()).route
    }

    /// What was found on the request so far.
    pub(crate) fn findings(&self) -> Findings {
        self.found.iter().cloned().collect()
    }

    #[inline(always)]
    fn new<B>(
        placement: &Arc<Placement>,
        request: &Request<B>,
        signs: Signs,
        target: Target,
        path: MatchedRoute,
    ) -> Exchange {
        Exchange {
            placement: placement.clone(),
            method: request.method().clone(),
            version: request.version(),
            signs,
            target,
            path,
            record: None,
            route: None,
            found: Found::NOTHING,
        }
    }

    /// The head of the request.
    #[inline]
    fn request(&self) -> Head {
        let sent = self.placement.outlet.is_some();
        let message = if sent { Message::OutgoingRequest } else { Message::ReceivedRequest };
        Head::of_request(message, self.signs)
    }
}
