//! A request and a response as browsers and services send them, with ten fields each.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
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

pub(crate) fn request(uri: &str) -> Request<Body> {
    let mut request = Request::get(uri).body(Body::default()).expect("the URI is well-formed");
    *request.headers_mut() = fields(REQUEST);
    request
}

/// A request with as many fields, one of which is `Connection`.
pub(crate) fn request_with_connection(uri: &str, value: &'static str) -> Request<Body> {
    let mut request = request(uri);
    request.headers_mut().remove("referer");
    request.headers_mut().insert("connection", HeaderValue::from_static(value));
    request
}

/// The requests of a server that tells the peer's address: their extensions hold something already.
pub(crate) fn with_extension(
    mut request: impl FnMut() -> Request<Body>,
) -> impl FnMut() -> Request<Body> {
    move || {
        let mut request = request();
        request.extensions_mut().insert(SocketAddr::from(([192, 0, 2, 1], 443)));
        request
    }
}

pub(crate) fn response() -> Response<Body> {
    let mut response = Response::new(Body::from("{\"id\":\"1042\"}"));
    *response.headers_mut() = fields(RESPONSE);
    response
}

fn fields(fields: [(&'static str, &'static str); 10]) -> HeaderMap {
    let field = |(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
    fields.into_iter().map(field).collect()
}
