//! Our accept loop around hyper-util's server: what it shuts down, when, and what it says of that.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use bytes::Bytes;
use http::{Response, StatusCode, Version};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tower_conn_lint::connection::{Closer, EndCause, Ended};
use tower_conn_lint::inbound::Listen;
use tower_conn_lint::report::Reporter;
use tower_conn_lint::{ConnHandle, ConnLint};

use crate::client::{Pool, call, get as request};
use crate::raw::Peer;
use crate::server::listen;
use crate::within::within;

const REQUEST: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

/// What a lint tells of a server.
#[derive(Debug)]
enum Told {
    Ended(Box<Ended>),
    AcceptFailed(ErrorKind),
}

struct Teller(mpsc::UnboundedSender<Told>);

/// A server of ours that runs.
struct Served {
    addr: SocketAddr,
    told: mpsc::UnboundedReceiver<Told>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
    gate: Arc<Gate>,
}

/// A handler that is waited for, and waits.
struct Gate {
    reached: Semaphore,
    opened: Semaphore,
    handle: std::sync::Mutex<Option<ConnHandle>>,
}

#[tokio::test]
async fn a_handler_ends_its_http2_connection_by_goaway_after_its_response() {
    let mut served = Served::new(|_| {}).await;
    let mut client = http2();
    let url = format!("http://{}", served.addr);
    for path in ["/", "/", "/end"] {
        let response = call(&mut client, request(&format!("{url}{path}"), &[])).await;
        assert_eq!((response.version(), response.status()), (Version::HTTP_2, StatusCode::OK));
    }
    let ended = served.ended().await;
    assert_eq!(ended.requests, 3, "the request that asked for the end was answered");
    // A client that reads GOAWAY may close before the server does.
    assert_eq!(ended.end.cause, EndCause::GracefulClose, "{ended:?}");

    let again = call(&mut client, request(&format!("{url}/which"), &[])).await;
    assert_eq!(again.body(), "request 1", "the next one goes on a connection of its own");
}

#[tokio::test]
async fn streams_that_are_under_way_are_answered_before_an_http2_connection_ends() {
    let mut served = Served::new(|_| {}).await;
    let client = http2();
    let url = format!("http://{}", served.addr);
    call(&mut client.clone(), request(&format!("{url}/"), &[])).await;
    let (mut waiting, wait) = (client.clone(), request(&format!("{url}/wait"), &[]));
    let waiting = tokio::spawn(async move { call(&mut waiting, wait).await });
    served.gate.reached().await;
    call(&mut client.clone(), request(&format!("{url}/end"), &[])).await;
    let again = call(&mut client.clone(), request(&format!("{url}/which"), &[])).await;
    assert_eq!(again.body(), "request 1", "GOAWAY came while a stream was open");
    served.gate.opened.add_permits(1);
    let response = within("the response", waiting).await.expect("the call succeeds");
    assert_eq!(response.body(), "waited");
    let ended = served.ended().await;
    assert_eq!((ended.requests, ended.end.cause), (3, EndCause::GracefulClose), "{ended:?}");
}

#[tokio::test]
async fn a_handle_ends_its_idle_http1_connection_from_outside() {
    let mut served = Served::new(|_| {}).await;
    let mut peer = Peer::connect(served.addr).await;
    assert_eq!(peer.ask(REQUEST).await.status(), 200);
    let handle = served.gate.handle();
    handle.close_gracefully().expect("our loop serves it");
    assert!(peer.is_closed().await, "nothing is under way");
    let ended = served.ended().await;
    assert_eq!((ended.end.cause, ended.end.closer), (EndCause::GracefulClose, Closer::Local));
}

#[tokio::test]
async fn a_handle_ends_its_http1_connection_with_the_response_that_is_under_way() {
    let mut served = Served::new(|_| {}).await;
    let mut peer = Peer::connect(served.addr).await;
    peer.send("GET /wait HTTP/1.1\r\nhost: x\r\n\r\n").await;
    served.gate.reached().await;
    served.gate.handle().close_gracefully().expect("our loop serves it");
    served.gate.opened.add_permits(1);
    let response = peer.message().await.expect("it is answered");
    assert!(response.says("close"), "the caller is told");
    assert!(peer.is_closed().await, "and it ends");
    assert_eq!(served.ended().await.end.cause, EndCause::GracefulClose);
}

