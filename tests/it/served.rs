//! Each way to serve gives handlers the same: their connection, its requests, and how it ended.

use std::io;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::{get, post};
use axum_server::accept::DefaultAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tower_conn_lint::connection::{Closer, EndCause, Ended};
use tower_conn_lint::inbound::PerConnection;
use tower_conn_lint::report::Reporter;
use tower_conn_lint::{ConnHandle, ConnLint};

use crate::raw::Peer;
use crate::server::listen;
use crate::tls::Tls;
use crate::within::within;

/// A lint that tells of each connection that ended.
fn lint() -> (ConnLint, mpsc::UnboundedReceiver<Ended>) {
    struct Ends(mpsc::UnboundedSender<Ended>);

    impl Reporter for Ends {
        fn ended(&self, connection: &Ended) {
            _ = self.0.send(connection.clone());
        }
    }

    let (sender, ends) = mpsc::unbounded_channel();
    (ConnLint::builder().reporter(Ends(sender)).environment("").build(), ends)
}

/// Handlers that tell what they know of their connection.
fn app() -> Router {
    let tell = |handle: ConnHandle| async move {
        format!("request {}, reused {}\n", handle.request(), handle.reused())
    };
    let close = |handle: ConnHandle| async move {
        match handle.close_after_response() {
            Ok(()) => "closing\n",
            Err(_) => "unsupported\n",
        }
    };
    Router::new().route("/", get(tell).post(tell)).route("/close", post(close))
}

/// By hyper-util.
async fn serve<T>(stream: T, service: PerConnection<Router>)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = TowerToHyperService::new(service);
    let server = auto::Builder::new(TokioExecutor::new());
    _ = server.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
}

/// Two requests on one connection, and then its end: by the peer.
async fn use_twice(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    assert_eq!(ask(&mut stream, "GET / ").await, "request 1, reused false");
    assert_eq!(ask(&mut stream, "POST / ").await, "request 2, reused true");
    stream.shutdown().await.expect("the end goes");
    let mut rest = Vec::new();
    _ = within("the other end", stream.read_to_end(&mut rest)).await;
}

