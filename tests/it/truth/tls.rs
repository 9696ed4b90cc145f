//! Connections under TLS, wired below it, at the socket, and above it, where HTTP is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use axum_server::accept::{Accept, DefaultAcceptor};
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Builder, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};
use tower::util::BoxCloneSyncService;
use tower::{Layer as _, ServiceBuilder, ServiceExt as _};
use tower_conn_lint::connection::{EndCause as C, TrackedBody};
use tower_conn_lint::outbound;

use super::Table;
use super::row::{Done, First};
use super::scene::{Scene, Site};
use crate::client::{call, get as request};
use crate::server::listen;
use crate::tls::{Alpn, Tls};
use crate::within::within;

/// Where the lint stands, on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wired {
    Below,
    Above,
}

/// A scene under TLS.
struct Stage {
    scene: Scene,
    tls: Tls,
    wired: Wired,
    alpn: Alpn,
}

/// Counts what is accepted.
#[derive(Clone)]
struct Counting(Arc<AtomicUsize>);

type Caller =
    BoxCloneSyncService<Request<Full<Bytes>>, Response<TrackedBody<Incoming>>, outbound::Error>;

const SHORT: Duration = Duration::from_millis(20);
const MIB: usize = 1 << 20;
const TIMES: usize = 20;

pub(super) fn rows(table: &mut Table) {
    for alpn in [Alpn::Http1, Alpn::Http2] {
        reqwest(table, alpn);
    }
    for wired in [Wired::Below, Wired::Above] {
        for alpn in [Alpn::Http1, Alpn::Http2] {
            pools(table, wired, alpn);
            bodies(table, wired, alpn);
            ends(table, wired, alpn);
        }
        messages(table, wired);
        callers(table, wired);
        upstreams(table, wired);
    }
}

/// The client shows no ends: see the rows of reqwest.
fn reqwest(table: &mut Table, alpn: Alpn) {
    for (what, path, cause) in [
        ("a handler sends close", "/close", C::ResponseClose),
        ("a client for each request", "/bytes/5", C::Unknown),
    ] {
        if (alpn, cause) == (Alpn::Http2, C::ResponseClose) {
            continue;
        }
        let what = named(what, Wired::Below, alpn).replace("wired below", "reqwest");
        table.act(&what, async move |what| {
            let stage = Stage::new(Wired::Below, alpn);
            let site = stage.serve(app()).await;
            let lint = &stage.scene.client.lint;
            for _ in 0..TIMES {
                let client = stage.tls.reqwest(alpn);
                let client = client.connector_layer(lint.connector_layer("gateway")).build();
                let gateway = lint.outbound("gateway").layer(client.expect("it is built"));
                let request = reqwest::Request::new(Method::GET, url(&site, path).parse().unwrap());
                let response = within("a call", gateway.oneshot(request)).await;
                let body = response.expect("it succeeds").bytes();
                within("a body", body).await.expect("it is read");
            }
            let (first, server): (_, &[C]) = match cause {
                C::ResponseClose => (First::Race, &[C::ResponseClose]),
                _ => (stage.leaving(), stage.left()),
            };
            let client: &[C] =
                if cause == C::ResponseClose { &[C::ResponseClose] } else { &[C::Unknown] };
            let done = stage.done(what, TIMES, first).server(server).hidden(client);
            Some(done.row(&stage.scene, &site).await)
        });
    }
}

/// On HTTP/2 hyper takes the option off.
fn messages(table: &mut Table, wired: Wired) {
    for (what, path, connection, cause) in [
        ("a handler sends close", "/close", &[][..], &[C::ResponseClose][..]),
        ("a client of hyper-util sends close", "/bytes/5", &["close"], &[C::RequestClose]),
    ] {
        table.act(&named(what, wired, Alpn::Http1), async move |what| {
            let stage = Stage::new(wired, Alpn::Http1);
            let site = stage.serve(app()).await;
            let mut caller = stage.caller();
            for _ in 0..TIMES {
                call(&mut caller, request(&url(&site, path), connection)).await;
            }
            drop(caller);
            let done = stage.done(what, TIMES, First::Race).server(cause).client(cause);
            Some(done.row(&stage.scene, &site).await)
        });
    }
}