#[tokio::test]
async fn a_handle_can_not_end_what_axum_serves() {
    let lint = ConnLint::builder().environment("").build();
    let (tcp, addr) = listen().await;
    let unsupported = async |handle: ConnHandle| format!("{:?}", handle.close_gracefully());
    let app = Router::new().route("/", get(unsupported));
    let served = axum::serve(lint.listener(tcp), lint.make_service(app));
    tokio::spawn(async move { served.await });
    let response = Peer::connect(addr).await.ask(REQUEST).await;
    assert_eq!(response.body, b"Err(Unsupported)");
}

#[tokio::test]
async fn a_shutdown_answers_what_is_under_way_closes_the_rest_and_ends() {
    let served = Served::new(|_| {}).await;
    let (mut idle, mut unused) =
        (Peer::connect(served.addr).await, Peer::connect(served.addr).await);
    assert_eq!(idle.ask(REQUEST).await.status(), 200);
    let mut busy = Peer::connect(served.addr).await;
    busy.send("GET /wait HTTP/1.1\r\nhost: x\r\n\r\n").await;
    served.gate.reached().await;

    let Served { stop, task, gate, mut told, addr } = served;
    stop.send(()).expect("the server listens");
    assert!(idle.is_closed().await && unused.is_closed().await, "they are idle");
    let refused = TcpStream::connect(addr).await;
    assert!(refused.is_err(), "nothing is accepted any more");
    assert!(!task.is_finished(), "a request is under way");
    gate.opened.add_permits(1);
    assert_eq!(busy.message().await.expect("it is answered").status(), 200);
    within("the server", task).await.expect("it ends");
    let mut causes = Vec::new();
    while let Ok(Told::Ended(ended)) = told.try_recv() {
        causes.push((ended.requests, ended.end.cause));
    }
    causes.sort_unstable();
    let expected = [(0, EndCause::Drain), (1, EndCause::Drain), (1, EndCause::Drain)];
    assert_eq!(causes, expected, "all ended before the server did");
}

#[tokio::test]
async fn a_server_that_is_dropped_lets_its_connections_end_gracefully() {
    let mut served = Served::new(|_| {}).await;
    let mut busy = Peer::connect(served.addr).await;
    busy.send("GET /wait HTTP/1.1\r\nhost: x\r\n\r\n").await;
    served.gate.reached().await;
    served.task.abort();
    served.gate.opened.add_permits(1);
    let response = busy.message().await.expect("it is answered");
    assert!(response.says("close"), "the caller is told");
    assert_eq!(served.ended().await.end.cause, EndCause::Drain);
}

#[tokio::test]
async fn the_builders_timeouts_hold() {
    let timeout = Duration::from_millis(30);
    let mut served = Served::new(|builder| {
        builder.http1().timer(TokioTimer::new()).header_read_timeout(timeout);
    })
    .await;
    let mut peer = Peer::connect(served.addr).await;
    assert_eq!(peer.ask(REQUEST).await.status(), 200);
    assert!(peer.is_closed().await, "it was idle for too long");
    assert_eq!(served.ended().await.end.cause, EndCause::HeaderTimeout);
}

/// Gives what it is told to.
struct Scripted(VecDeque<io::Result<DuplexStream>>);

