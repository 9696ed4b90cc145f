//! Requests as browsers send them, with ten fields, and responses as handlers give them.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Version};
use http_body_util::Full;

pub(crate) type Body = Full<Bytes>;

const REQUEST: [(&str, &str); 10] = [
    ("host", "api.example.com"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
    ("accept", "application/json, text/plain, */*"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept-language", "en-US,en;q=0.5"),
    ("authorization", "Bearer 5f2c1e7a9b3d4c8e"),
    ("cookie", "session=0a1b2c3d4e5f; theme=dark"),
    ("x-request-id", "018f3c5e-7a2b-7c4d-9e8f-1a2b3c4d5e6f"),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ("referer", "https://www.example.com/account"),
];

const RESPONSE: [(&str, &str); 10] = [
    ("content-type", "application/json"),
    ("content-length", "13"),
    ("date", "Tue, 06 May 2025 08:12:31 GMT"),
    ("server", "example"),
    ("cache-control", "private, max-age=0"),
    ("vary", "accept-encoding, origin"),
    ("etag", "\"33a64df551425fcc\""),
    ("x-request-id", "018f3c5e-7a2b-7c4d-9e8f-1a2b3c4d5e6f"),
    ("strict-transport-security", "max-age=31536000"),
    ("x-content-type-options", "nosniff"),
];

/// Thirteen bytes.
pub(crate) const CONTENT: &str = "{\"id\":\"1042\"}";

/// A GET of ten fields. As from a server that tells the peer's address, its extensions hold
/// something already.
pub(crate) fn get(uri: &str) -> Request<Body> {
    let mut request = get_of(uri);
    request.extensions_mut().insert(SocketAddr::from(([192, 0, 2, 1], 443)));
    request
}

/// The same without the address.
pub(crate) fn get_alone() -> Request<Body> {
    get_of("/v1/users/42")
}

/// The same, whose last field is this one.
pub(crate) fn get_with(uri: &str, name: &'static str, value: &'static str) -> Request<Body> {
    let mut request = get(uri);
    request.headers_mut().remove("referer");
    request.headers_mut().insert(name, HeaderValue::from_static(value));
    request
}

/// With content, of a length that is said.
pub(crate) fn post(uri: &str) -> Request<Body> {
    let mut request = get_with(uri, "content-length", "13");
    *request.method_mut() = Method::POST;
    *request.body_mut() = Body::from(CONTENT);
    request
}

pub(crate) fn speaking(version: Version, mut request: Request<Body>) -> Request<Body> {
    *request.version_mut() = version;
    request
}

/// As a handler gives it that returns its content: fields are added below.
pub(crate) fn plain() -> Response<Body> {
    Response::new(Body::from(CONTENT))
}

pub(crate) fn plain_with(name: &'static str, value: &'static str) -> Response<Body> {
    let mut response = plain();
    response.headers_mut().insert(name, HeaderValue::from_static(value));
    response
}

/// As an upstream sends it, with ten fields.
pub(crate) fn full() -> Response<Body> {
    let mut response = plain();
    *response.headers_mut() = fields(RESPONSE);
    response
}

pub(crate) fn full_with(name: &'static str, value: &'static str) -> Response<Body> {
    let mut response = full();
    response.headers_mut().remove("vary");
    response.headers_mut().insert(name, HeaderValue::from_static(value));
    response
}

fn get_of(uri: &str) -> Request<Body> {
    let mut request = Request::get(uri).body(Body::default()).expect("the URI is well-formed");
    *request.headers_mut() = fields(REQUEST);
    request
}

fn fields(fields: [(&'static str, &'static str); 10]) -> HeaderMap {
    let field = |(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
    fields.into_iter().map(field).collect()
}
