//! The login page: a client that says `close` on each request to the gateway.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tower::{Layer, Service, ServiceExt};

use crate::BoxError;
use crate::act::Wiring;

type Body = Empty<Bytes>;

/// Sends the requests one after another; gives the latency of each, to the end of the body. Then
/// the client is dropped, and its connections with it.
pub(crate) async fn log_in(
    url: &str,
    requests: usize,
    Wiring { lint, layer, stage }: &Wiring,
) -> Result<Vec<Duration>, BoxError> {
    let connector = lint.connector("gateway", HttpConnector::new());
    let pool = Client::builder(TokioExecutor::new()).build::<_, Body>(connector);
    let bodies = lint.response_bodies();
    match layer {
        true => {
            let outbound = lint.outbound("gateway");
            let outbound = if stage.stamps { outbound.stamp_send_time() } else { outbound };
            let gateway = bodies.layer(outbound.layer(pool));
            send_requests(gateway, url, requests).await
        }
        false => send_requests(bodies.layer(pool), url, requests).await,
    }
}

async fn send_requests<S, B>(
    mut gateway: S,
    url: &str,
    requests: usize,
) -> Result<Vec<Duration>, BoxError>
where
    S: Service<Request<Body>, Response = Response<B>, Error: Into<BoxError>>,
    B: http_body::Body<Error: Into<BoxError>>,
{
    let mut latencies = Vec::with_capacity(requests);
    for _ in 0..requests {
        let request = Request::get(url).header(header::CONNECTION, "close").body(Body::new())?;
        let start = Instant::now();
        let gateway = gateway.ready().await.map_err(Into::into)?;
        let response = gateway.call(request).await.map_err(Into::into)?;
        response.into_body().collect().await.map_err(Into::into)?;
        latencies.push(start.elapsed());
    }
    Ok(latencies)
}
