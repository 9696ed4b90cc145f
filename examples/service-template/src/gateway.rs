//! The gateway, which this service calls.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::uri::{Authority, Scheme};
use axum::http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower::{ServiceBuilder, ServiceExt};
use tower_conn_lint::ConnLint;
use tower_conn_lint::outbound::{Connector, Outbound, ResponseBodies};

/// A client of the gateway. Its clones share its connections: make one as the service starts, and
/// clone that. A client for each request dials for each request.
#[derive(Clone)]
pub struct Gateway {
    client: ResponseBodies<Outbound<Client<Connector<HttpConnector>, Empty<Bytes>>>>,
    authority: Authority,
}

#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    #[error("no answer within {TIMEOUT:?}")]
    TimedOut,
    #[error("the call failed")]
    Call(#[from] tower_conn_lint::outbound::Error),
    #[error("the answer could not be read")]
    Body(#[source] axum::BoxError),
    #[error("the answer was {0}")]
    Status(StatusCode),
}

/// The name of this client in the policy, the log and the metrics.
const NAME: &str = "gateway";

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// For a whole call. One that is given up costs its connection, so it is no way to hurry.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How long an idle connection is kept: less than the gateway keeps it, or it closes under a request.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// How many idle connections are kept: as many as calls are under way at a busy time, since what is
/// beyond is closed and dialled again.
const MAX_IDLE: usize = 64;

const MAX_BODY: usize = 64 * 1024;

impl Gateway {
    pub fn new(lint: &ConnLint, authority: Authority) -> Gateway {
        // For https, wrap this one in hyper-rustls's, and say `Scheme::HTTPS` below.
        let mut http = HttpConnector::new();
        http.set_connect_timeout(Some(CONNECT_TIMEOUT));
        http.set_nodelay(true);
        let connector = lint.connector(NAME, http).pool(IDLE_TIMEOUT, MAX_IDLE);
        let pool = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new()) // without it the timeout of idle connections does nothing
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(MAX_IDLE)
            .build(connector);
        let client = ServiceBuilder::new()
            .layer(lint.response_bodies())
            .layer(lint.outbound(NAME))
            .service(pool);
        Gateway { client, authority }
    }

    /// The item of this number, if there is one.
    pub async fn item(&self, id: u64) -> Result<Option<Bytes>, GatewayError> {
        let call = self.call(format!("/v1/items/{id}"));
        let (status, body) = tokio::time::timeout(TIMEOUT, call)
            .await
            .map_err(|_| GatewayError::TimedOut)??;
        match status {
            StatusCode::OK => Ok(Some(body)),
            StatusCode::NOT_FOUND => Ok(None),
            status => Err(GatewayError::Status(status)),
        }
    }

    async fn call(&self, path: String) -> Result<(StatusCode, Bytes), GatewayError> {
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(self.authority.clone())
            .path_and_query(path)
            .build()
            .expect("the paths of this module are valid");
        let response = self.client.clone().oneshot(request).await?;
        let status = response.status();
        // Whatever the status: a connection whose response is not read to its end is lost.
        let body = Limited::new(response.into_body(), MAX_BODY).collect().await;
        Ok((status, body.map_err(GatewayError::Body)?.to_bytes()))
    }
}
