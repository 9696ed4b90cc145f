use bytes::Bytes;
use http::{Request, Response, header};
use http_body::Body;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::fmt::Debug;
use tower::{Service, ServiceExt as _};

use crate::within::within;

pub(crate) type Pool = Client<HttpConnector, Full<Bytes>>;

/// A client with a pool.
pub(crate) fn pool() -> Pool {
    Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build_http()
}

/// A GET with these `Connection` lines.
pub(crate) fn get(url: &str, connection: &[&str]) -> Request<Full<Bytes>> {
    let mut request = Request::get(url);
    for line in connection {
        request = request.header(header::CONNECTION, *line);
    }
    request.body(Full::default()).expect("the request is well-formed")
}

/// Sends a request and reads its response to the end.
pub(crate) async fn call<S, B, R>(client: &mut S, request: Request<B>) -> Response<Bytes>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Debug,
    R: Body,
    R::Error: Debug,
{
    within("a call", async {
        let client = client.ready().await.expect("the client is ready");
        let response = client.call(request).await.expect("the call succeeds");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("the response is read to its end");
        Response::from_parts(parts, body.to_bytes())
    })
    .await
}

/// Twenty requests, one after the other.
pub(crate) async fn call_20_times<S, R>(client: &mut S, url: &str, connection: &[&str])
where
    S: Service<Request<Full<Bytes>>, Response = Response<R>>,
    S::Error: Debug,
    R: Body,
    R::Error: Debug,
{
    for _ in 0..20 {
        call(client, get(url, connection)).await;
    }
}
