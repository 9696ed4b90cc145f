//! Connections that end by a body that was not read to its end.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use bytes::Bytes;
use http::{HeaderName, Request, header};
use http_body_util::Full;
use tokio::sync::Notify;
use tower::ServiceExt as _;
use tower_conn_lint::connection::EndCause as C;

use super::Table;
use super::row::{Done, First};
use super::scene::{Caller, Scene};
use crate::client::{call, get as request};
use crate::raw::Peer;
use crate::within::within;

const KIB: usize = 1 << 10;

pub(super) fn rows(table: &mut Table) {
    dropped_responses(table);
    dropped_requests(table);
    unread_requests(table);
    unread_with_expect(table);
    streamed_responses(table);
}

/// hyper asks no more for the end of a body of which it wrote all that its length announces.
fn streamed_responses(table: &mut Table) {
    for (what, head, cause, first) in [
        (
            "a stream of a declared length, and the caller closes idle",
            "",
            &[C::PeerClosedIdle][..],
            First::Client,
        ),
        (
            "a stream of a declared length, and the request says close",
            "connection: close\r\n",
            &[C::RequestClose],
            First::Server,
        ),
    ] {
        table.act(what, async move |what| {
            let scene = Scene::new();
            let site = scene.serve(app()).await;
            for _ in 0..20 {
                let mut peer = Peer::connect(site.addr).await;
                peer.ask(format!("GET /stream HTTP/1.1\r\nhost: x\r\n{head}\r\n")).await;
                if first == First::Server {
                    peer.rest().await;
                }
            }
            Some(Done::new(what, 20, first).server(cause).row(&scene, &site).await)
        });
    }
}

/// Where hyper had not read the whole body, it shuts down, and closes with bytes unread: an end
/// goes, and then a reset, of which the server may see either first.
fn dropped_responses(table: &mut Table) {
    for (what, bytes) in [
        ("a response body of 2 B is dropped", 2),
        ("a response body of 64 KiB is dropped", 64 * KIB),
        ("a response body of 1 MiB is dropped", KIB * KIB),
    ] {
        table.act(what, async move |what| {
            let scene = Scene::new();
            let site = scene.serve(app()).await;
            let caller = scene.caller();
            for _ in 0..20 {
                let request = request(&site.url(&format!("/bytes/{bytes}")), &[]);
                let response = within("a call", caller.clone().oneshot(request)).await;
                drop(response.expect("the call succeeds"));
            }
            // What survives ends with the client, and not by the last body.
            call(&mut caller.clone(), request(&site.url("/bytes/2"), &[])).await;
            drop(caller);
            let done = Done::new(what, 21, First::Client);
            let (server, client): (&[C], &[C]) = match bytes {
                2 => (&[C::PeerClosedIdle], &[C::ClientDropped, C::DroppedResponseBody]),
                _ => (&[C::PeerClosedIdle, C::Reset], &[C::DroppedResponseBody, C::ClientDropped]),
            };
            Some(done.server(server).client(client).row(&scene, &site).await)
        });
    }
}

fn dropped_requests(table: &mut Table) {
    for (what, captures) in
        [("a caller gives up, its connection captured", true), ("a caller gives up", false)]
    {
        table.act(what, async move |what| {
            let scene = Scene::new();
            let reached = Arc::new(Notify::new());
            let never = async |State(reached): State<Arc<Notify>>| {
                reached.notify_one();
                pending::<&str>().await
            };
            let app = Router::new().route("/never", get(never)).with_state(reached.clone());
            let site = scene.serve(app).await;
            let caller = if captures { scene.capturing_caller() } else { scene.caller() };
            for _ in 0..20 {
                let call = caller.clone().oneshot(request(&site.url("/never"), &[]));
                tokio::select! {
                    _ = call => panic!("the handler never answers"),
                    () = within("the handler", reached.notified()) => {}
                }
            }
            let done = Done::new(what, 20, First::Client).client(&[C::DroppedRequest]);
            let row = done.server(&[C::PeerClosedActive]).row(&scene, &site).await;
            drop(caller);
            Some(row)
        });
    }
}

/// What hyper has not read when the handler answers, it does not read any more but for a little.
fn unread_requests(table: &mut Table) {
    for (what, bytes) in [
        ("a request body of 8 KiB is left unread", 8 * KIB),
        ("a request body of 64 KiB is left unread", 64 * KIB),
        ("a request body of 1 MiB is left unread", KIB * KIB),
    ] {
        table.act(what, async move |what| {
            let scene = Scene::new();
            let site = scene.serve(app()).await;
            let caller = scene.caller();
            for _ in 0..20 {
                send(&caller, &site.url("/unread"), bytes).await;
            }
            drop(caller);
            // What a client writes after its answer may be the rest, or another request: unknown.
            let (server, client, first): (&[C], &[C], _) = match bytes {
                8192 => (
                    &[C::PeerClosedIdle, C::UnreadRequestBody],
                    &[
                        C::ClientDropped,
                        C::PeerClosedIdle,
                        C::Reset,
                        C::PeerClosedActive,
                        C::Unknown,
                    ],
                    First::Race,
                ),
                _ => (
                    &[C::UnreadRequestBody],
                    &[C::PeerClosedIdle, C::PeerClosedActive, C::Reset, C::Unknown],
                    First::Server,
                ),
            };
            let done = Done::new(what, 20, first);
            Some(done.server(server).client(client).row(&scene, &site).await)
        });
    }
}

/// The caller waits to be told to go on, and so for our end.
fn unread_with_expect(table: &mut Table) {
    for (what, bytes) in [
        ("Expect: 100-continue with 8 KiB, left unread", 8 * KIB),
        ("Expect: 100-continue with 64 KiB, left unread", 64 * KIB),
        ("Expect: 100-continue with 1 MiB, left unread", KIB * KIB),
    ] {
        table.act(what, async move |what| {
            let scene = Scene::new();
            let site = scene.serve(app()).await;
            for _ in 0..20 {
                let mut peer = Peer::connect(site.addr).await;
                peer.send(format!(
                    "POST /unread HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n\
                     content-length: {bytes}\r\n\r\n"
                ))
                .await;
                peer.rest().await;
            }
            let done = Done::new(what, 20, First::Server).server(&[C::UnreadRequestBody]);
            Some(done.row(&scene, &site).await)
        });
    }
}

/// Whether it can be answered, and the answer be read, is a race against our reset.
async fn send(caller: &Caller, url: &str, bytes: usize) {
    let body = Full::new(Bytes::from(vec![b'x'; bytes]));
    let request = Request::post(url).body(body).expect("the request is well-formed");
    if let Ok(response) = within("a call", caller.clone().oneshot(request)).await {
        _ = http_body_util::BodyExt::collect(response.into_body()).await;
    }
}

fn app() -> Router {
    Router::new()
        .route("/bytes/{count}", get(|count: Path<usize>| async move { "x".repeat(*count) }))
        .route("/unread", post(|| async { "unread" }))
        .route("/stream", get(stream))
}

async fn stream() -> ([(HeaderName, &'static str); 1], Body) {
    let parts = ["hel", "lo"].map(Ok::<_, Infallible>);
    ([(header::CONTENT_LENGTH, "5")], Body::from_stream(futures_util::stream::iter(parts)))
}
