//! A service that passes everything on, between the two layers.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Version};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_conn_lint::lint::{self, Action, Finding, Level, Lint, Place};
use tower_conn_lint::policy::Expectation;
use tower_conn_lint::{ConnLint, ConnLintBuilder, Denied, Policy, Preset, Role, Route};

use crate::found::{Found, lint_by};

type Fields = &'static [(&'static str, &'static str)];

/// What went to the upstream, if anything, and what came back to the caller.
struct Passed {
    request: Option<HeaderMap>,
    response: Response<String>,
    found: Found,
}

#[tokio::test]
async fn what_is_of_one_hop_is_not_passed_on_under_a_policy_that_fixes() {
    let rows: &[(Fields, Fields, &[&str])] = &[
        (&[("accept", "*/*")], &[("accept", "*/*")], &[]),
        (
            &[("connection", "x-hop"), ("x-hop", "1"), ("accept", "*/*")],
            &[("accept", "*/*")],
            &["nominated-forwarded", "hop-by-hop-forwarded"],
        ),
        (&[("connection", "keep-alive")], &[], &["hop-by-hop-forwarded"]),
        (&[("te", "gzip, trailers")], &[("te", "trailers")], &["hop-by-hop-forwarded"]),
        (&[("te", "trailers")], &[("te", "trailers")], &[]),
        (&[("upgrade", "websocket")], &[], &["hop-by-hop-forwarded"]),
        (
            &[("connection", "upgrade"), ("upgrade", "websocket")],
            &[("connection", "upgrade"), ("upgrade", "websocket")],
            &[],
        ),
    ];
    for (fields, left, lints) in rows {
        let passed =
            pass(Preset::Recommended1, Version::HTTP_11, fields, StatusCode::OK, &[]).await;
        let request = passed.request.expect("it is passed on");
        assert_eq!(request, map(left), "{fields:?}");
        let sent = names(&passed.found, Place::OutgoingRequest);
        assert_eq!(sent, *lints, "{fields:?}");
    }
}

#[tokio::test]
async fn what_an_upstream_says_of_its_connection_is_not_told_to_the_caller() {
    let node: Fields = &[("connection", "keep-alive"), ("keep-alive", "timeout=5"), ("date", "x")];
    let apache: Fields = &[("upgrade", "h2,h2c"), ("connection", "Upgrade, x-hop"), ("x-hop", "1")];
    for (status, fields, left) in [
        (StatusCode::OK, node, &[("date", "x")][..]),
        (StatusCode::OK, apache, &[]),
        (StatusCode::UPGRADE_REQUIRED, apache, &[("upgrade", "h2,h2c"), ("connection", "upgrade")]),
        (
            StatusCode::SWITCHING_PROTOCOLS,
            &[("connection", "upgrade, x-hop"), ("x-hop", "1"), ("upgrade", "websocket")],
            &[("connection", "upgrade"), ("upgrade", "websocket")],
        ),
    ] {
        let passed = pass(Preset::Recommended1, Version::HTTP_11, &[], status, fields).await;
        assert_eq!(*passed.response.headers(), map(left), "{status} {fields:?}");
        let hop = one(&passed.found, lint::HOP_BY_HOP_FORWARDED);
        assert_eq!((hop.place, hop.action), (Place::OutgoingResponse, Action::Rewritten));
    }
}

#[tokio::test]
async fn a_policy_that_observes_changes_nothing_and_tells() {
    let fields: Fields = &[("connection", "close, X-Hop"), ("x-hop", "1")];
    let passed = pass(Preset::Observe1, Version::HTTP_11, fields, StatusCode::OK, fields).await;
    assert_eq!(passed.request, Some(map(fields)), "as it came in");
    assert_eq!(*passed.response.headers(), map(fields), "as it came in");
    for lint in [lint::NOMINATED_FORWARDED, lint::HOP_BY_HOP_FORWARDED] {
        let found = passed.found.of(lint);
        let places: Vec<_> = found.iter().map(|finding| finding.place).collect();
        assert_eq!(places, [Place::OutgoingRequest, Place::OutgoingResponse], "{lint}");
        assert!(found.iter().all(|finding| finding.action == Action::None), "{found:?}");
    }
    let nominated = &passed.found.of(lint::NOMINATED_FORWARDED)[0];
    assert_eq!(nominated.evidence.as_str(), "connection: close, X-Hop");
    assert_eq!(nominated.evidence.marked(), Some("X-Hop"), "the option that named the field");
}

