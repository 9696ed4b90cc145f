//! Ends and handles at the edges: what is under way, kept or given up as something else ends.

use std::convert::Infallible;
use std::future::{pending, ready};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::routing::{any, get};
use bytes::Bytes;
use http::{Response, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, oneshot};
use tower::{ServiceBuilder, ServiceExt as _, service_fn};
use tower_conn_lint::connection::{DialError, Party};
use tower_conn_lint::lint;
use tower_conn_lint::report::{Part, Reporter};
use tower_conn_lint::{ConnHandle, ConnLint, ManualClock};

use crate::client::{call, call_20_times, get as request};
use crate::raw::Peer;
use crate::reuse::{Seen, Wired, gateway, gateway_by, heeding_all, lint as lint_of};
use crate::server::{Server, echo_upgraded, listen};
use crate::within::within;

const CLOSING: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";
const MIB: usize = 1 << 20;

fn lint() -> (ConnLint, Seen) {
    lint_of(heeding_all().build().expect("the policy is right"))
}

/// A route that says close, and one that does not.
fn app() -> Router {
    Router::new()
        .route("/plain", get(|| async { "plain" }))
        .route("/close", get(|| async { ([(header::CONNECTION, "close")], "close") }))
}

async fn accept(listener: &TcpListener) -> TcpStream {
    within("a dial", listener.accept()).await.expect("loopback connects").0
}

#[tokio::test]
async fn an_upload_whose_answer_says_close_was_not_given_up() {
    for says_length in [true, false] {
        let (lint, seen) = lint();
        let (listener, addr) = listen().await;
        let (answered, is_answered) = oneshot::channel();
        let upstream = tokio::spawn(async move {
            let mut peer = Peer::new(accept(&listener).await);
            peer.bytes(64).await;
            peer.send(CLOSING).await;
            within("the answer", is_answered).await.expect("the client lives");
            peer.rest().await;
        });
        let mut client = gateway(&lint);
        let upload = http::Request::post(format!("http://{addr}/"));
        let upload = match says_length {
            true => upload.header(header::CONTENT_LENGTH, 8 * MIB),
            false => upload,
        };
        let upload = upload.body(Full::from(vec![b'x'; 8 * MIB])).expect("it is well-formed");
        call(&mut client, upload).await;
        answered.send(()).expect("the upstream waits");
        let causes = seen.ends(1).await;
        let case = format!("a length of ours: {says_length}");
        assert!(matches!(causes[..], ["response-close" | "unknown"]), "{case}: {causes:?}");
        assert_eq!(seen.of(lint::DROPPED_REQUEST).len(), 0, "{case}: it was answered");
        within("the upstream", upstream).await.expect("it does not panic");
    }
}

#[tokio::test]
async fn a_response_that_is_still_being_written_is_not_over() {
    for half_closes in [true, false] {
        let (lint, seen) = lint();
        let long = Bytes::from(vec![b'x'; 20 * MIB]);
        let app = Router::new().route("/", get(move || ready(long)));
        let server = Wired::of(&lint, app).await;
        let mut peer = Peer::connect(server.addr).await;
        peer.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        peer.bytes(1024).await;
        let callers = lint.snapshot().callers;
        let [caller] = &callers[..] else { panic!("one calls: {callers:?}") };
        assert_eq!((caller.active, caller.idle), (1, 0), "most of it is to be written yet");
        if half_closes {
            peer.end().await;
        } else {
            drop(peer);
        }
        let causes = seen.ends(1).await;
        assert!(
            matches!(causes[..], ["peer-closed-active" | "reset"]),
            "by half: {half_closes}, {causes:?}",
        );
    }
}

#[tokio::test]
async fn a_drain_of_servers_ends_no_connection_of_a_client() {
    let (lint, seen) = lint();
    let (before, after) = (Server::of(app()).await, Server::of(app()).await);
    let mut client = gateway(&lint);
    call(&mut client, request(&before.url("/plain"), &[])).await;
    lint.shutdown_signal(ready(())).await;
    call(&mut client, request(&after.url("/plain"), &[])).await;
    drop(client);
    assert_eq!(seen.ends(2).await, ["client-dropped"; 2]);
}

