use std::fmt::Debug;
use std::pin::Pin;
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri};
use http_body::Body;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::task::JoinSet;
use tower::{Layer as _, Service, ServiceExt as _};
use tower_conn_lint::ConnLint;
use tower_http::trace::TraceLayer;

use crate::BoxError;
use crate::process::{Subject, measured};
use crate::server::subscribe;

/// Sends requests, some at once, and prints the nanoseconds that it took.
pub(crate) fn call(
    subject: &str,
    port: &str,
    requests: &str,
    at_once: &str,
) -> Result<(), BoxError> {
    let uri: Uri = format!("http://127.0.0.1:{port}/hello").parse()?;
    let (requests, at_once) = (requests.parse()?, at_once.parse()?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let entered = runtime.enter();
    let builder = Client::builder(TokioExecutor::new());
    let calling: Pin<Box<dyn Future<Output = Result<(), BoxError>>>> =
        match Subject::named(subject)? {
            Subject::Nothing => Box::pin(run(builder.build_http(), uri, requests, at_once)),
            Subject::All => {
                PrometheusBuilder::new().install_recorder()?;
                subscribe();
                let lint = ConnLint::builder().environment("").build();
                let client = builder.build(lint.connector("hello", HttpConnector::new()));
                let client = lint.response_bodies().layer(lint.outbound("hello").layer(client));
                Box::pin(run(client, uri, requests, at_once))
            }
            Subject::TraceInfo => {
                subscribe();
                let client = TraceLayer::new_for_http().layer(builder.build_http());
                Box::pin(run(client, uri, requests, at_once))
            }
            Subject::AxumPrometheus => return Err("axum-prometheus is a server's".into()),
        };
    drop(entered);
    measured(&runtime, calling)
}

async fn run<S, R>(client: S, uri: Uri, requests: usize, at_once: usize) -> Result<(), BoxError>
where
    S: Service<Request<Full<Bytes>>, Response = Response<R>, Error: Into<BoxError>>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
    R: Body<Data: Send, Error: Debug> + Send,
{
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..at_once {
        let (mut client, uri) = (client.clone(), uri.clone());
        tasks.spawn(async move {
            for _ in 0..requests / at_once {
                let response = client.ready().await.map_err(Into::into)?.call(request(&uri)).await;
                let content = response.map_err(Into::into)?.into_body().collect().await;
                content.map_err(|error| format!("{error:?}"))?;
            }
            Ok::<_, BoxError>(())
        });
    }
    while let Some(task) = tasks.join_next().await {
        task??;
    }
    println!("{}", began.elapsed().as_nanos());
    Ok(())
}

fn request(uri: &Uri) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::default());
    *request.uri_mut() = uri.clone();
    *request.headers_mut() = fields();
    request
}

fn fields() -> HeaderMap {
    let fields = [
        ("user-agent", "example/1.0"),
        ("accept", "application/json"),
        ("accept-encoding", "gzip"),
        ("authorization", "Bearer 5f2c1e7a9b3d4c8e"),
        ("x-request-id", "018f3c5e-7a2b-7c4d-9e8f-1a2b3c4d5e6f"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ];
    let field = |(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
    fields.into_iter().map(field).collect()
}
