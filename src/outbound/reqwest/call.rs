use std::mem;
use std::sync::Arc;
use std::time::Instant;

use http::{Extensions, HeaderMap, HeaderValue, header};
use hyper_util::client::legacy::connect::HttpInfo;
use reqwest::{Request, Response};

use super::body::track;
use super::extensions::lend;
use super::scope::{Scope, upstream};
use crate::connection::{Record, Side, Turn};
use crate::denied::Denied;
use crate::exchange::{Arrived, Exchange, Hidden, Placement, Refusal, UnderWay};
use crate::handle::ConnHandle;
use crate::heal::{Download, Reader};
use crate::wired::{Mark, Phases, Stopwatch};

/// A call of a client of reqwest, as a middleware or a service follows it. Dropped before its end,
/// it reports what was found on the request.
#[derive(Debug)]
pub(super) struct Call {
    exchange: Exchange,
    placement: Arc<Placement>,
    began: Instant,
    under_way: UnderWay,
    pub(super) scope: Arc<Scope>,
}

// === impl Call ===

impl Call {
    /// Judges a request that is about to be sent, and mends it where the policy says so. A
    /// middleware has its extensions beside it, a service within it.
    pub(super) fn begin(
        placement: &Arc<Placement>,
        request: &mut Request,
        beside: Option<&mut Extensions>,
    ) -> Result<Call, Denied> {
        let outlet = placement.outlet.as_ref().expect("an outbound layer has a client");
        let mut head = http::Request::new(());
        *head.method_mut() = request.method().clone();
        *head.version_mut() = request.version();
        // What is no URI reqwest refuses by itself.
        *head.uri_mut() = request.url().as_str().parse().unwrap_or_default();
        mem::swap(head.headers_mut(), request.headers_mut());

        let default = outlet.default_connection.as_ref();
        let default = default.filter(|_| !head.headers().contains_key(header::CONNECTION));
        if let Some(default) = default {
            head.headers_mut().insert(header::CONNECTION, default.clone());
        }
        if !placement.is_plain() {
            placement.stamp(head.headers_mut());
        }
        let mut exchange = Exchange::send(placement, &head);
        let judged = match (exchange.is_clean(), beside) {
            (true, _) => Ok(()),
            (false, Some(extensions)) => judge(&mut exchange, &mut head, extensions),
            (false, None) => lend(request, |own| judge(&mut exchange, &mut head, own)),
        };
        if let Some(default) = default {
            displace(head.headers_mut(), default);
        }

        mem::swap(head.headers_mut(), request.headers_mut());
        judged.map_err(|refusal| refusal.denied)?;
        let (name, lint) = (outlet.client.name, placement.shared.mark());
        let scope = Scope::new(name, lint, request.url(), outlet.under_way.clone());
        Ok(Call {
            exchange,
            placement: placement.clone(),
            began: placement.shared.clock.now(),
            under_way: UnderWay::among(&outlet.under_way),
            scope: Arc::new(scope),
        })
    }

    /// The response came: it is judged by its own version, and joined with its connection.
    pub(super) fn answered(mut self, mut response: Response) -> Response {
        let arrived = self.arrived(&mut response);
        let mut head = http::Response::new(());
        *head.status_mut() = response.status();
        *head.version_mut() = response.version();
        mem::swap(head.headers_mut(), response.headers_mut());
        mem::swap(head.extensions_mut(), response.extensions_mut());

        self.exchange.receive_response(&mut head);

        mem::swap(head.headers_mut(), response.headers_mut());
        mem::swap(head.extensions_mut(), response.extensions_mut());
        match arrived {
            Some((record, request)) => self.watch(record, request, response),
            None => response,
        }
    }

    /// The connection that the response came on, and the how many-th on it that it was: zero where
    /// nobody saw it.
    fn arrived(&self, response: &mut Response) -> Option<(Arc<Record>, u64)> {
        let shared = &self.placement.shared;
        let client = self.placement.outlet.as_ref()?.client.name;
        let extensions = response.extensions();
        if extensions.get::<ConnHandle>().is_some() {
            // A layer further in was here.
            return None;
        }
        let connection = extensions.get::<HttpInfo>()?;
        let was_redirected = self.scope.was_redirected(response.url());
        let (record, turn) = shared.arrived(Arrived {
            client,
            local: connection.local_addr(),
            peer: connection.remote_addr(),
            version: response.version(),
            upstream: upstream(client, response.url())?,
            began: Some(self.began).filter(|_| !was_redirected),
            under_way: self.scope.under_way(),
        })?;
        // The first that was seen may have come after a redirect's, or after the one that a dial
        // was made for and that took another connection.
        let is_known = turn.number > 1 || !was_redirected && self.scope.has_dialled(record.id);
        let mut handle = ConnHandle::of(record.clone());
        handle.take_turn(Turn { number: if is_known { turn.number } else { 0 }, ..turn });
        let request = handle.request();
        response.extensions_mut().insert(handle);
        Some((record, request))
    }

    /// Watches for the end of the response's body.
    fn watch(self, record: Arc<Record>, request: u64, response: Response) -> Response {
        let Call { placement, began, under_way, .. } = self;
        let shared = &placement.shared;
        record.answering();
        let stopwatch = shared.times_requests.then(|| {
            let now = shared.clock.now();
            let phases = shared.phases.then(|| Phases::hidden(&record, request == 1, now));
            let watch = Stopwatch::new(shared.clone(), record.clone(), began, request > 1);
            Arc::new(watch.with_phases(phases))
        });
        let drains = shared.drains(Side::Outbound) && !record.is_multiplexed();
        let reader = drains
            .then(|| Reader::Client(Download { shared: shared.clone(), record: record.clone() }));
        let exchange = Hidden { shared: shared.clone(), record, _under_way: under_way };
        track(response, Mark::Hidden(exchange), stopwatch, reader)
    }
}

fn judge(
    exchange: &mut Exchange,
    head: &mut http::Request<()>,
    extensions: &mut Extensions,
) -> Result<(), Refusal> {
    mem::swap(head.extensions_mut(), extensions);
    let judged = exchange.judge(head, true);
    mem::swap(head.extensions_mut(), extensions);
    judged
}

/// What the client below adds can't be taken away here; a field that is there it leaves alone.
fn displace(headers: &mut HeaderMap, default: &HeaderValue) {
    match headers.get(header::CONNECTION) {
        // As it would be added, and in its place among the others.
        Some(value) if value == default => _ = headers.remove(header::CONNECTION),
        Some(_) => {}
        None => _ = headers.insert(header::CONNECTION, HeaderValue::from_static("keep-alive")),
    }
}
