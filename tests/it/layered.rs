//! Several layers in one stack: what is found is counted once, and the innermost decides.

use std::convert::Infallible;
use std::sync::Arc;

use http::{Request, Response, StatusCode, Version, header};
use tokio::sync::Barrier;
use tower::{Layer as _, ServiceBuilder, ServiceExt as _, service_fn};
use tower_conn_lint::lint::{self, Action, Findings, Level, Place};
use tower_conn_lint::{ConnHandle, ConnLint, IntentionalClose, Policy, Preset};

use crate::found::{lint, lint_by};
use crate::within::within;

#[tokio::test]
async fn two_layers_of_a_server_count_once() {
    for (preset, action) in
        [(Preset::Observe1, Action::None), (Preset::Recommended1, Action::Rewritten)]
    {
        let (lint, found) = lint(preset);
        let service = ServiceBuilder::new()
            .layer(lint.inbound())
            .layer(lint.inbound())
            .layer(lint.inbound())
            .service(service_fn(handler));
        let response = service.clone().oneshot(request("GET", &["x-ask"])).await.unwrap();
        assert_eq!(found.one(lint::HANDLER_SENDS_CLOSE).action, action, "{preset}: the response's");
        assert_eq!(count(&response), 1, "{preset}: once in the extensions, too");
        found.clear();

        let response = service.oneshot(request("GET", &["close"])).await.unwrap();
        found.one(lint::CALLER_SENDS_CLOSE);
        assert_eq!(count(&response), 1, "{preset}: the request's is in the response's extensions");
    }
}

#[tokio::test]
async fn the_inner_layers_exception_wins() {
    let (lint, found) = lint(Preset::Recommended1);
    let service = ServiceBuilder::new()
        .layer(lint.inbound())
        .layer(lint.allow(lint::CALLER_SENDS_CLOSE, "a terminal"))
        .layer(lint.inbound().allow(lint::HANDLER_SENDS_CLOSE, "one-shot download"))
        .service(service_fn(handler));
    let response = service.clone().oneshot(request("GET", &["x-ask"])).await.unwrap();
    assert_eq!(response.headers()[header::CONNECTION], "close", "it is not fixed");
    assert_eq!(found.accepted(), ["handler-sends-close"], "it is counted as accepted, once");
    assert!(found.all().is_empty(), "and not reported: {:?}", found.lints());
    found.clear();

    // The layer around the exception is further out, the one within further in.
    service.oneshot(request("GET", &["close"])).await.unwrap();
    assert_eq!(found.lints(), ["caller-sends-close"], "the innermost has no exception for it");
}

#[tokio::test]
async fn an_exception_alone_judges_nothing_else() {
    let (lint, found) = lint(Preset::Recommended1);
    let service = lint.allow(lint::CALLER_SENDS_CLOSE, "a terminal").layer(service_fn(handler));
    let response = service.oneshot(request("GET", &["close, keep-alive"])).await.unwrap();
    assert_eq!(response.headers()[header::CONNECTION], "close");
    assert_eq!(found.accepted(), ["caller-sends-close"]);
    assert!(found.all().is_empty(), "the other lints are not its business: {:?}", found.lints());
}

#[tokio::test]
async fn the_environment_is_stronger_than_an_exception() {
    let builder =
        ConnLint::builder().policy(Preset::Recommended1).environment("handler-sends-close=fix");
    let (lint, found) = lint_by(builder);
    let service = ServiceBuilder::new()
        .layer(lint.inbound())
        .layer(lint.allow(lint::HANDLER_SENDS_CLOSE, "one-shot download"))
        .service(service_fn(handler));
    let response = service.oneshot(request("GET", &["x-ask"])).await.unwrap();
    assert!(!response.headers().contains_key(header::CONNECTION), "it is fixed");
    assert_eq!(found.one(lint::HANDLER_SENDS_CLOSE).action, Action::Rewritten);
}