impl Listen for Scripted {
    type Stream = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, Option<SocketAddr>)> {
        match self.0.pop_front() {
            Some(stream) => Ok((stream?, None)),
            None => std::future::pending().await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_fails_to_be_accepted_holds_up_what_comes_next_only_if_it_is_the_listener() {
    for (kind, pause, is_told) in [
        (ErrorKind::ConnectionAborted, Duration::ZERO, false),
        (ErrorKind::ConnectionReset, Duration::ZERO, false),
        // As of a process with no file descriptor left.
        (ErrorKind::Other, Duration::from_secs(1), true),
    ] {
        let (mut peer, stream) = duplex(1024);
        let listener = Scripted([Err(kind.into()), Ok(stream)].into());
        let (lint, mut told) = lint();
        let began = Instant::now();
        let task = tokio::spawn(lint.serve(listener, hello()).into_future());
        peer.write_all(REQUEST.as_bytes()).await.expect("a request goes");
        let mut answer = [0; 12];
        peer.read_exact(&mut answer).await.expect("an answer comes");
        assert_eq!(&answer, b"HTTP/1.1 200", "{kind}");
        assert!(began.elapsed() >= pause && began.elapsed() < pause + pause / 2 + PATIENCE);
        match told.try_recv() {
            Ok(Told::AcceptFailed(failed)) => assert!(is_told && failed == kind, "{failed}"),
            other => assert!(!is_told, "{other:?}"),
        }
        task.abort();
    }
}

/// More than a paused clock goes on by itself.
const PATIENCE: Duration = Duration::from_millis(100);

#[tokio::test(start_paused = true)]
async fn a_server_that_can_not_accept_is_shut_down_at_once() {
    let (lint, mut told) = lint();
    let (stop, stopped) = oneshot::channel::<()>();
    let listener = Scripted([Err(ErrorKind::Other.into())].into());
    let stopped = async { _ = stopped.await };
    let server = lint.serve(listener, hello()).with_graceful_shutdown(stopped);
    let task = tokio::spawn(server.into_future());
    let failed = told.recv().await;
    assert!(matches!(failed, Some(Told::AcceptFailed(_))), "{failed:?}");
    let began = Instant::now();
    stop.send(()).expect("the server listens");
    task.await.expect("it ends");
    assert_eq!(began.elapsed(), Duration::ZERO, "it does not wait for its next try");
}

// === impl Served ===

impl Served {
    async fn new(settings: impl FnOnce(&mut auto::Builder<TokioExecutor>)) -> Served {
        let gate = Arc::new(Gate {
            reached: Semaphore::new(0),
            opened: Semaphore::new(0),
            handle: std::sync::Mutex::new(None),
        });
        let which = async |State(gate): State<Arc<Gate>>, handle: ConnHandle| {
            let text = format!("request {}", handle.request());
            gate.keep(handle);
            text
        };
        let end = async |handle: ConnHandle| match handle.close_after_response() {
            Ok(()) => StatusCode::OK,
            Err(_) => StatusCode::NOT_IMPLEMENTED,
        };
        let wait = async |State(gate): State<Arc<Gate>>, handle: ConnHandle| {
            gate.keep(handle);
            gate.reached.add_permits(1);
            gate.opened.acquire().await.expect("it is never closed").forget();
            "waited"
        };
        let (lint, told) = lint();
        let app = Router::new()
            .route("/", get(which))
            .route("/which", get(which))
            .route("/end", get(end))
            .route("/wait", get(wait))
            .with_state(gate.clone())
            .layer(lint.inbound());
        let (tcp, addr) = listen().await;
        let (stop, stopped) = oneshot::channel::<()>();
        let mut builder = auto::Builder::new(TokioExecutor::new());
        settings(&mut builder);
        let stopped = async {
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let server = lint.serve(tcp, app).builder(builder).with_graceful_shutdown(stopped);
        let task = tokio::spawn(server.into_future());
        Served { addr, told, stop, task, gate }
    }

    async fn ended(&mut self) -> Ended {
        match within("an end", self.told.recv()).await {
            Some(Told::Ended(ended)) => *ended,
            other => panic!("{other:?}"),
        }
    }
}

// === impl Gate ===

impl Gate {
    async fn reached(&self) {
        within("the handler", self.reached.acquire()).await.expect("it is never closed").forget();
    }

    fn keep(&self, handle: ConnHandle) {
        *self.handle.lock().expect("no test panics with the lock") = Some(handle);
    }

    /// Of the last request.
    fn handle(&self) -> ConnHandle {
        let handle = self.handle.lock().expect("no test panics with the lock");
        handle.clone().expect("a request came")
    }
}

// === impl Teller ===

impl Reporter for Teller {
    fn ended(&self, connection: &Ended) {
        _ = self.0.send(Told::Ended(Box::new(connection.clone())));
    }

    fn accept_failed(&self, error: &io::Error) {
        _ = self.0.send(Told::AcceptFailed(error.kind()));
    }
}

// === fixtures ===

fn lint() -> (ConnLint, mpsc::UnboundedReceiver<Told>) {
    let (sender, told) = mpsc::unbounded_channel();
    (ConnLint::builder().reporter(Teller(sender)).environment("").build(), told)
}

fn http2() -> Pool {
    Client::builder(TokioExecutor::new()).http2_only(true).build(HttpConnector::new())
}

fn hello<B: Send>() -> impl tower::Service<
    http::Request<B>,
    Response = Response<Full<Bytes>>,
    Error = Infallible,
    Future: Send,
> + Clone
+ Send {
    tower::service_fn(|_: http::Request<B>| {
        std::future::ready(Ok::<_, Infallible>(Response::new(Full::from("hello"))))
    })
}