fn pools(table: &mut Table, wired: Wired, alpn: Alpn) {
    table.act(&named("a client for each request", wired, alpn), async move |what| {
        let stage = Stage::new(wired, alpn);
        let site = stage.serve(app()).await;
        for _ in 0..TIMES {
            call(&mut stage.caller(), request(&url(&site, "/bytes/5"), &[])).await;
        }
        let done = stage.done(what, TIMES, stage.leaving());
        let done = done.server(stage.left()).client(&[C::ClientDropped]);
        Some(done.row(&stage.scene, &site).await)
    });
    table.act(&named("an idle timeout of 20 ms, declared", wired, alpn), async move |what| {
        let stage = Stage::new(wired, alpn);
        let site = stage.serve(app()).await;
        let mut caller = stage.caller_of(|pool| _ = pool.pool_idle_timeout(SHORT), Some(SHORT));
        for number in 1..=3 {
            call(&mut caller, request(&url(&site, "/bytes/5"), &[])).await;
            stage.scene.client.ends(&what, number).await;
        }
        // That of HTTP/2 runs from when the pool gave the connection out.
        let done = stage.done(what, 3, stage.leaving());
        let done = done.server(stage.left()).client(&[C::IdleTimeout, C::ClosedIdleLocal]);
        let row = done.row(&stage.scene, &site).await;
        drop(caller);
        Some(row)
    });
}

/// A stream of HTTP/2 is reset, and its connection goes on.
fn bodies(table: &mut Table, wired: Wired, alpn: Alpn) {
    table.act(&named("a response body of 1 MiB is dropped", wired, alpn), async move |what| {
        let stage = Stage::new(wired, alpn);
        let site = stage.serve(app()).await;
        let caller = stage.caller();
        for _ in 0..TIMES {
            let request = request(&url(&site, &format!("/bytes/{MIB}")), &[]);
            let response = within("a call", caller.clone().oneshot(request)).await;
            drop(response.expect("the call succeeds"));
        }
        // So that nothing of it is unread as the client ends.
        call(&mut caller.clone(), request(&url(&site, "/bytes/5"), &[])).await;
        drop(caller);
        let done = stage.done(what, TIMES + 1, stage.leaving());
        let (server, client): (&[C], &[C]) = match alpn {
            Alpn::Http1 => (
                &[C::PeerClosedIdle, C::PeerClosedActive, C::Reset],
                &[C::DroppedResponseBody, C::ClientDropped],
            ),
            Alpn::Http2 => (stage.left(), &[C::ClientDropped]),
        };
        Some(done.server(server).client(client).row(&stage.scene, &site).await)
    });
}

