use http::{HeaderMap, Method, StatusCode, Version};

use super::Message;
use crate::field::{Framing, Signs, response_framing};

/// A message head as the checks see it: what one pass over it saw, and what is known around it.
///
/// ```
/// use http::{HeaderMap, Method, StatusCode, Version, header};
/// use tower_conn_lint::lint::{self, Circumstances, Head, RequestBody};
///
/// let request = Head::received_request(&Method::GET, Version::HTTP_11, &HeaderMap::new());
///
/// let mut headers = HeaderMap::new();
/// headers.insert(header::CONNECTION, "close".parse().unwrap());
/// let response = Head::outgoing_response(&request, StatusCode::OK, &headers, Some(2));
/// assert!(lint::check(&response).contains(lint::HANDLER_SENDS_CLOSE));
///
/// // Closing is right while the process drains.
/// let draining = Circumstances { draining: true, ..Circumstances::default() };
/// assert!(lint::check(&response.under(draining)).is_empty());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Head {
    pub(crate) message: Message,
    pub(crate) signs: Signs,
    /// The request's own signs; those of the request that a response answers.
    pub(crate) request: Signs,
    pub(crate) status: Option<StatusCode>,
    pub(crate) circumstances: Circumstances,
}

/// What is known of a message beyond its head. The default: nothing.
///
/// ```
/// use tower_conn_lint::lint::{Circumstances, RequestBody};
///
/// let known = Circumstances::default();
/// assert_eq!(known.body, RequestBody::Unknown);
/// assert!(!known.draining && !known.intended);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Circumstances {
    /// The handler or the client declared that it means to close. Default: no.
    pub intended: bool,
    /// The process drains or shuts down. Default: no.
    pub draining: bool,
    /// The connection reached its declared maximum of age or requests. Default: no.
    pub last_request: bool,
    /// The client is declared to send one request only. Default: no.
    pub one_shot: bool,
    /// How far the request's body was read when the response was made. Default: unknown.
    pub body: RequestBody,
}

/// How far a request's body was read.
///
/// ```
/// use tower_conn_lint::lint::RequestBody;
///
/// assert_eq!(RequestBody::default(), RequestBody::Unknown);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestBody {
    /// Nothing that is wired sees it.
    #[default]
    Unknown,
    /// Not to its end: the connection may have to end for it.
    Unread,
    /// To its end, or there is none.
    Read,
}

// === impl Head ===

impl Head {
    /// A request that our server received.
    pub fn received_request(method: &Method, version: Version, headers: &HeaderMap) -> Head {
        Head::of_request(Message::ReceivedRequest, Signs::of_request(method, version, headers))
    }

    /// A request that our client is about to send. The version on the wire is not known yet,
    /// unless it is HTTP/1.0: an HTTP/2 connection speaks HTTP/2 whatever the request says.
    pub fn outgoing_request(method: &Method, version: Version, headers: &HeaderMap) -> Head {
        let version = version.min(Version::HTTP_11);
        Head::of_request(Message::OutgoingRequest, Signs::of_request(method, version, headers))
    }

    /// The response of our server to `request`: it speaks the request's version. `length` is the
    /// content's length in bytes where the body knows it, from which hyper frames the response.
    #[inline]
    pub fn outgoing_response(
        request: &Head,
        status: StatusCode,
        headers: &HeaderMap,
        length: Option<u64>,
    ) -> Head {
        let signs = Signs::of_answer(request.signs.version(), headers);
        // What a handler leaves unframed, hyper frames: by length, or towards HTTP/1.1 chunked.
        let framed_below = length.is_some() || !request.signs.contains(Signs::HTTP10);
        let framed = !signs.contains(Signs::TRANSFER_ENCODING_FIELD) && framed_below;
        let ending =
            if framed { Signs::NONE } else { ending(request.signs, status, signs, headers) };
        Head::of_response(Message::OutgoingResponse, request.signs, status, signs.with(ending))
    }

    /// The response that our client received to `request`.
    #[inline]
    pub fn received_response(
        request: &Head,
        status: StatusCode,
        version: Version,
        headers: &HeaderMap,
    ) -> Head {
        Head::received_by_names(request, status, version, headers, Signs::of_names(headers))
    }