#[tokio::test]
async fn two_layers_of_a_client_count_once_whatever_the_wire_speaks() {
    for (preset, connection, version, expected) in [
        (Preset::Observe1, "close", Version::HTTP_11, &["client-sends-close"][..]),
        (Preset::Recommended1, "close", Version::HTTP_11, &["client-sends-close"]),
        (Preset::Observe1, "close", Version::HTTP_2, &["connection-field-in-http2"]),
        (Preset::Observe1, "te", Version::HTTP_2, &["connection-field-in-http2"]),
        (Preset::Recommended1, "te", Version::HTTP_2, &["connection-field-in-http2"]),
    ] {
        let (lint, found) = lint(preset);
        let client = ServiceBuilder::new()
            .layer(lint.outbound("gateway"))
            .layer(lint.outbound("gateway"))
            .service(service_fn(move |_: Request<()>| async move {
                let response = Response::builder().version(version).header("content-length", "0");
                Ok::<_, Infallible>(response.body(()).unwrap())
            }));
        let response = client.oneshot(request("GET", &[connection])).await.unwrap();
        let case = format!("{preset}, {connection} over {version:?}");
        assert_eq!(found.lints(), expected, "{case}");
        assert_eq!(count(&response), 1, "{case}: once in the extensions, too");
        let told = found.all().iter().all(|finding| finding.version == Some(version));
        assert!(told, "{case}: the response told the version: {:?}", found.all());
    }
}

#[tokio::test]
async fn a_request_that_is_passed_on_is_another_message() {
    let (lint, found) = lint(Preset::Observe1);
    let upstream = lint.outbound("upstream").layer(service_fn(handler));
    // A gateway: it passes the request on with all that it carries.
    let gateway = lint.inbound().layer(service_fn(move |request: Request<()>| {
        let upstream = upstream.clone();
        async move { upstream.oneshot(request).await }
    }));
    gateway.oneshot(request("GET", &["x-a", "x-b"])).await.unwrap();
    let findings = found.of(lint::OPTIONS_OVER_SEVERAL_LINES);
    let mut places: Vec<Place> = findings.iter().map(|finding| finding.place).collect();
    places.sort();
    assert_eq!(places, [Place::ReceivedRequest, Place::OutgoingRequest], "one for each");
}

#[tokio::test]
async fn calls_that_are_fanned_out_are_counted_each() {
    let (lint, found) = lint(Preset::Observe1);
    let both_are_sent = Arc::new(Barrier::new(2));
    let upstream = lint.outbound("upstream").layer(service_fn(move |request: Request<()>| {
        let both_are_sent = both_are_sent.clone();
        async move {
            both_are_sent.wait().await;
            handler(request).await
        }
    }));
    let fan = lint.outbound("fan").layer(service_fn(move |request: Request<()>| {
        let upstream = upstream.clone();
        async move {
            let calls = (upstream.clone().oneshot(request.clone()), upstream.oneshot(request));
            tokio::join!(calls.0, calls.1).0
        }
    }));
    within("two calls", fan.oneshot(request("GET", &["close"]))).await.unwrap();
    let findings = found.of(lint::CLIENT_SENDS_CLOSE);
    let clients: Vec<_> =
        findings.iter().map(|f| f.client.map(|client| client.name.as_str())).collect();
    assert_eq!(clients, [Some("upstream"); 2], "each call of the inner client, once");
}

#[tokio::test]
async fn lints_of_two_policies_in_one_stack_count_once() {
    let (outer, found_outside) = lint(Preset::Recommended1);
    let (inner, found_inside) =
        lint(Policy::builder().warn(lint::HANDLER_SENDS_CLOSE).build().unwrap());
    let service = ServiceBuilder::new()
        .layer(outer.inbound())
        .layer(inner.inbound())
        .service(service_fn(handler));
    let response = service.oneshot(request("GET", &["x-ask"])).await.unwrap();
    assert_eq!(response.headers()[header::CONNECTION], "close", "the inner policy wins");
    assert_eq!(found_inside.one(lint::HANDLER_SENDS_CLOSE).action, Action::None);
    assert!(found_outside.all().is_empty(), "the outer one holds back");
}

#[tokio::test]
async fn a_handle_that_is_inserted_between_layers_is_heeded_by_the_inner_one() {
    let (lint, found) = lint(Preset::Recommended1);
    let service = ServiceBuilder::new()
        .map_request(|mut request: Request<()>| {
            let handle = ConnHandle::new();
            handle.last_request();
            request.extensions_mut().insert(handle);
            request
        })
        .layer(lint.inbound())
        .service(service_fn(handler));
    let response = service.oneshot(request("GET", &["x-ask"])).await.unwrap();
    assert_eq!(response.headers()[header::CONNECTION], "close", "it is the last request");
    assert!(found.all().is_empty(), "closing is right: {:?}", found.lints());
}