fn ends(table: &mut Table, wired: Wired, alpn: Alpn) {
    table.act(&named("a graceful shutdown, idle", wired, alpn), async move |what| {
        let stage = Stage::new(wired, alpn);
        let mut site = stage.serve(app()).await;
        let callers: Vec<_> = (0..TIMES).map(|_| stage.caller()).collect();
        for caller in &callers {
            call(&mut caller.clone(), request(&url(&site, "/bytes/5"), &[])).await;
        }
        site.stop();
        // A client of HTTP/2 is told, and may be first.
        let (first, client): (_, &[C]) = match alpn {
            Alpn::Http1 => (First::Server, &[C::PeerClosedIdle]),
            // Under TLS nobody reads its GOAWAY.
            Alpn::Http2 if wired == Wired::Below => {
                (First::Race, &[C::ClosedIdleLocal, C::PeerClosedIdle])
            }
            Alpn::Http2 => (First::Race, &[C::GoAway, C::ClosedIdleLocal, C::PeerClosedIdle]),
        };
        let done = stage.done(what, TIMES, first).server(&[C::Drain]).client(client);
        let row = done.row(&stage.scene, &site).await;
        drop(callers);
        Some(row)
    });
    // Of a first request nobody below TLS can tell it from a handshake's rest.
    table.act(&named("a caller gives up", wired, alpn), async move |what| {
        let stage = Stage::new(wired, alpn);
        let reached = Arc::new(Semaphore::new(0));
        let handler = reached.clone();
        let never = async move || {
            handler.add_permits(1);
            std::future::pending::<&str>().await
        };
        let site = stage.serve(app().route("/never", get(never))).await;
        let caller = stage.caller();
        for _ in 0..TIMES {
            call(&mut caller.clone(), request(&url(&site, "/bytes/5"), &[])).await;
            let call = caller.clone().oneshot(request(&url(&site, "/never"), &[]));
            tokio::select! {
                _ = call => panic!("the handler never answers"),
                permit = within("the handler", reached.acquire()) => {
                    permit.expect("it is never closed").forget();
                }
            }
        }
        // So that what was given up is over before the client ends.
        call(&mut caller.clone(), request(&url(&site, "/bytes/5"), &[])).await;
        drop(caller);
        let done = stage.done(what, 2 * TIMES + 1, stage.leaving());
        let (server, client): (&[C], &[C]) = match alpn {
            Alpn::Http1 => {
                (&[C::PeerClosedActive, C::PeerClosedIdle], &[C::DroppedRequest, C::ClientDropped])
            }
            Alpn::Http2 => (stage.left(), &[C::ClientDropped]),
        };
        Some(done.server(server).client(client).row(&stage.scene, &site).await)
    });
}

/// Callers of TLS, each ending in its own way.
fn callers(table: &mut Table, wired: Wired) {
    const REQUEST: &[u8] = b"GET /bytes/5 HTTP/1.1\r\nhost: x\r\n\r\n";

    table.act(&named("a caller closes idle", wired, Alpn::Http1), async move |what| {
        let stage = Stage::new(wired, Alpn::Http1);
        let site = stage.serve(app()).await;
        for _ in 0..TIMES {
            let mut caller = stage.asked(&site, REQUEST).await;
            caller.shutdown().await.expect("its end goes");
        }
        let done = stage.done(what, TIMES, First::Client).server(&[C::PeerClosedIdle]);
        Some(done.row(&stage.scene, &site).await)
    });
    table.act(
        &named("a caller closes idle, without a word", wired, Alpn::Http1),
        async move |what| {
            let stage = Stage::new(wired, Alpn::Http1);
            let site = stage.serve(app()).await;
            for _ in 0..TIMES {
                drop(stage.asked(&site, REQUEST).await.into_inner());
            }
            let done = stage.done(what, TIMES, First::Client).server(&[C::PeerClosedIdle]);
            Some(done.row(&stage.scene, &site).await)
        },
    );
    table.act(&named("what is within TLS is no HTTP", wired, Alpn::Http1), async move |what| {
        let stage = Stage::new(wired, Alpn::Http1);
        let site = stage.serve(app()).await;
        for _ in 0..TIMES {
            let mut caller = stage.connect(&site).await;
            caller.write_all(b"no HTTP\r\n\r\n").await.expect("it goes");
            _ = within("the end", caller.read_to_end(&mut Vec::new())).await;
        }
        let causes: &[C] = match wired {
            Wired::Below => &[C::Unknown],
            Wired::Above => &[C::BadRequest],
        };
        let done = stage.done(what, 0, First::Server).server(causes);
        Some(done.row(&stage.scene, &site).await)
    });
    if wired == Wired::Above {
        // Nothing above TLS hears of a handshake that fails.
        return;
    }
    table.act(
        &named("a caller says that it ends, and waits", wired, Alpn::Http1),
        async move |what| {
            let stage = Stage::new(wired, Alpn::Http1);
            let site = stage.serve(app()).await;
            for _ in 0..TIMES {
                let mut caller = stage.asked(&site, REQUEST).await;
                caller.get_mut().1.send_close_notify();
                caller.flush().await.expect("it goes");
                _ = within("the end", caller.read_to_end(&mut Vec::new())).await;
            }
            let done = stage.done(what, TIMES, First::Race).server(&[C::PeerClosedIdle]);
            Some(done.row(&stage.scene, &site).await)
        },
    );
    table.act(&named("a caller that never asks", wired, Alpn::Http1), async move |what| {
        let stage = Stage::new(wired, Alpn::Http1);
        let site = stage.serve(app()).await;
        for _ in 0..TIMES {
            let mut caller = stage.connect(&site).await;
            caller.shutdown().await.expect("its end goes");
            _ = within("the end", caller.read_to_end(&mut Vec::new())).await;
        }
        let done = stage.done(what, 0, First::Race).server(&[C::NeverUsed]);
        Some(done.row(&stage.scene, &site).await)
    });
    table.act(&named("a certificate that does not fit", wired, Alpn::Http1), async move |what| {
        let stage = Stage::new(wired, Alpn::Http1);
        let site = stage.serve(app()).await;
        let caller = Stage { tls: Tls::new(), ..Stage::new(wired, Alpn::Http1) };
        for _ in 0..TIMES {
            let request = request(&url(&site, "/bytes/5"), &[]);
            let failed = within("a call", caller.caller().oneshot(request)).await;
            failed.map(|_| ()).expect_err("its certificate is another's");
        }
        let done = stage.done(what, 0, First::Race).server(&[C::NeverUsed, C::Unknown]);
        let scene = Scene { server: stage.scene.server, client: caller.scene.client };
        Some(done.client(&[C::Unknown]).row(&scene, &site).await)
    });
}

