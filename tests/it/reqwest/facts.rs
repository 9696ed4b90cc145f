//! What reqwest does, and its adapter rests on. Where an upgrade of reqwest breaks one of these, the
//! adapter has to be looked at.

use std::future::{Future as _, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use http::{HeaderMap, HeaderValue, header};
use tower::layer::layer_fn;
use tower::util::MapRequest;

use super::{client, get};
use crate::tls;
use crate::upstream::Upstream;
use crate::within::within;

tokio::task_local! {
    static IN_CALL: ();
}

/// Why a default `close` has no other cure than a field of the request's own.
#[tokio::test]
async fn default_fields_are_added_below_every_layer_unless_the_request_has_its_own() {
    let close = HeaderMap::from_iter([(header::CONNECTION, HeaderValue::from_static("close"))]);
    let client = tls::reqwest().default_headers(close).build().expect("it is built");
    let upstream = Upstream::plain().await;
    for keeps in [false, true] {
        let before = upstream.connections();
        for _ in 0..20 {
            let mut request = get(&upstream.url("/"));
            // As a layer would.
            request.headers_mut().remove(header::CONNECTION);
            if keeps {
                let keep_alive = HeaderValue::from_static("keep-alive");
                request.headers_mut().insert(header::CONNECTION, keep_alive);
            }
            let response = within("a call", client.execute(request)).await.expect("it succeeds");
            within("a body", response.bytes()).await.expect("it is read");
        }
        let dialled = upstream.connections() - before;
        let says_close = upstream.take().iter().filter(|sent| sent.says("close")).count();
        match keeps {
            false => assert_eq!((says_close, dialled), (20, 20), "what was removed comes again"),
            true => assert!(says_close == 0 && dialled <= 5, "{dialled} dials"),
        }
    }
}

/// Why a dial belongs to the call that is polled, and one in the first poll to its own URL.
#[tokio::test]
async fn a_dial_begins_as_its_call_is_polled_first_and_a_redirects_later() {
    let target = Upstream::plain().await;
    let location = format!(
        "HTTP/1.1 302 Found\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n",
        target.url("/target")
    );
    let location: &'static str = location.leak();
    REDIRECT.set(location).expect("it is set once");
    let upstream = Upstream::answering(|_| REDIRECT.get().expect("it is set").as_bytes()).await;

    let (within_calls, others) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counters = (within_calls.clone(), others.clone());
    let builder = tls::reqwest().connector_layer(layer_fn(move |connector| {
        let (within_calls, others) = counters.clone();
        MapRequest::new(connector, move |request| {
            let is_within = IN_CALL.try_with(|()| ()).is_ok();
            let counter = if is_within { &within_calls } else { &others };
            counter.fetch_add(1, Ordering::Relaxed);
            request
        })
    }));
    let client = builder.build().expect("it is built");
    let call = IN_CALL.scope((), client.get(upstream.url("/")).send());
    let mut call = std::pin::pin!(call);
    let first = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))).await;
    assert!(first.is_pending(), "an answer takes its time");
    assert_eq!(within_calls.load(Ordering::Relaxed), 1, "the dial began");
    let response = within("a call", call).await.expect("it succeeds");
    assert_eq!(within_calls.load(Ordering::Relaxed), 2, "and the redirect's after it");
    assert_eq!(others.load(Ordering::Relaxed), 0, "none outside of the call");
    assert_eq!(response.url().as_str(), target.url("/target"), "the final URL is told");
    assert_eq!(response.remote_addr(), Some(target.addr), "and the final address");
}

/// Why a `close` of the request's counts on the connection of the final response, too.
#[tokio::test]
async fn a_redirect_is_followed_with_the_connection_field_of_the_request() {
    let upstream = Upstream::answering(|request| match request.path() {
        "/" => b"HTTP/1.1 302 Found\r\nlocation: /target\r\ncontent-length: 0\r\n\r\n",
        _ => b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
    })
    .await;
    let call = client().get(upstream.url("/")).header("connection", "close").send();
    within("a call", call).await.expect("it succeeds");
    let sent = upstream.take();
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|sent| sent.says("close")), "{}", sent[1].head);
}

/// Why the end of the connector is the end of the client.
#[tokio::test]
async fn a_client_drops_its_connector_as_it_is_dropped() {
    let held = Arc::new(());
    let upstream = Upstream::plain().await;
    let holder = held.clone();
    let builder = tls::reqwest().connector_layer(layer_fn(move |connector| {
        let held = holder.clone();
        MapRequest::new(connector, move |request| {
            _ = &held;
            request
        })
    }));
    let client = builder.build().expect("it is built");
    let response = within("a call", client.get(upstream.url("/")).send()).await;
    within("a body", response.expect("it succeeds").bytes()).await.expect("it is read");
    assert!(Arc::strong_count(&held) > 1, "the client holds it");
    drop(client);
    assert_eq!(Arc::strong_count(&held), 1, "nobody does, though a connection was idle");
}

/// Why the URL is put beside a response whose body is wrapped.
#[tokio::test]
async fn a_response_loses_its_url_on_its_way_through_the_types_of_http() {
    let upstream = Upstream::plain().await;
    let response = within("a call", client().get(upstream.url("/")).send()).await;
    let response: http::Response<reqwest::Body> = response.expect("it succeeds").into();
    let response = reqwest::Response::from(response);
    assert_eq!(response.url().as_str(), "http://no.url.provided.local/");
    assert_eq!(response.remote_addr(), Some(upstream.addr), "extensions stay");
}

// === fixtures ===

static REDIRECT: std::sync::OnceLock<&'static str> = std::sync::OnceLock::new();
