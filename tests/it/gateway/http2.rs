//! Callers that speak HTTP/2, before an upstream that doesn't.

use bytes::Bytes;
use http::{Request, Version};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::program::Program;
use crate::client::call;
use crate::upstream::Upstream;

#[tokio::test]
async fn a_request_of_http2_goes_on_as_one_of_http1() {
    let upstream = Upstream::plain().await;
    let gateway = Program::before(upstream.addr, &[]).await;
    let mut client = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let parts = ["he", "llo"].map(|part| Ok::<_, std::io::Error>(Frame::data(Bytes::from(part))));
    let request = Request::post(gateway.url("/a?b"))
        .version(Version::HTTP_2)
        .header("cookie", "a=b")
        .header("cookie", "c=d")
        .header("te", "trailers")
        .body(StreamBody::new(futures_util::stream::iter(parts)).boxed())
        .expect("it is well-formed");
    let response = call(&mut client, request).await;
    assert_eq!((response.status().as_u16(), response.version()), (200, Version::HTTP_2));

    let came = upstream.take();
    let [request] = &came[..] else { panic!("one request came: {came:?}") };
    assert!(request.head.starts_with("POST /a?b HTTP/1.1\r\n"), "{}", request.head);
    let host = gateway.addr.to_string();
    for (name, lines) in [
        ("host", &[&*host][..]),
        ("x-forwarded-host", &[&*host]),
        ("cookie", &["a=b; c=d"]),
        ("te", &["trailers"]),
        ("transfer-encoding", &["chunked"]),
        ("content-length", &[]),
        ("connection", &[]),
        ("via", &["2.0 conn-lint"]),
    ] {
        assert_eq!(request.lines(name), lines, "{name}: {}", request.head);
    }
}

#[tokio::test]
async fn a_request_of_http2_that_names_two_hosts_is_refused() {
    let upstream = Upstream::plain().await;
    let gateway = Program::before(upstream.addr, &[]).await;
    let mut client = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let request = Request::get(gateway.url("/"))
        .version(Version::HTTP_2)
        .header("host", "another.example")
        .body(Full::<Bytes>::default())
        .expect("it is well-formed");
    let response = call(&mut client, request).await;
    assert_eq!(response.status(), 400);
    assert!(upstream.take().is_empty(), "nothing is passed on");
}