fn upstreams(table: &mut Table, wired: Wired) {
    table.act(&named("an upstream closes idle", wired, Alpn::Http1), async move |what| {
        let stage = Stage::new(wired, Alpn::Http1);
        let (listener, addr) = listen().await;
        let acceptor = stage.tls.acceptor();
        let upstream = tokio::spawn(async move {
            for _ in 0..TIMES {
                let (stream, _) = listener.accept().await.expect("loopback accepts");
                let mut stream = acceptor.accept(stream).await.expect("they agree");
                let mut read = Vec::new();
                while !read.ends_with(b"\r\n\r\n") {
                    within("a request", stream.read_buf(&mut read)).await.expect("it is read");
                }
                let response = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                stream.write_all(response).await.expect("it goes");
                stream.shutdown().await.expect("its end goes");
                within("the end", stream.read_to_end(&mut Vec::new())).await.expect("it comes");
            }
        });
        let mut caller = stage.caller();
        for number in 1..=TIMES {
            call(&mut caller, request(&format!("https://{addr}/"), &[])).await;
            stage.scene.client.ends(&what, number).await;
        }
        upstream.await.expect("the upstream saw all");
        drop(caller);
        let done = stage.done(what, TIMES, First::Server).client(&[C::PeerClosedIdle]);
        Some(done.row_at(&stage.scene, addr, || TIMES).await)
    });
}

// === impl Stage ===

impl Stage {
    fn new(wired: Wired, alpn: Alpn) -> Stage {
        Stage { scene: Scene::new(), tls: Tls::new(), wired, alpn }
    }

    /// By axum-server.
    async fn serve(&self, app: Router) -> Site {
        let (listener, addr) = listen().await;
        let listener = listener.into_std().expect("it leaves its runtime");
        let accepted = Arc::new(AtomicUsize::new(0));
        let counting = Counting(accepted.clone());
        let lint = self.scene.server.lint.clone();
        let app = app.layer(lint.inbound()).into_make_service();
        let handle = axum_server::Handle::new();
        let server = axum_server::from_tcp(listener).expect("it listens").handle(handle.clone());
        let tls = RustlsAcceptor::new(RustlsConfig::from_config(self.tls.server()));
        let (stop, stopped) = oneshot::channel();
        let signal = lint.shutdown_signal(async {
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
        });
        let stopping = async move {
            signal.await;
            handle.graceful_shutdown(None);
        };
        let task = match self.wired {
            Wired::Below => {
                let server = server.acceptor(tls.acceptor(lint.acceptor(counting)));
                tokio::spawn(async move { _ = tokio::join!(server.serve(app), stopping) })
            }
            Wired::Above => {
                let server = server.acceptor(lint.acceptor(tls.acceptor(counting)));
                tokio::spawn(async move { _ = tokio::join!(server.serve(app), stopping) })
            }
        };
        Site::new(addr, accepted, task, stop)
    }

