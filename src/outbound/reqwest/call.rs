use std::error::Error as StdError;
use std::mem;
use std::sync::Arc;

use http::Extensions;
use reqwest::{Request, Response};

use crate::denied::Denied;
use crate::exchange::{Exchange, Placement};

/// A call of a client of reqwest, as a middleware or a service follows it. Dropped before its end,
/// it reports what was found on the request.
#[derive(Debug)]
pub(super) struct Call {
    exchange: Exchange,
}

// === impl Call ===

impl Call {
    /// Judges a request that is about to be sent, and mends it where the policy says so.
    pub(super) fn begin(
        placement: &Arc<Placement>,
        request: &mut Request,
        extensions: &mut Extensions,
    ) -> Result<Call, Denied> {
        let mut head = http::Request::new(());
        *head.method_mut() = request.method().clone();
        *head.version_mut() = request.version();
        // What is no URI reqwest refuses by itself.
        *head.uri_mut() = request.url().as_str().parse().unwrap_or_default();
        mem::swap(head.headers_mut(), request.headers_mut());
        mem::swap(head.extensions_mut(), extensions);

        let mut exchange = Exchange::send(placement, &head);
        let judged = if exchange.is_clean() { Ok(()) } else { exchange.judge(&mut head, true) };

        mem::swap(head.headers_mut(), request.headers_mut());
        mem::swap(head.extensions_mut(), extensions);
        judged.map(|()| Call { exchange }).map_err(|refusal| refusal.denied)
    }

    /// The response came: it is judged by its own version.
    pub(super) fn answered(mut self, response: Response) -> Response {
        let mut response = response;
        let mut head = http::Response::new(());
        *head.status_mut() = response.status();
        *head.version_mut() = response.version();
        mem::swap(head.headers_mut(), response.headers_mut());
        mem::swap(head.extensions_mut(), response.extensions_mut());

        self.exchange.receive_response(&mut head);

        mem::swap(head.headers_mut(), response.headers_mut());
        mem::swap(head.extensions_mut(), response.extensions_mut());
        response
    }

    /// The call failed.
    pub(super) fn failed(self, _: &(dyn StdError + 'static)) {}
}
