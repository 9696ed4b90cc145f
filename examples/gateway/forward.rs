//! A request's head, made ready for the upstream, or refused where it can be read in two ways.

use std::net::IpAddr;

use http::header::{
    CONTENT_LENGTH, COOKIE, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, Request, StatusCode, Uri, Version};
use http_body::Body;
use tower_conn_lint::ConnHandle;

use crate::hop::Passage;
use crate::tunnel::wants_websocket;

type Refused = (StatusCode, &'static str);

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The request as it goes to the upstream: in HTTP/1.1, whatever it came in by.
pub(crate) fn prepare<B: Body>(
    mut request: Request<B>,
    upstream: &Authority,
) -> Result<Request<B>, Refused> {
    if *request.method() == Method::CONNECT {
        return Err((StatusCode::NOT_IMPLEMENTED, "CONNECT is not for a gateway"));
    }
    if !is_chunked_at_most(request.headers()) {
        return Err((StatusCode::NOT_IMPLEMENTED, "a transfer coding that is not known"));
    }
    let host = host(&request)?;
    let caller = request.extensions().get::<ConnHandle>().and_then(ConnHandle::peer_addr);
    let (version, is_empty) = (request.version(), request.body().is_end_stream());
    let upgrades = wants_websocket(&request);
    request.extensions_mut().insert(Passage { upgrades, version });

    *request.uri_mut() = target(request.uri(), upstream)?;
    *request.version_mut() = Version::HTTP_11;
    let headers = request.headers_mut();
    if let Some(host) = host {
        headers.insert(HOST, host.clone());
        headers.entry(FORWARDED_HOST).or_insert(host);
    }
    headers.entry(FORWARDED_PROTO).or_insert(HeaderValue::from_static("http"));
    if let Some(caller) = caller {
        append(headers, FORWARDED_FOR, &caller.ip().to_canonical());
    }
    // The server below answers it as the body is read.
    headers.remove(EXPECT);
    join_cookies(headers);
    if !is_empty && !headers.contains_key(CONTENT_LENGTH) {
        // Said, since the client takes a GET without a length for one without content (hyper 1.12).
        headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    Ok(request)
}

/// Whether the content has one end, said once. The client below takes the codings where a response
/// says both, and leaves the length to be passed on beside them (hyper 1.12).
pub(crate) fn is_framed_once(headers: &HeaderMap) -> bool {
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let (first, second) = (lengths.next(), lengths.next());
    let is_one = first.is_none_or(|length| length.as_bytes().iter().all(u8::is_ascii_digit));
    let is_coded = headers.contains_key(TRANSFER_ENCODING);
    is_one && second.is_none() && !(is_coded && first.is_some()) && is_chunked_at_most(headers)
}

/// Whether no transfer coding is used but `chunked`, once: servers read others, and lists of them,
/// in different ways.
fn is_chunked_at_most(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(TRANSFER_ENCODING).iter();
    let is_chunked = |line: &HeaderValue| line.as_bytes().eq_ignore_ascii_case(b"chunked");
    lines.next().is_none_or(is_chunked) && lines.next().is_none()
}

/// The one host that a request is for (RFC 9112 section 3.2); none in HTTP/1.0, which need not name
/// it.
fn host<B>(request: &Request<B>) -> Result<Option<HeaderValue>, Refused> {
    const REFUSED: Refused = (StatusCode::BAD_REQUEST, "not one host");
    let mut lines = request.headers().get_all(HOST).iter();
    let (first, second) = (lines.next(), lines.next());
    if second.is_some() {
        return Err(REFUSED);
    }
    let authority = |line: &HeaderValue| {
        let authority = line.to_str().ok()?.parse::<Authority>().ok()?;
        (!authority.as_str().contains('@')).then_some(authority)
    };
    let named = match first {
        Some(line) => Some(authority(line).ok_or(REFUSED)?),
        None if request.version() == Version::HTTP_11 => return Err(REFUSED),
        None => None,
    };
    // The target's holds, and the field is to say the same.
    let host = match (request.uri().authority(), named) {
        (Some(target), _) if target.as_str().contains('@') => return Err(REFUSED),
        (Some(target), Some(named)) if *target != named => return Err(REFUSED),
        (Some(target), _) => Some(target.clone()),
        (None, named) => named,
    };
    host.map(|host| HeaderValue::try_from(host.as_str()).map_err(|_| REFUSED)).transpose()
}

fn target(uri: &Uri, upstream: &Authority) -> Result<Uri, Refused> {
    let path = uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
    let target = Uri::builder().scheme(Scheme::HTTP).authority(upstream.clone());
    target.path_and_query(path).build().map_err(|_| (StatusCode::BAD_REQUEST, "not one target"))
}

/// Behind what came in, in one line.
fn append(headers: &mut HeaderMap, name: HeaderName, caller: &IpAddr) {
    let mut line: Vec<u8> = Vec::new();
    for came in headers.get_all(&name) {
        line.extend_from_slice(came.as_bytes());
        line.extend_from_slice(b", ");
    }
    line.extend_from_slice(caller.to_string().as_bytes());
    if let Ok(line) = HeaderValue::try_from(line) {
        headers.insert(name, line);
    }
}

/// In HTTP/2 they may come in pieces, which HTTP/1.1 doesn't know (RFC 9113 section 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let lines: Vec<&[u8]> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if lines.len() > 1 {
        if let Ok(line) = HeaderValue::try_from(lines.join(&b"; "[..])) {
            headers.insert(COOKIE, line);
        }
    }
}