    fn done(&self, what: String, requests: usize, first: First) -> Done {
        let veiled = self.wired == Wired::Above;
        Done { announced: true, veiled, ..Done::new(what, requests, first) }
    }

    /// Of HTTP/2 a server hears that its client leaves, and may be first.
    fn leaving(&self) -> First {
        if self.alpn == Alpn::Http2 { First::Race } else { First::Client }
    }

    /// What a server says then. Above TLS nobody knows who was.
    fn left(&self) -> &'static [C] {
        match (self.wired, self.alpn) {
            (_, Alpn::Http1) => &[C::PeerClosedIdle],
            (Wired::Below, Alpn::Http2) => &[C::PeerClosedIdle, C::ClosedIdleLocal],
            (Wired::Above, Alpn::Http2) => &[C::PeerClosedIdle, C::Unknown],
        }
    }

    fn caller(&self) -> Caller {
        self.caller_of(|_| {}, None)
    }

    /// With settings of its pool, and its idle timeout as it is declared.
    fn caller_of(&self, settings: impl FnOnce(&mut Builder), idle: Option<Duration>) -> Caller {
        let lint = &self.scene.client.lint;
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        let mut builder = Client::builder(TokioExecutor::new());
        settings(builder.pool_timer(TokioTimer::new()));
        let layers =
            ServiceBuilder::new().layer(lint.response_bodies()).layer(lint.outbound("gateway"));
        match self.wired {
            Wired::Below => {
                let mut connector = lint.connector("gateway", http);
                if let Some(idle) = idle {
                    connector = connector.pool(idle, usize::MAX);
                }
                let pool = builder.build(self.tls.https(self.alpn, connector));
                BoxCloneSyncService::new(layers.service(pool))
            }
            Wired::Above => {
                let mut connector = lint.connector("gateway", self.tls.https(self.alpn, http));
                if let Some(idle) = idle {
                    connector = connector.pool(idle, usize::MAX);
                }
                BoxCloneSyncService::new(layers.service(builder.build(connector)))
            }
        }
    }

    /// A raw connection.
    async fn connect(&self, site: &Site) -> tokio_rustls::client::TlsStream<TcpStream> {
        let stream = TcpStream::connect(site.addr).await.expect("loopback accepts");
        self.tls.connect(stream).await
    }

    /// The same, that asked and read its answer.
    async fn asked(
        &self,
        site: &Site,
        request: &[u8],
    ) -> tokio_rustls::client::TlsStream<TcpStream> {
        let mut stream = self.connect(site).await;
        stream.write_all(request).await.expect("the request goes");
        let mut read = Vec::new();
        while !read.ends_with(b"xxxxx") {
            let count = within("a read", stream.read_buf(&mut read)).await;
            assert!(count.expect("it can be read") > 0, "an answer comes before the end");
        }
        stream
    }
}

// === impl Counting ===

impl<S: Send + 'static> Accept<TcpStream, S> for Counting {
    type Stream = TcpStream;
    type Service = S;
    type Future = <DefaultAcceptor as Accept<TcpStream, S>>::Future;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        self.0.fetch_add(1, Ordering::Relaxed);
        DefaultAcceptor::new().accept(stream, service)
    }
}

// === fixtures ===

fn named(what: &str, wired: Wired, alpn: Alpn) -> String {
    let wired = match wired {
        Wired::Below => "below",
        Wired::Above => "above",
    };
    match alpn {
        Alpn::Http1 => format!("TLS, wired {wired}: {what}"),
        Alpn::Http2 => format!("TLS and HTTP/2, wired {wired}: {what}"),
    }
}

fn url(site: &Site, path: &str) -> String {
    format!("https://{}{path}", site.addr)
}

fn app() -> Router {
    let close = || async { ([(header::CONNECTION, "close")], "close") };
    Router::new()
        .route("/bytes/{count}", get(|count: Path<usize>| async move { "x".repeat(*count) }))
        .route("/close", get(close))
}