    /// The same, where the names of its fields were read already.
    #[inline]
    pub(crate) fn received_by_names(
        request: &Head,
        status: StatusCode,
        version: Version,
        headers: &HeaderMap,
        names: Signs,
    ) -> Head {
        let signs = names.with_persistence(headers).with(Signs::of_version(version));
        let ending = ending(request.signs, status, signs, headers);
        Head::of_response(Message::ReceivedResponse, request.signs, status, signs.with(ending))
    }

    /// This head, with what is known around it.
    #[must_use]
    pub fn under(self, circumstances: Circumstances) -> Head {
        Head { circumstances, ..self }
    }

    /// A request whose signs were read before.
    #[inline]
    pub(crate) fn of_request(message: Message, signs: Signs) -> Head {
        Head {
            message,
            signs,
            request: signs,
            status: None,
            circumstances: Circumstances::default(),
        }
    }

    #[inline]
    fn of_response(message: Message, request: Signs, status: StatusCode, signs: Signs) -> Head {
        let circumstances = Circumstances::default();
        Head { message, signs, request, status: Some(status), circumstances }
    }

    /// This head, once its fields were rewritten.
    pub(crate) fn reread(self, headers: &HeaderMap) -> Head {
        let signs = Signs::of_response(self.signs.version(), headers);
        Head { signs: signs.with(self.signs.intersection(Signs::CLOSE_DELIMITED)), ..self }
    }

    /// This head as a gateway's, by what of the message that came in is passed on.
    #[cold]
    pub(crate) fn of_gateway(self, passed_on: Signs) -> Head {
        let is_kept = self.message == Message::OutgoingResponse
            && self.has(Signs::HTTP10)
            && self.request.contains(Signs::KEEP_ALIVE_OPTION)
            && !self.request.contains(Signs::CLOSE_OPTION)
            && !self.says_close()
            && !self.is_interim()
            && !self.opens_tunnel();
        let kept = if is_kept { Signs::HTTP10_CALLER_KEPT } else { Signs::NONE };
        let others = self.signs.without(Signs::OF_GATEWAY);
        Head { signs: others.with(Signs::GATEWAY).with(passed_on).with(kept), ..self }
    }

    pub(crate) fn has(&self, signs: Signs) -> bool {
        self.signs.contains(signs)
    }

    pub(crate) fn says_close(&self) -> bool {
        self.has(Signs::CLOSE_OPTION)
    }

    pub(crate) fn has_status(&self, statuses: &[u16]) -> bool {
        self.status.is_some_and(|status| statuses.contains(&status.as_u16()))
    }

    pub(crate) fn is_interim(&self) -> bool {
        self.status.is_some_and(|status| status.is_informational())
    }

    /// A 2xx to `CONNECT`: what follows is a tunnel.
    pub(crate) fn opens_tunnel(&self) -> bool {
        self.request.contains(Signs::CONNECT)
            && self.status.is_some_and(|status| status.is_success())
    }

    /// How far the request's body was read; a request without one has been read.
    pub(crate) fn request_body(&self) -> RequestBody {
        let may_be_unread = !self.message.is_request() && self.request.contains(Signs::CONTENT);
        if may_be_unread { self.circumstances.body } else { RequestBody::Read }
    }
}

/// [`Signs::CLOSE_DELIMITED`] where nothing but the end of the connection ends the content.
fn ending(request: Signs, status: StatusCode, signs: Signs, headers: &HeaderMap) -> Signs {
    // By far the most frequent answers, without reading the fields again.
    let framing =
        signs.intersects(Signs::TRANSFER_ENCODING_FIELD.with(Signs::CONTENT_LENGTH_FIELD));
    if signs.contains(Signs::MULTIPLEXED)
        || framing && !signs.contains(Signs::TRANSFER_ENCODING_FIELD)
    {
        return Signs::NONE;
    }
    let method = match () {
        () if request.contains(Signs::HEAD) => Method::HEAD,
        () if request.contains(Signs::CONNECT) => Method::CONNECT,
        () => Method::GET,
    };
    match response_framing(&method, status, signs.version(), headers) {
        Framing::CloseDelimited => Signs::CLOSE_DELIMITED,
        _ => Signs::NONE,
    }
}