#[tokio::test]
async fn a_preview_promises_nothing_that_it_could_not_do() {
    let (lint, found) = lint(Policy::builder().preview(Preset::Strict1).build().unwrap());
    let service = lint.inbound().layer(service_fn(handler));
    service.oneshot(request("GET", &["x-a", "x-b"])).await.unwrap();
    let received = found.of(lint::OPTIONS_OVER_SEVERAL_LINES);
    let would: Vec<_> = received.iter().map(|finding| finding.would).collect();
    assert_eq!(would, [Some(Level::Warn)], "a received message can't be fixed");
    let response = found.of(lint::HANDLER_SENDS_CLOSE);
    let would: Vec<_> = response.iter().map(|finding| finding.would).collect();
    assert_eq!(would, [Some(Level::Fix)], "a response can");
}

#[tokio::test]
async fn a_fix_takes_no_more_than_what_the_one_before_it_left_to_mend() {
    let (lint, found) = lint(Preset::Strict1);
    let handler = service_fn(|_: Request<()>| async {
        let response = Response::builder().header(header::CONNECTION, "close, keep-alive");
        let response = response.header("keep-alive", "timeout=5").body(String::new());
        Ok::<_, Infallible>(response.expect("the response is well-formed"))
    });
    let response = lint.inbound().layer(handler).oneshot(request("GET", &[])).await.unwrap();
    assert_eq!(response.headers()[header::CONNECTION], "keep-alive", "only the close is gone");
    let actions: Vec<_> = found.all().iter().map(|finding| finding.action).collect();
    assert_eq!(actions, [Action::Rewritten; 2], "both are mended: {:?}", found.lints());
}

#[tokio::test]
async fn no_fix_touches_a_response_that_switches_protocols() {
    let (lint, found) = lint(Preset::Strict1);
    let handler = service_fn(|_: Request<()>| async {
        let response = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
        let response = response.header(header::CONNECTION, "upgrade, keep-alive, close");
        let response = response.header(header::CONNECTION, "a b").header(header::UPGRADE, "echo");
        Ok::<_, Infallible>(response.body(String::new()).expect("the response is well-formed"))
    });
    let response = lint.inbound().layer(handler).oneshot(request("GET", &[])).await.unwrap();
    let lines: Vec<_> = response.headers().get_all(header::CONNECTION).iter().collect();
    assert_eq!(lines, ["upgrade, keep-alive, close", "a b"], "as the handler wrote them");
    let acts = found.all().iter().any(|finding| finding.action == Action::Rewritten);
    assert!(!acts, "no rewrite is claimed: {:?}", found.lints());
}

#[tokio::test]
async fn an_intended_close_stays_also_before_a_tunnel() {
    let (lint, found) = lint(Preset::Recommended1);
    let handler = service_fn(|request: Request<()>| async {
        let mut response = handler(request).await?;
        response.extensions_mut().insert(IntentionalClose("the tunnel is the last"));
        Ok::<_, Infallible>(response)
    });
    let response = lint.inbound().layer(handler).oneshot(request("CONNECT", &[])).await.unwrap();
    assert_eq!(response.headers()[header::CONNECTION], "close", "it is declared");
    assert!(found.all().is_empty(), "no lint fires for it: {:?}", found.lints());
}

// === fixtures ===

/// Closes, like a handler that knows no better.
async fn handler(_: Request<()>) -> Result<Response<String>, Infallible> {
    let response = Response::builder().header(header::CONNECTION, "close");
    Ok(response.body(String::new()).expect("the response is well-formed"))
}

fn request(method: &str, connection: &[&str]) -> Request<()> {
    let mut request = Request::builder().method(method).uri("http://gateway/");
    for line in connection {
        request = request.header(header::CONNECTION, *line);
    }
    request.body(()).expect("the request is well-formed")
}

fn count<B>(response: &Response<B>) -> usize {
    response.extensions().get::<Findings>().map_or(0, |findings| findings.iter().count())
}
