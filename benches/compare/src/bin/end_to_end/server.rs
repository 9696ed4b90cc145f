use std::io::{Read as _, Write as _, stdin, stdout};
use std::pin::Pin;

use axum::body::Body;
use axum::{Router, routing};
use axum_prometheus::PrometheusMetricLayer;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::net::TcpListener;
use tower::{Layer as _, ServiceExt};
use tower_conn_lint::ConnLint;
use tower_http::trace::TraceLayer;

use crate::BoxError;
use crate::process::{Subject, measured};

/// Serves on a free port of loopback, which it prints, until its standard input ends. On one thread,
/// so that the other core is the load's.
pub(crate) fn serve(subject: Subject) -> Result<(), BoxError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let entered = runtime.enter();
    let tcp = std::net::TcpListener::bind("127.0.0.1:0")?;
    tcp.set_nonblocking(true)?;
    let port = tcp.local_addr()?.port();
    let tcp = TcpListener::from_std(tcp)?;
    let router = Router::new().route("/hello", routing::get(async || "hello, world!"));
    let serving: Serving = match subject {
        Subject::Nothing => Box::pin(axum::serve(tcp, router.into_make_service()).into_future()),
        Subject::All => {
            PrometheusBuilder::new().install_recorder()?;
            subscribe();
            let lint = ConnLint::builder().environment("").build();
            let service = tower::make::Shared::new(lint.inbound().layer(router));
            Box::pin(axum::serve(lint.listener(tcp), lint.make_service(service)).into_future())
        }
        Subject::TraceInfo => {
            subscribe();
            // Its bodies have a type of their own, and axum serves its own.
            let boxed = |response: http::Response<_>| response.map(Body::new);
            let layered = TraceLayer::new_for_http().layer(router);
            let layered = ServiceExt::<http::Request<Body>>::map_response(layered, boxed);
            Box::pin(axum::serve(tcp, tower::make::Shared::new(layered)).into_future())
        }
        Subject::AxumPrometheus => {
            let router = router.layer(PrometheusMetricLayer::pair().0);
            Box::pin(axum::serve(tcp, router.into_make_service()).into_future())
        }
    };
    drop(entered);
    println!("{port}");
    stdout().flush()?;
    measured(&runtime, Box::pin(until_end(serving)))
}

type Serving = Pin<Box<dyn Future<Output = std::io::Result<()>> + Send>>;

/// Without a shutdown: what that does is no request's.
async fn until_end(serving: Serving) -> Result<(), BoxError> {
    let ended = tokio::task::spawn_blocking(|| stdin().read_to_end(&mut Vec::new()));
    tokio::select! {
        served = serving => served?,
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
