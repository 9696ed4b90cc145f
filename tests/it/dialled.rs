//! Clients on hyper's own connections: what their dials, responses and ends tell.

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response, Version, header};
use http_body_util::Full;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tower::{Service, ServiceBuilder, ServiceExt as _};
use tower_conn_lint::connection::{Closer, DialError, EndCause, Side};
use tower_conn_lint::outbound::Dialled;
use tower_conn_lint::report::Reporter;
use tower_conn_lint::test_util::Recorder;
use tower_conn_lint::{ConnHandle, ConnLint, Preset, lint};

use crate::client::call;
use crate::raw::Peer;
use crate::server::{Server, listen};
use crate::within::within;

type Sender1 = http1::SendRequest<Full<Bytes>>;

async fn shake_hands(
    lint: &ConnLint,
    addr: SocketAddr,
) -> (Sender1, Dialled, JoinHandle<hyper::Result<()>>) {
    let dial = lint.dial("gateway", addr.to_string(), TcpStream::connect(addr));
    let (stream, dialled) = dial.await.expect("loopback accepts");
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("a handshake");
    (sender, dialled, tokio::spawn(connection))
}

fn request(connection: &[&str]) -> Request<Full<Bytes>> {
    let mut request = Request::get("/").header(header::HOST, "gateway");
    for line in connection {
        request = request.header(header::CONNECTION, *line);
    }
    request.body(Full::default()).expect("the request is well-formed")
}

fn handle(response: &Response<Bytes>) -> &ConnHandle {
    response.extensions().get().expect("a response carries its connection")
}

fn app() -> axum::Router {
    axum::Router::new().route("/", axum::routing::get(async || "hello"))
}

#[tokio::test]
async fn the_responses_of_http1_carry_their_connection_and_its_end_is_told() {
    let recorder = Recorder::new();
    let lint = recorder.lint(Preset::Recommended1);
    let server = Server::of(app()).await;
    let (sender, dialled, connection) = shake_hands(&lint, server.addr).await;
    let mut gateway = ServiceBuilder::new()
        .layer(lint.response_bodies())
        .layer(lint.outbound("gateway"))
        .service(dialled.sender(sender));
    for number in 1..=20 {
        let response = call(&mut gateway, request(&["close"])).await;
        let handle = handle(&response);
        assert_eq!((handle.request(), handle.side()), (number, Side::Outbound));
        assert_eq!(handle.peer_addr(), Some(server.addr));
        assert!(handle.local_addr().is_some());
    }
    assert_eq!(server.connections(), 1, "the close is gone from every request");
    recorder.assert_rewritten(lint::CLIENT_SENDS_CLOSE);
    recorder.assert_reused("gateway", 0.9);
    drop(gateway);
    within("the connection", connection).await.expect("it ends").expect("well");
    within("the end", recorder.all_ended()).await;
    recorder.assert_ended(EndCause::ClientDropped, Closer::Local);
    let ended = recorder.ended();
    assert!(ended[0].dial.is_some() && ended[0].bytes_in > 0, "{ended:?}");
}

#[tokio::test]
async fn the_responses_of_http2_carry_their_connection() {
    let recorder = Recorder::new();
    let lint = recorder.lint(Preset::Strict1);
    let server = Server::auto(app()).await;
    let dial = lint.dial("gateway", "gateway", TcpStream::connect(server.addr));
    let (stream, dialled) = dial.await.expect("loopback accepts");
    let shaken = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (sender, connection) = shaken.expect("a handshake");
    tokio::spawn(connection);
    let gateway = ServiceBuilder::new()
        .layer(lint.response_bodies())
        .layer(lint.outbound("gateway"))
        .service(dialled.sender(sender));
    for number in 1..=20 {
        let request = Request::get(server.url("/")).body(Full::<Bytes>::default());
        let response = call(&mut gateway.clone(), request.expect("a request")).await;
        assert_eq!(handle(&response).request(), number);
        assert_eq!(handle(&response).version(), Some(Version::HTTP_2));
    }
    drop(gateway);
    within("the end", recorder.all_ended()).await;
    recorder.assert_ended(EndCause::ClientDropped, Closer::Local);
    recorder.assert_no_findings();
}