#[tokio::test]
async fn an_endpoint_is_no_gateway() {
    let fields: Fields = &[("connection", "x-hop, authorization"), ("x-hop", "1")];
    let (lint, found) = lint_by(ConnLint::builder().policy(Preset::Strict1).environment(""));
    let passed = pass_by(lint, found, Version::HTTP_11, fields, StatusCode::OK, &[]).await;
    let request = passed.request.expect("nothing is denied");
    assert_eq!(request["x-hop"], "1", "an endpoint may send what it wants");
    assert!(passed.found.of(lint::NOMINATED_FORWARDED).is_empty());
}

#[tokio::test]
async fn a_request_that_nominates_a_sensitive_field_is_denied_under_every_preset() {
    for option in [
        "Authorization",
        "cookie",
        "set-cookie",
        "HOST",
        "content-length",
        "content-encoding",
        "transfer-encoding",
        "Trailer",
        "x-forwarded-for",
        "X-Forwarded-Anything",
        "forwarded",
    ] {
        let fields: Fields = Box::leak(Box::new([("connection", &*String::from(option).leak())]));
        for preset in Preset::ALL {
            let passed = pass(preset, Version::HTTP_11, fields, StatusCode::OK, &[]).await;
            assert!(passed.request.is_none(), "{preset}: {option} reaches no upstream");
            assert_eq!(passed.response.status(), StatusCode::BAD_REQUEST, "{preset}: {option}");
            let denied = passed.response.extensions().get::<Denied>().expect("it says why");
            assert_eq!(denied.lint(), lint::CONNECTION_LISTS_SENSITIVE);
            let finding = passed.found.one(lint::CONNECTION_LISTS_SENSITIVE);
            assert_eq!((finding.level, finding.action), (Level::Deny, Action::Denied));
            assert_eq!(finding.evidence.marked(), Some(option));
        }
    }
}

#[tokio::test]
async fn the_denial_yields_to_whatever_names_the_lint_and_to_caps() {
    const SENSITIVE: Lint = lint::CONNECTION_LISTS_SENSITIVE;
    let policy = |policy: tower_conn_lint::policy::PolicyBuilder| {
        gateway().policy(policy.build().expect("it is valid"))
    };
    let expectation = Expectation::new(SENSITIVE, "team-store", "an old caller").inbound("/");
    let rows: Vec<(&str, ConnLintBuilder)> = vec![
        ("CONN_LINT=off", gateway().environment("off")),
        ("CONN_LINT=observe", gateway().environment("observe")),
        ("CONN_LINT names it", gateway().environment("connection-lists-sensitive=warn")),
        ("the policy names it", policy(Policy::builder().warn(SENSITIVE))),
        ("a route names it", policy(Policy::builder().route(Route::inbound("/").warn(SENSITIVE)))),
        ("the policy has a cap", policy(Policy::builder().cap(Level::Fix))),
        ("it is expected", policy(Policy::builder().expect(expectation))),
        ("code names it", gateway().warn(SENSITIVE)),
    ];
    for (what, builder) in rows {
        let (lint, found) = lint_by(builder);
        let fields: Fields = &[("connection", "authorization"), ("authorization", "secret")];
        let passed = pass_by(lint, found, Version::HTTP_11, fields, StatusCode::OK, &[]).await;
        let request = passed.request.unwrap_or_else(|| panic!("{what}, so it is passed on"));
        assert_eq!(request["authorization"], "secret", "{what}, and the field is not dropped");
    }
    for (what, builder) in [
        ("a floor asks for less", policy(Policy::builder().floor(SENSITIVE, Level::Warn))),
        (
            "another route names it",
            policy(Policy::builder().route(Route::inbound("/b").warn(SENSITIVE))),
        ),
    ] {
        let (lint, found) = lint_by(builder);
        let fields: Fields = &[("connection", "authorization")];
        let passed = pass_by(lint, found, Version::HTTP_11, fields, StatusCode::OK, &[]).await;
        assert!(passed.request.is_none(), "{what}: it is denied all the same");
    }
}

#[tokio::test]
async fn nobody_gets_around_the_denial_as_a_health_check() {
    let fields: Fields = &[("connection", "authorization"), ("user-agent", "kube-probe/1.30")];
    let passed = pass(Preset::Observe1, Version::HTTP_11, fields, StatusCode::OK, &[]).await;
    assert!(passed.request.is_none(), "a health check nominates nothing");
}

#[tokio::test]
async fn what_a_gateway_sends_by_itself_is_not_denied_by_its_role() {
    let (lint, found) = lint_by(gateway());
    let upstream = service_fn(|_: Request<String>| async {
        Ok::<_, Infallible>(Response::new(String::new()))
    });
    let mut request = Request::new(String::new());
    *request.headers_mut() = map(&[("connection", "authorization")]);
    lint.outbound("upstream").layer(upstream).oneshot(request).await.expect("it is sent");
    assert_eq!(one(&found, lint::CONNECTION_LISTS_SENSITIVE).level, Level::Warn);
}

