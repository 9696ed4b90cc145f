//! The service on loopback, with its own policy, and a client that calls it.

use axum::Router;
use axum::body::Bytes;
use axum::http::uri::{Authority, Scheme};
use axum::http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower_conn_lint::test_util::Recorder;

pub struct Service {
    pub address: Authority,
    /// What the lint of the service found.
    pub recorder: Recorder,
    stop: oneshot::Sender<oneshot::Sender<()>>,
    running: JoinHandle<std::io::Result<()>>,
}

/// A caller that keeps its connections.
#[derive(Clone)]
pub struct Caller(Client<HttpConnector, Empty<Bytes>>);

impl Service {
    pub async fn start(gateway: Authority) -> Service {
        let recorder = Recorder::new();
        let lint = recorder.lint(service::policy::load("conn-lint.toml".as_ref()));
        let (tcp, address) = bind().await;
        let (stop, stopped) = oneshot::channel::<oneshot::Sender<()>>();
        let stopped = async {
            if let Ok(heard) = stopped.await {
                _ = heard.send(());
            }
        };
        let running = tokio::spawn(service::run(tcp, gateway, lint, stopped));
        Service {
            address,
            recorder,
            stop,
            running,
        }
    }

    /// Tells it to stop; once this is ready, it drains.
    pub async fn stop(self) -> JoinHandle<std::io::Result<()>> {
        let (heard, drains) = oneshot::channel();
        self.stop.send(heard).expect("the service runs");
        drains.await.expect("the service heard");
        self.running
    }
}

impl Caller {
    pub fn new() -> Caller {
        Caller(Client::builder(TokioExecutor::new()).build_http())
    }

    /// The answer's status, once it is read to its end.
    pub async fn get(&self, address: &Authority, path: &str) -> StatusCode {
        let mut request = Request::new(Empty::new());
        let uri = Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(address.clone());
        *request.uri_mut() = uri
            .path_and_query(path)
            .build()
            .expect("a test's path is valid");
        let response = self.0.request(request).await.expect("the service answers");
        let status = response.status();
        response
            .into_body()
            .collect()
            .await
            .expect("the answer is whole");
        status
    }
}

/// A gateway as this test has it.
pub async fn start_gateway(app: Router) -> Authority {
    let (tcp, address) = bind().await;
    tokio::spawn(axum::serve(tcp, app).into_future());
    address
}

async fn bind() -> (TcpListener, Authority) {
    let tcp = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback has a free port");
    let address = tcp.local_addr().expect("it is bound").to_string();
    (tcp, address.parse().expect("an address is host and port"))
}