#[tokio::test]
async fn a_dial_that_fails_is_counted_by_its_kind_and_its_error_is_the_same() {
    struct Kinds(std::sync::mpsc::Sender<(String, DialError)>);

    impl Reporter for Kinds {
        fn dial_failed(
            &self,
            _: &lint::Client,
            upstream: &tower_conn_lint::connection::Party,
            error: DialError,
            _: std::time::Duration,
        ) {
            _ = self.0.send((upstream.to_string(), error));
        }
    }

    let (sender, kinds) = std::sync::mpsc::channel();
    let lint = ConnLint::builder().reporter(Kinds(sender)).environment("").build();
    let (listener, addr) = listen().await;
    drop(listener);
    let refused = lint.dial("gateway", "a", TcpStream::connect(addr)).await;
    let refused = refused.expect_err("nobody listens");
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused, "it is the error of the dial");
    let hang = std::future::pending::<io::Result<TcpStream>>();
    drop(lint.dial("gateway", "b", hang));
    let told: Vec<_> = kinds.try_iter().collect();
    let expected = [
        ("gateway -> a".to_owned(), DialError::Refused),
        ("gateway -> b".to_owned(), DialError::GivenUp),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_call_that_is_given_up_ends_its_connection() {
    let recorder = Recorder::new();
    let lint = recorder.lint(Preset::Observe1);
    let (listener, addr) = listen().await;
    let (sender, dialled, _) = shake_hands(&lint, addr).await;
    let mut peer = accepted(&listener).await;
    let mut gateway =
        ServiceBuilder::new().layer(lint.outbound("gateway")).service(dialled.sender(sender));
    // After content, the bytes on the wire alone don't tell a request from the rest of one.
    let content =
        Request::post("/").header(header::HOST, "gateway").header(header::CONTENT_LENGTH, 7);
    let content = content.body(Full::from("content")).expect("the request is well-formed");
    let answer = async {
        peer.message().await.expect("the request comes");
        peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    };
    tokio::join!(call(&mut gateway, content), answer);
    let call = gateway.ready().await.expect("it is ready").call(request(&[]));
    let call = tokio::spawn(call);
    peer.message().await.expect("the request comes");
    call.abort();
    assert!(peer.is_closed().await, "HTTP/1 has no other way to give a call up");
    within("the end", recorder.all_ended()).await;
    recorder.assert_ended(EndCause::DroppedRequest, Closer::Local);
    drop(gateway);
}

#[tokio::test]
async fn a_call_that_fails_on_a_stale_connection_is_found_and_its_error_is_the_same() {
    let recorder = Recorder::new();
    let lint = recorder.lint(Preset::Strict1);
    let (listener, addr) = listen().await;
    let (sender, dialled, _) = shake_hands(&lint, addr).await;
    let mut peer = accepted(&listener).await;
    let mut gateway = ServiceBuilder::new()
        .layer(lint.response_bodies())
        .layer(lint.outbound("gateway"))
        .service(dialled.sender(sender));
    let answer = async {
        peer.message().await.expect("the request comes");
        peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    };
    tokio::join!(call(&mut gateway, request(&[])), answer);
    // The next request and the end of its connection cross.
    let again = gateway.ready().await.expect("it is ready").call(request(&[]));
    let leave = async {
        peer.message().await.expect("the request comes");
        drop(peer);
    };
    let (failed, ()) = within("a call", async { tokio::join!(again, leave) }).await;
    let Err(failed) = failed else { panic!("nobody answers") };
    let hyper = failed.inner::<hyper::Error>().expect("it is hyper's error");
    assert!(hyper.is_incomplete_message(), "{hyper}");
    recorder.assert_found(lint::STALE_REUSE);
}

async fn accepted(listener: &TcpListener) -> Peer {
    let (stream, _) = within("a dial", listener.accept()).await.expect("loopback accepts");
    Peer::new(stream)
}
