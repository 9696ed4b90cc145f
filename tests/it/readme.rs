use axum::{Router, routing::get};
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tower::{Layer, ServiceExt};
use tower_conn_lint::{Preset, test_util::Recorder};

#[tokio::test]
async fn the_gateway_is_called_on_one_connection() -> Result<(), Box<dyn std::error::Error>> {
    let tcp = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", tcp.local_addr()?);
    let app = Router::new().route("/", get(|| async { "welcome" }));
    tokio::spawn(axum::serve(tcp, app).into_future());

    let recorder = Recorder::new();
    let lint = recorder.lint(Preset::Strict1);
    let connector = lint.connector("gateway", HttpConnector::new());
    let pool = Client::builder(TokioExecutor::new()).build::<_, Empty<bytes::Bytes>>(connector);
    let gateway = lint.outbound("gateway").layer(pool);
    for _ in 0..20 {
        let request = Request::get(&url).body(Empty::new())?;
        gateway.clone().oneshot(request).await?.into_body().collect().await?;
    }
    recorder.assert_reused("gateway", 0.8);
    recorder.assert_no_findings();
    Ok(())
}
