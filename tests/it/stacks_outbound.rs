//! The layer for clients among those that users stack around it.

use std::convert::Infallible;
use std::future::{Ready, pending, ready};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Request, Response, Version, header};
use tokio_test::{assert_pending, assert_ready_err, assert_ready_ok};
use tower::retry::Policy as RetryPolicy;
use tower::util::{BoxCloneSyncService, BoxService};
use tower::{BoxError, Layer as _, ServiceBuilder, ServiceExt as _, service_fn};
use tower_conn_lint::lint::{self, Action, Findings};
use tower_conn_lint::outbound::Error;
use tower_conn_lint::{Policy, Preset};
use tower_http::trace::TraceLayer;
use tower_test::mock;

use crate::client::{call, call_20_times, get, pool};
use crate::found::lint;
use crate::upstream::Upstream;

#[tokio::test]
async fn it_stands_next_to_a_real_client_under_many_layers() {
    let (lint, found) = lint(Preset::Recommended1);
    let upstream = Upstream::plain().await;
    let client = ServiceBuilder::new()
        .boxed_clone_sync()
        .buffer(4)
        .concurrency_limit(2)
        .retry(Twice)
        .timeout(Duration::from_secs(9))
        .layer(TraceLayer::new_for_http())
        .layer(lint.outbound("gateway"))
        .service(pool());
    call_20_times(&mut client.clone(), &upstream.url("/"), &["close"]).await;
    assert!(upstream.connections() <= 5, "{} connections", upstream.connections());
    assert_eq!(found.of(lint::CLIENT_SENDS_CLOSE).len(), 20, "each is found once");
    assert_eq!(found.all().len(), 20, "and nothing else: {:?}", found.lints());
}

#[tokio::test]
async fn each_attempt_of_a_retry_is_a_call() {
    let (lint, found) = lint(Preset::Recommended1);
    let attempts = Arc::new(AtomicUsize::new(0));
    let counter = attempts.clone();
    let client = ServiceBuilder::new()
        .layer(lint.outbound("above the retry"))
        .map_request(|mut request: Request<()>| {
            // Between the two, as a layer that signs requests.
            request
                .headers_mut()
                .insert(header::CONNECTION, header::HeaderValue::from_static("Close"));
            request
        })
        .retry(Twice)
        .layer(lint.outbound("below the retry"))
        .service_fn(move |request: Request<()>| {
            let closes = request.headers().contains_key(header::CONNECTION);
            assert!(!closes, "each attempt goes out without its close");
            match counter.fetch_add(1, Ordering::Relaxed) {
                0 => ready(Err(io::Error::from(io::ErrorKind::ConnectionReset))),
                _ => ready(Ok(Response::builder().header("content-length", "0").body(()).unwrap())),
            }
        });
    let response = client.oneshot(get("http://gateway/", &["close"]).map(drop)).await.unwrap();
    assert_eq!(attempts.load(Ordering::Relaxed), 2, "the first attempt failed");
    let findings = found.of(lint::CLIENT_SENDS_CLOSE);
    let clients: Vec<_> =
        findings.iter().map(|f| f.client.map(|client| client.name.as_str())).collect();
    assert_eq!(clients, [Some("below the retry"); 2], "the inner layer claims both");
    assert_eq!(
        response.extensions().get::<Findings>().unwrap().iter().count(),
        1,
        "of this attempt"
    );
}