/// The last line of a response.
async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), line: &str) -> String {
    let request = format!("{line}HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("a request goes");
    let mut response = Vec::new();
    while !response.ends_with(b"\n")
        || !response.windows(4).any(|bytes| bytes == b"\r\n\r\n")
        || response.ends_with(b"\r\n")
    {
        let read = within("a response", stream.read_buf(&mut response)).await;
        assert_ne!(read.expect("a response comes"), 0, "{}", response.escape_ascii());
    }
    let response = String::from_utf8(response).expect("it is text");
    response.lines().last().unwrap_or_default().to_owned()
}

async fn is_told(ends: &mut mpsc::UnboundedReceiver<Ended>) -> Ended {
    let ended = within("an end", ends.recv()).await.expect("the lint lives");
    assert_eq!(ended.requests, 2, "{ended:?}");
    assert_eq!(
        (ended.end.cause, ended.end.closer),
        (EndCause::PeerClosedIdle, Closer::Peer),
        "{ended:?}"
    );
    assert!(ended.bytes_in > 0 && ended.bytes_out > 0, "{ended:?}");
    ended
}

#[tokio::test]
async fn by_axum_over_tcp() {
    let (lint, mut ends) = lint();
    let (tcp, addr) = listen().await;
    // The caller's address is still there for handlers.
    let who = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { format!("{peer}\n") };
    let app = app().route("/who", get(who)).into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(lint.listener(tcp), lint.make_service(app));
    tokio::spawn(async move { served.await });

    use_twice(TcpStream::connect(addr).await.expect("a dial")).await;
    let ended = is_told(&mut ends).await;
    assert!(ended.peer.is_some() && ended.local == Some(addr), "{ended:?}");
    assert_eq!(ended.party.map(|party| party.to_string()).as_deref(), Some("127.0.0.1"));

    let mut stream = TcpStream::connect(addr).await.expect("a dial");
    let local = stream.local_addr().expect("it is bound").to_string();
    assert_eq!(ask(&mut stream, "GET /who ").await, local);
}

#[tokio::test]
async fn by_axum_over_a_unix_socket() {
    let (lint, mut ends) = lint();
    let path = std::env::temp_dir().join(format!("conn-lint-served-{}.sock", std::process::id()));
    let listener = UnixListener::bind(&path).expect("a socket is bound");
    let served = axum::serve(lint.listener(listener), lint.make_service(app()));
    tokio::spawn(async move { served.await });

    use_twice(UnixStream::connect(&path).await.expect("a dial")).await;
    _ = std::fs::remove_file(&path);
    let ended = is_told(&mut ends).await;
    assert_eq!((ended.local, ended.peer), (None, None), "a Unix socket has no address");
    assert_eq!(ended.party.map(|party| party.to_string()).as_deref(), Some("unix"));
}

#[tokio::test]
async fn by_axum_over_tls() {
    struct Listener(TcpListener, TlsAcceptor);

    impl axum::serve::Listener for Listener {
        type Io = tokio_rustls::server::TlsStream<TcpStream>;
        type Addr = SocketAddr;

        async fn accept(&mut self) -> (Self::Io, SocketAddr) {
            loop {
                let Ok((stream, peer)) = self.0.accept().await else { continue };
                if let Ok(stream) = self.1.accept(stream).await {
                    return (stream, peer);
                }
            }
        }

        fn local_addr(&self) -> io::Result<SocketAddr> {
            self.0.local_addr()
        }
    }

    let (lint, mut ends) = lint();
    let (tcp, addr) = listen().await;
    let tls = Tls::new();
    let listener = Listener(tcp, tls.acceptor());
    let served = axum::serve(lint.listener(listener), lint.make_service(app()));
    tokio::spawn(async move { served.await });

    let stream = TcpStream::connect(addr).await.expect("a dial");
    use_twice(tls.connect(stream).await).await;
    let ended = is_told(&mut ends).await;
    assert!(ended.peer.is_some(), "{ended:?}");
}

#[tokio::test]
async fn by_axum_server() {
    let (lint, mut ends) = lint();
    let handle = axum_server::Handle::new();
    let addr = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = axum_server::bind(addr).handle(handle.clone());
    let served = server.map(|acceptor| lint.acceptor(acceptor)).serve(app().into_make_service());
    tokio::spawn(served);
    let addr = within("the server", handle.listening()).await.expect("it listens");

    use_twice(TcpStream::connect(addr).await.expect("a dial")).await;
    let ended = is_told(&mut ends).await;
    assert!(ended.peer.is_some() && ended.local == Some(addr), "{ended:?}");
}

#[tokio::test]
async fn by_a_loop_of_hyper_util() {
    let (lint, mut ends) = lint();
    let (tcp, addr) = listen().await;
    tokio::spawn(async move {
        while let Ok((stream, peer)) = tcp.accept().await {
            let (stream, connection) = lint.accept(stream, peer);
            tokio::spawn(serve(stream, connection.service(app())));
        }
    });

    use_twice(TcpStream::connect(addr).await.expect("a dial")).await;
    let ended = is_told(&mut ends).await;
    assert!(ended.peer.is_some(), "{ended:?}");
}

#[tokio::test]
async fn by_a_loop_over_tls_from_below_it_and_from_above() {
    for is_above in [false, true] {
        let (lint, mut ends) = lint();
        let (tcp, addr) = listen().await;
        let tls = Tls::new();
        let acceptor = tls.acceptor();
        tokio::spawn(async move {
            while let Ok((stream, peer)) = tcp.accept().await {
                if is_above {
                    let stream = acceptor.accept(stream).await.expect("they agree");
                    let (stream, connection) = lint.accept(stream, peer);
                    tokio::spawn(serve(stream, connection.service(app())));
                } else {
                    let (stream, connection) = lint.accept(stream, peer);
                    let stream = acceptor.accept(stream).await.expect("they agree");
                    tokio::spawn(serve(stream, connection.service(app())));
                }
            }
        });

        let stream = TcpStream::connect(addr).await.expect("a dial");
        use_twice(tls.connect(stream).await).await;
        is_told(&mut ends).await;
    }
}

#[tokio::test]
async fn by_axum_server_over_tls_from_below_it_and_from_above() {
    for is_above in [false, true] {
        let (lint, mut ends) = lint();
        let tls = Tls::new();
        let acceptor = RustlsAcceptor::new(RustlsConfig::from_config(tls.server()));
        let handle = axum_server::Handle::new();
        let addr = SocketAddr::from(([127, 0, 0, 1], 0));
        let (server, app) = (axum_server::bind(addr).handle(handle.clone()), app());
        if is_above {
            let server = server.acceptor(lint.acceptor(acceptor));
            tokio::spawn(server.serve(app.into_make_service()));
        } else {
            let below = lint.acceptor(DefaultAcceptor::new());
            let server = server.acceptor(acceptor.acceptor(below));
            tokio::spawn(server.serve(app.into_make_service()));
        }
        let addr = within("the server", handle.listening()).await.expect("it listens");

        let stream = TcpStream::connect(addr).await.expect("a dial");
        use_twice(tls.connect(stream).await).await;
        let ended = is_told(&mut ends).await;
        assert!(ended.peer.is_some() && ended.local == Some(addr), "{ended:?}");
    }
}

#[tokio::test]
async fn by_our_loop_over_tcp() {
    let (lint, mut ends) = lint();
    let (tcp, addr) = listen().await;
    tokio::spawn(lint.serve(tcp, app()).into_future());

    use_twice(TcpStream::connect(addr).await.expect("a dial")).await;
    let ended = is_told(&mut ends).await;
    assert!(ended.peer.is_some() && ended.local == Some(addr), "{ended:?}");
}

#[tokio::test]
async fn by_our_loop_over_a_unix_socket() {
    let (lint, mut ends) = lint();
    let path = std::env::temp_dir().join(format!("conn-lint-loop-{}.sock", std::process::id()));
    let listener = UnixListener::bind(&path).expect("a socket is bound");
    tokio::spawn(lint.serve(listener, app()).into_future());

    use_twice(UnixStream::connect(&path).await.expect("a dial")).await;
    _ = std::fs::remove_file(&path);
    let ended = is_told(&mut ends).await;
    assert_eq!((ended.local, ended.peer), (None, None), "a Unix socket has no address");
    assert_eq!(ended.party.map(|party| party.to_string()).as_deref(), Some("unix"));
}

#[tokio::test]
async fn without_the_listener_the_closer_is_unknown() {
    let (lint, mut ends) = lint();
    let (tcp, addr) = listen().await;
    let served = axum::serve(tcp, lint.make_service(app()));
    tokio::spawn(async move { served.await });

    use_twice(TcpStream::connect(addr).await.expect("a dial")).await;
    let ended = within("an end", ends.recv()).await.expect("the lint lives");
    assert_eq!((ended.requests, ended.end.closer), (2, Closer::Unknown), "{ended:?}");
    assert_eq!(ended.end.cause, EndCause::Unknown, "nobody saw the socket: {ended:?}");
}

#[tokio::test]
async fn tls_is_seen_behind_a_proxys_preamble() {
    let (lint, mut ends) = lint();
    let (tcp, addr) = listen().await;
    let mut peer = Peer::connect(addr).await;
    let (stream, from) = tcp.accept().await.expect("it was dialled");
    let (mut stream, _connection) = lint.accept(stream, from);
    let hello = &[22, 3, 1, 0, 5, 1, 0, 0, 1, 0][..];
    let close_notify = &[21, 3, 3, 0, 2, 1, 0][..];
    for bytes in [&b"PROXY UNKNOWN\r\n"[..], hello, close_notify] {
        peer.send(bytes).await;
        let mut read = vec![0; bytes.len()];
        within("a read", stream.read_exact(&mut read)).await.expect("it came");
        if bytes == hello {
            stream.write_all(&[22, 3, 3, 0, 1, 2]).await.expect("an answer goes");
        }
    }
    stream.shutdown().await.expect("our end goes");
    drop(stream);
    let ended = within("an end", ends.recv()).await.expect("the lint lives");
    assert_eq!(ended.end.cause, EndCause::NeverUsed, "a handshake is no bad request: {ended:?}");
}

#[tokio::test]
async fn without_make_service_no_request_is_denied() {
    let (lint, mut ends) = lint();
    let (tcp, addr) = listen().await;
    let app = Router::new().route("/", get(async || "hello")).layer(lint.inbound());
    let served = axum::serve(lint.listener(tcp), app);
    tokio::spawn(async move { served.await });

    Peer::connect(addr).await.ask("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let ended = within("an end", ends.recv()).await.expect("the lint lives");
    assert_eq!(ended.end.cause, EndCause::Unknown, "nobody saw its requests: {ended:?}");
    assert_eq!(ended.end.closer, Closer::Peer, "but its end was seen: {ended:?}");
}

#[tokio::test]
async fn a_handler_closes_after_its_response() {
    let (lint, mut ends) = lint();
    let (tcp, addr) = listen().await;
    let app = app().layer(lint.inbound());
    let served = axum::serve(lint.listener(tcp), lint.make_service(app));
    tokio::spawn(async move { served.await });

    let mut stream = TcpStream::connect(addr).await.expect("a dial");
    assert_eq!(ask(&mut stream, "POST /close ").await, "closing");
    let mut rest = Vec::new();
    within("the end", stream.read_to_end(&mut rest)).await.expect("the server closes");
    let ended = within("an end", ends.recv()).await.expect("the lint lives");
    assert_eq!((ended.end.cause, ended.end.closer), (EndCause::ResponseClose, Closer::Local));
}

#[tokio::test]
async fn handlers_go_on_and_learn_nothing_where_every_lint_is_off() {
    let lint = ConnLint::builder().environment("off").build();
    let (tcp, addr) = listen().await;
    let app = app().layer(lint.inbound());
    let served = axum::serve(lint.listener(tcp), lint.make_service(app));
    tokio::spawn(async move { served.await });

    let mut stream = TcpStream::connect(addr).await.expect("a dial");
    for _ in 0..2 {
        assert_eq!(ask(&mut stream, "GET / ").await, "request 0, reused false");
        assert_eq!(ask(&mut stream, "POST /close ").await, "unsupported");
    }
}