#[tokio::test]
async fn a_caller_of_http10_is_not_kept() {
    let keep: Fields = &[("connection", "keep-alive")];
    let passed = pass(Preset::Observe1, Version::HTTP_10, keep, StatusCode::OK, &[]).await;
    assert_eq!(one(&passed.found, lint::HTTP10_CLIENT_KEPT_BY_PROXY).action, Action::None);
    let upstream: Fields = &[("connection", "keep-alive"), ("keep-alive", "timeout=5")];
    let passed = pass(Preset::Strict1, Version::HTTP_10, keep, StatusCode::OK, upstream).await;
    assert_eq!(*passed.response.headers(), map(&[("connection", "close")]));
    assert_eq!(one(&passed.found, lint::HTTP10_CLIENT_KEPT_BY_PROXY).action, Action::Rewritten);

    let asked: Fields = &[("connection", "keep-alive, close")];
    for (version, fields) in
        [(Version::HTTP_11, keep), (Version::HTTP_10, asked), (Version::HTTP_10, &[])]
    {
        let passed = pass(Preset::Strict1, version, fields, StatusCode::OK, &[]).await;
        let found = passed.found.of(lint::HTTP10_CLIENT_KEPT_BY_PROXY);
        assert!(found.is_empty(), "{version:?} {fields:?}: that connection ends, or may be kept");
    }
}

#[tokio::test]
async fn an_exception_on_the_client_lets_a_field_pass() {
    let (lint, found) = lint_by(gateway().policy(Preset::Recommended1));
    let outbound = lint.outbound("upstream").allow(lint::NOMINATED_FORWARDED, "both ends want it");
    let fields: Fields = &[("connection", "x-hop"), ("x-hop", "1")];
    let passed =
        pass_through(lint, outbound, found, Version::HTTP_11, fields, StatusCode::OK, &[]).await;
    assert_eq!(passed.request, Some(map(&[("x-hop", "1")])), "the rest is fixed");
    assert_eq!(passed.found.accepted(), ["nominated-forwarded"]);
}

// === fixtures ===

/// The one finding of a lint, whatever else was found.
#[track_caller]
fn one(found: &Found, lint: Lint) -> Finding {
    let all = found.of(lint);
    assert_eq!(all.len(), 1, "{lint} once among {:?}", found.lints());
    all.into_iter().next().expect("there is one")
}

fn gateway() -> ConnLintBuilder {
    ConnLint::builder().role(Role::Gateway).environment("")
}

fn map(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers
}

fn names(found: &Found, place: Place) -> Vec<&'static str> {
    let all = found.all();
    all.iter().filter(|finding| finding.place == place).map(|finding| finding.lint.name()).collect()
}

async fn pass(
    preset: Preset,
    version: Version,
    request: Fields,
    status: StatusCode,
    response: Fields,
) -> Passed {
    let (lint, found) = lint_by(gateway().policy(preset));
    pass_by(lint, found, version, request, status, response).await
}

async fn pass_by(
    lint: ConnLint,
    found: Found,
    version: Version,
    request: Fields,
    status: StatusCode,
    response: Fields,
) -> Passed {
    let outbound = lint.outbound("upstream");
    pass_through(lint, outbound, found, version, request, status, response).await
}

async fn pass_through(
    lint: ConnLint,
    outbound: tower_conn_lint::outbound::OutboundLayer,
    found: Found,
    version: Version,
    fields: Fields,
    status: StatusCode,
    answer: Fields,
) -> Passed {
    let seen = Arc::new(Mutex::new(None));
    let upstream = service_fn({
        let seen = seen.clone();
        move |request: Request<String>| {
            *seen.lock().unwrap() = Some(request.headers().clone());
            let mut response = Response::new(String::new());
            *response.status_mut() = status;
            *response.headers_mut() = map(answer);
            async move { Ok::<_, Infallible>(response) }
        }
    });
    let client = outbound.layer(upstream);
    let pass_on = service_fn(move |request: Request<String>| {
        let client = client.clone();
        async move { Ok::<_, Infallible>(client.oneshot(request).await.expect("it is sent")) }
    });
    let mut request = Request::new(String::new());
    (*request.version_mut(), *request.headers_mut()) = (version, map(fields));
    let response = lint.inbound().layer(pass_on).oneshot(request).await.unwrap();
    let request = seen.lock().unwrap().take();
    Passed { request, response, found }
}