#[tokio::test]
async fn a_denied_call_is_not_an_attempt_of_the_client() {
    let policy = Policy::builder().deny(lint::CLIENT_SENDS_CLOSE).build().unwrap();
    let (lint, found) = lint(policy);
    let client =
        ServiceBuilder::new().timeout(Duration::from_secs(9)).layer(lint.outbound("gateway"));
    let client = client.service_fn(|_: Request<()>| {
        panic!("a denied request was sent");
        #[expect(unreachable_code, reason = "the service's type")]
        ready(Ok::<_, Infallible>(Response::new(())))
    });
    let error = client.oneshot(get("http://gateway/", &["close"]).map(drop)).await.unwrap_err();
    let error = error.downcast_ref::<Error>().expect("it is found in a boxed error");
    assert!(matches!(error, Error::Denied(_)), "{error}");
    assert_eq!(error.to_string(), "denied by the connection policy: client-sends-close");
    assert_eq!(found.one(lint::CLIENT_SENDS_CLOSE).action, Action::Denied);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_around_it_does_not_hide_a_call() {
    let (lint, found) = lint(Preset::Recommended1);
    let client = ServiceBuilder::new()
        .timeout(Duration::from_secs(1))
        .layer(lint.outbound("gateway"))
        .service_fn(|_: Request<()>| pending::<Result<Response<()>, Infallible>>());
    let error = client.oneshot(get("http://gateway/", &["close"]).map(drop)).await.unwrap_err();
    assert!(error.is::<tower::timeout::error::Elapsed>(), "the timeout's own error: {error}");
    let finding = found.one(lint::CLIENT_SENDS_CLOSE);
    assert_eq!((finding.action, finding.version), (Action::Rewritten, None));
}

#[tokio::test]
async fn a_boxed_client_is_as_good() {
    let (lint, found) = lint(Preset::Recommended1);
    let upstream = Upstream::plain().await;
    let boxed = BoxCloneSyncService::new(pool());
    let mut client = BoxService::new(lint.outbound("gateway").layer(boxed));
    call(&mut client, get(&upstream.url("/"), &["close"])).await;
    assert!(!upstream.take()[0].says("close"), "it is fixed");
    let finding = found.one(lint::CLIENT_SENDS_CLOSE);
    assert_eq!(
        finding.server.map(|server| server.as_str().to_owned()),
        Some(upstream.addr.to_string())
    );
    assert!(finding.client.unwrap().built_at.file().ends_with("stacks_outbound.rs"));
}

#[tokio::test]
async fn a_received_close_of_the_upstream_is_found_unless_it_echoes_ours() {
    let (lint, found) = lint(Preset::Observe1);
    let upstream = Upstream::answering(|_| {
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok"
    })
    .await;
    let mut client = lint.outbound("gateway").layer(pool());
    let response = call(&mut client, get(&upstream.url("/"), &[])).await;
    assert_eq!(response.headers()[header::CONNECTION], "close", "it is left as it came");
    assert_eq!(found.one(lint::UPSTREAM_SENDS_CLOSE).action, Action::None);
    found.clear();
    call(&mut client, get(&upstream.url("/"), &["close"])).await;
    assert_eq!(found.one(lint::CLIENT_SENDS_CLOSE).action, Action::None);
}

#[tokio::test]
async fn the_version_of_an_answer_is_not_said_of_the_request() {
    let (lint, found) = lint(Preset::Observe1);
    let upstream = Upstream::answering(|_| b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let mut client = lint.outbound("gateway").layer(pool());
    call(&mut client, get(&upstream.url("/"), &["close"])).await;
    let sent = upstream.take().pop().expect("the request was sent");
    assert!(sent.head.contains("HTTP/1.1"), "the request speaks HTTP/1.1: {}", sent.head);
    let finding = &found.of(lint::CLIENT_SENDS_CLOSE)[0];
    assert!(!finding.seen().contains("HTTP/1.0"), "not seen: {}", finding.seen());
    assert!(!finding.unknown().contains("no response came"), "one came: {}", finding.unknown());
}

#[tokio::test]
async fn a_tunnel_by_an_http10_proxy_is_no_missing_keep_alive() {
    let (lint, found) = lint(Preset::Strict1);
    let proxy = service_fn(|_: Request<()>| async {
        let established = Response::builder().version(Version::HTTP_10).body(());
        Ok::<_, Infallible>(established.expect("the response is well-formed"))
    });
    let request = Request::connect("example.com:443").body(()).expect("the request is well-formed");
    lint.outbound("proxy").layer(proxy).oneshot(request).await.expect("the proxy answers");
    assert!(found.all().is_empty(), "the connection is a tunnel: {:?}", found.lints());
}

#[test]
fn the_readiness_of_the_client_within_is_passed_on() {
    let (lint, _) = lint(Preset::Observe1);
    let (mut client, mut handle) =
        mock::spawn_layer::<Request<()>, Response<()>, _>(lint.outbound("gateway"));
    handle.allow(0);
    assert_pending!(client.poll_ready(), "the client within is busy");
    handle.allow(1);
    assert_ready_ok!(client.poll_ready(), "the client within is ready");
    handle.send_error(io::Error::from(io::ErrorKind::NotConnected));
    let error = assert_ready_err!(client.poll_ready(), "the client within failed");
    assert!(matches!(error, Error::Inner(_)), "the error is the client's: {error:?}");
}

#[tokio::test]
async fn an_error_of_the_client_keeps_its_type_under_two_layers() {
    let (lint, _) = lint(Preset::Observe1);
    let client = ServiceBuilder::new()
        .layer(lint.outbound("outer"))
        .layer(lint.outbound("inner"))
        .service_fn(|_: Request<()>| {
            ready(Err::<Response<()>, BoxError>(
                io::Error::from(io::ErrorKind::NotConnected).into(),
            ))
        });
    let error = client.oneshot(Request::new(())).await.unwrap_err();
    let inner = error.inner::<Error>().expect("the inner layer's error");
    let kind = inner.inner::<io::Error>().map(io::Error::kind);
    assert_eq!(kind, Some(io::ErrorKind::NotConnected));
}

#[test]
fn a_layer_is_for_any_service() {
    let (lint, _) = lint(Preset::Observe1);
    fn is_clone_sync<T: Clone + Send + Sync + 'static>(_: &T) {}
    let layer = lint.outbound("gateway");
    is_clone_sync(&layer);
    is_clone_sync(
        &layer.layer(service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(Response::new(()))))),
    );
    is_clone_sync(&lint.inbound());
}

// === fixtures ===

/// Tries again after an error, once.
#[derive(Clone)]
struct Twice;

impl<B: Clone, R, E> RetryPolicy<Request<B>, R, E> for Twice {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut Request<B>, result: &mut Result<R, E>) -> Option<Ready<()>> {
        result.is_err().then(|| ready(()))
    }

    fn clone_request(&mut self, request: &Request<B>) -> Option<Request<B>> {
        Some(request.clone())
    }
}
