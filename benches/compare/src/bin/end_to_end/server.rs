use std::io::Write as _;
use std::io::{Read as _, stdin, stdout};

use axum::body::Body;
use axum::{Router, routing};
use axum_prometheus::PrometheusMetricLayer;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::net::TcpListener;
use tower::{Layer as _, ServiceExt};
use tower_conn_lint::ConnLint;
use tower_http::trace::TraceLayer;

use crate::BoxError;
use crate::process::Subject;

/// Serves on a free port of loopback, which it prints, until its standard input ends. On one thread,
/// so that the other core is the load's.
pub(crate) fn serve(subject: Subject) -> Result<(), BoxError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let tcp = TcpListener::bind("127.0.0.1:0").await?;
        let port = tcp.local_addr()?.port();
        let router = Router::new().route("/hello", routing::get(async || "hello, world!"));
        match subject {
            Subject::Nothing => start(port, axum::serve(tcp, router.into_make_service())).await,
            Subject::All => {
                PrometheusBuilder::new().install_recorder()?;
                subscribe();
                let lint = ConnLint::builder().environment("").build();
                let layered = lint.inbound().layer(router);
                let service = tower::make::Shared::new(layered);
                start(port, axum::serve(lint.listener(tcp), lint.make_service(service))).await
            }
            Subject::TraceInfo => {
                subscribe();
                // Its bodies have a type of their own, and axum serves its own.
                let boxed = |response: http::Response<_>| response.map(Body::new);
                let layered = TraceLayer::new_for_http().layer(router);
                let layered = ServiceExt::<http::Request<Body>>::map_response(layered, boxed);
                start(port, axum::serve(tcp, tower::make::Shared::new(layered))).await
            }
            Subject::AxumPrometheus => {
                let router = router.layer(PrometheusMetricLayer::pair().0);
                start(port, axum::serve(tcp, router.into_make_service())).await
            }
        }
    })
}

/// Without a shutdown: what that does is no request's.
async fn start(
    port: u16,
    serving: impl IntoFuture<Output = std::io::Result<()>>,
) -> Result<(), BoxError> {
    println!("{port}");
    stdout().flush()?;
    let ended = tokio::task::spawn_blocking(|| stdin().read_to_end(&mut Vec::new()));
    tokio::select! {
        served = serving.into_future() => served?,
        ended = ended => { ended??; }
    }
    Ok(())
}

pub(crate) fn subscribe() {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_writer(std::io::sink)
        .finish();
    tracing::subscriber::set_global_default(subscriber).expect("the process's first");
}