#[tokio::test(start_paused = true)]
async fn a_dial_that_is_given_up_has_failed() {
    struct Failures(mpsc::UnboundedSender<(String, &'static str)>);

    impl Reporter for Failures {
        fn dial_failed(&self, client: &lint::Client, _: &Party, error: DialError, took: Duration) {
            assert_eq!(took, Duration::ZERO, "by the lint's clock, which stands");
            _ = self.0.send((client.name.to_string(), error.as_str()));
        }
    }

    let (sender, mut failures) = mpsc::unbounded_channel();
    let clock = ManualClock::new();
    let lint = ConnLint::builder().environment("").clock(clock).reporter(Failures(sender)).build();
    let never = service_fn(|_: Uri| Box::pin(pending::<io::Result<TokioIo<TcpStream>>>()));
    let client: Client<_, Full<Bytes>> =
        Client::builder(TokioExecutor::new()).build(lint.connector("gateway", never));
    let client = ServiceBuilder::new()
        .timeout(Duration::from_millis(100))
        .layer(lint.response_bodies())
        .layer(lint.outbound("gateway"))
        .service(client);
    for _ in 0..3 {
        let given_up = client.clone().oneshot(request("http://nowhere.test/", &[])).await;
        assert!(given_up.is_err(), "nobody answers");
        let failure = within("a failed dial", failures.recv()).await;
        assert_eq!(failure, Some(("gateway".to_owned(), "given-up")));
    }
    let upstreams = lint.snapshot().upstreams;
    let [upstream] = &upstreams[..] else { panic!("one was dialled: {upstreams:?}") };
    assert_eq!((upstream.dials, upstream.failed_dials), (3, 3), "{upstream:?}");
    assert_eq!(upstream.connections, 0, "{upstream:?}");
}

#[tokio::test]
async fn the_kept_parts_of_a_response_keep_no_connection() {
    let (lint, seen) = lint();
    let server = Server::of(app()).await;
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new())
        .build(lint.connector("gateway", HttpConnector::new()));
    let client = ServiceBuilder::new().layer(lint.outbound("gateway")).service(client);
    let mut kept = Vec::new();
    for _ in 0..3 {
        let call = client.clone().oneshot(request(&server.url("/close"), &[]));
        let (parts, body) = within("a call", call).await.expect("it is answered").into_parts();
        body.collect().await.expect("the response is read to its end");
        kept.push(parts);
    }
    assert_eq!(seen.ends(3).await, ["response-close"; 3]);
    assert!(kept.iter().all(|parts| parts.extensions.get::<ConnHandle>().is_some()));
}

#[tokio::test]
async fn an_upgrade_is_not_closed_by_its_response() {
    let (lint, seen) = lint();
    let server = Wired::of(
        &lint,
        Router::new().route(
            "/",
            any(|handle: ConnHandle, request: Request| async move {
                handle.close_after_response().expect("it is asked in time");
                tokio::spawn(echo_upgraded(request));
                let head = [(header::CONNECTION, "upgrade"), (header::UPGRADE, "echo")];
                (StatusCode::SWITCHING_PROTOCOLS, head)
            }),
        ),
    )
    .await;
    let mut peer = Peer::connect(server.addr).await;
    let request = "GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
    let response = peer.ask(request).await;
    assert_eq!(response.status(), 101);
    assert_eq!(response.lines("connection"), ["upgrade"], "nothing stands beside it");
    peer.send("ping").await;
    assert_eq!(peer.rest().await, b"ping");
    drop(peer);
    assert_eq!(seen.ends(1).await, ["upgrade"]);
}

#[tokio::test]
async fn a_handle_closes_nothing_once_its_response_is_out() {
    let (lint, _) = lint();
    let (sender, mut handles) = mpsc::unbounded_channel();
    let keep = move |handle: ConnHandle| ready(_ = sender.send(handle));
    let server = Wired::of(&lint, app().route("/kept", get(keep))).await;
    let mut peer = Peer::connect(server.addr).await;
    assert_eq!(peer.ask("GET /kept HTTP/1.1\r\nhost: x\r\n\r\n").await.status(), 200);
    let handle = within("a handle", handles.recv()).await.expect("the handler sent it");
    assert!(handle.close_after_response().is_err(), "its response is out");
    assert!(peer.is_reusable().await, "and the next one is none of its own");
    assert!(handle.close_after_response().is_err(), "another request came since");
    assert!(peer.is_reusable().await);
}

#[tokio::test]
async fn an_upstream_that_ends_under_a_stream_did_not_end_idle() {
    for served in [0, 1] {
        let (lint, seen) = lint();
        let (listener, addr) = listen().await;
        let reached = Arc::new(Notify::new());
        let upstream = tokio::spawn(async move {
            let stream = TokioIo::new(accept(&listener).await);
            let is_reached = reached.clone();
            let service = hyper::service::service_fn(move |request: http::Request<Incoming>| {
                let reached = reached.clone();
                async move {
                    if request.uri().path() == "/never" {
                        reached.notify_one();
                        pending::<()>().await;
                    }
                    Ok::<_, Infallible>(Response::new(Full::new(Bytes::from("plain"))))
                }
            });
            let server = http2::Builder::new(TokioExecutor::new());
            tokio::select! {
                _ = server.serve_connection(stream, service) => panic!("the client stays"),
                () = within("the request", is_reached.notified()) => {}
            }
        });
        let mut client = gateway_by(&lint, |dials| dials, |pool| _ = pool.http2_only(true));
        for _ in 0..served {
            call(&mut client, request(&format!("http://{addr}/plain"), &[])).await;
        }
        let never = client.clone().oneshot(request(&format!("http://{addr}/never"), &[]));
        assert!(within("a call", never).await.is_err(), "nobody answers");
        within("the upstream", upstream).await.expect("it does not panic");
        let causes = seen.ends(1).await;
        assert!(
            matches!(causes[..], ["unknown" | "peer-closed-active"]),
            "after {served} responses: {causes:?}",
        );
    }
}

#[tokio::test]
async fn the_acceptor_of_axum_server_shows_as_wired() {
    let (lint, _) = lint();
    let acceptor = lint.clone();
    let handle = axum_server::Handle::new();
    let addr = "127.0.0.1:0".parse().expect("it is an address");
    let server = axum_server::bind(addr).handle(handle.clone());
    let server = server.map(move |inner| acceptor.acceptor(inner));
    tokio::spawn(server.serve(app().into_make_service()));
    let addr = within("the server", handle.listening()).await.expect("it listens");
    assert!(Peer::connect(addr).await.is_reusable().await, "it serves");
    assert_eq!(lint.snapshot().wired, [Part::Accept]);
}

#[tokio::test]
async fn a_close_that_nobody_reads_is_no_peer_that_closed_amid_a_request() {
    let (lint, seen) = lint();
    let server = Server::of(app()).await;
    let mut client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new())
        .build(lint.connector("gateway", HttpConnector::new()));
    call_20_times(&mut client, &server.url("/close"), &[]).await;
    let causes = seen.ends(20).await;
    assert!(!causes.contains(&"peer-closed-active"), "only the connector is wired: {causes:?}");
}
