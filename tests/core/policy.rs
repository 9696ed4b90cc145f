//! Presets, mistakes, precedence, the environment.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode, Version, header};
use tower::{Layer, ServiceExt, service_fn};
use tower_conn_lint::field::Signs;
use tower_conn_lint::lint::{self, Action, Finding, Findings, Level, Place, StandAside};
use tower_conn_lint::policy::{Environment, PolicyErrorKind};
use tower_conn_lint::{ConnLint, ConnLintBuilder, Denied, Policy, Preset, Route};

/// A builder that tells nobody and asks no process.
pub(crate) fn quiet() -> ConnLintBuilder {
    ConnLint::builder().environment("").without_tracing()
}

/// What a handler's `close` on `method path` comes to: its finding, and whether the option is
/// still there.
fn handler_close(lint: &ConnLint, method: Method, path: &str) -> (Option<Finding>, bool) {
    let handler = service_fn(|_: Request<()>| async {
        let response = Response::builder().header(header::CONNECTION, "close").body(String::new());
        Ok::<_, Infallible>(response.unwrap())
    });
    let request = Request::builder().method(method).uri(path).body(()).unwrap();
    let response = tokio_test::block_on(lint.inbound().layer(handler).oneshot(request)).unwrap();
    let findings = response.extensions().get::<Findings>().cloned().unwrap_or_default();
    (
        findings.get(lint::HANDLER_SENDS_CLOSE).cloned(),
        response.headers().contains_key(header::CONNECTION),
    )
}

pub(crate) fn level_on(lint: &ConnLint, method: Method, path: &str) -> Level {
    handler_close(lint, method, path).0.map_or(Level::Allow, |finding| finding.level)
}

#[test]
fn the_presets_are_those_of_the_catalogue() {
    use Level::{Allow, Fix, Warn};
    let rows = [
        (lint::CLIENT_SENDS_CLOSE, [Warn, Fix, Fix]),
        (lint::HANDLER_SENDS_CLOSE, [Warn, Fix, Fix]),
        (lint::CALLER_SENDS_CLOSE, [Warn, Warn, Warn]),
        (lint::UPSTREAM_SENDS_CLOSE, [Warn, Warn, Warn]),
        (lint::HTTP10_WITHOUT_KEEP_ALIVE, [Warn, Warn, Warn]),
        (lint::CLOSE_KEEP_ALIVE_CONFLICT, [Warn, Warn, Fix]),
        (lint::CLOSE_IN_INTERIM, [Warn, Warn, Warn]),
        (lint::CLOSE_ON_CONNECT_2XX, [Warn, Fix, Fix]),
        (lint::CLOSE_AS_BACKPRESSURE, [Warn, Warn, Warn]),
        (lint::UPGRADE_WITH_CLOSE, [Warn, Warn, Warn]),
        (lint::CLOSE_DELIMITED_RESPONSE, [Warn, Warn, Warn]),
        (lint::CONNECTION_BAD_TOKEN, [Warn, Warn, Fix]),
        (lint::MISSPELLED_OPTION, [Warn, Warn, Warn]),
        (lint::OPTIONS_OVER_SEVERAL_LINES, [Warn, Warn, Fix]),
        (lint::OBS_TEXT_IN_CONNECTION, [Warn, Warn, Warn]),
        (lint::CONNECTION_LISTS_END_TO_END, [Warn, Warn, Fix]),
        (lint::CONNECTION_LISTS_SENSITIVE, [Warn, Warn, Fix]),
        (lint::CONNECTION_LISTS_ITSELF, [Warn, Warn, Fix]),
        (lint::CONNECTION_LISTS_TOO_MANY, [Warn, Warn, Warn]),
        (lint::KEEP_ALIVE_FIELD_WITHOUT_OPTION, [Warn, Warn, Fix]),
        (lint::KEEP_ALIVE_SYNTAX, [Warn, Warn, Fix]),
        (lint::KEEP_ALIVE_TIMEOUT_UNUSABLE, [Warn, Warn, Warn]),
        (lint::NOMINATED_FORWARDED, [Warn, Fix, Fix]),
        (lint::HOP_BY_HOP_FORWARDED, [Warn, Fix, Fix]),
        (lint::HTTP10_CLIENT_KEPT_BY_PROXY, [Warn, Warn, Fix]),
        (lint::PROXY_CONNECTION_SENT, [Warn, Fix, Fix]),
        (lint::CONNECTION_FIELD_IN_HTTP2, [Warn, Fix, Fix]),
        (lint::UNREAD_REQUEST_BODY, [Warn, Warn, Warn]),
        (lint::DROPPED_RESPONSE_BODY, [Warn, Warn, Warn]),
        (lint::DROPPED_REQUEST, [Allow, Allow, Warn]),
        (lint::SILENT_CLOSE, [Warn, Warn, Warn]),
        (lint::HANDLER_FAILED, [Allow, Allow, Warn]),
        (lint::STALE_REUSE, [Warn, Warn, Warn]),
        (lint::POOL_IDLE_ABOVE_SERVER_TIMEOUT, [Warn, Warn, Warn]),
        (lint::NO_IDLE_TIMEOUT, [Allow, Allow, Warn]),
        (lint::REUSED_AFTER_CLOSE, [Warn, Warn, Warn]),
        (lint::SYN_RETRANSMITTED, [Warn, Warn, Warn]),
        (lint::LOW_REUSE, [Warn, Warn, Warn]),
        (lint::CLIENT_PER_REQUEST, [Warn, Warn, Warn]),
        (lint::POOL_TOO_SMALL, [Warn, Warn, Warn]),
        (lint::EXTRA_HTTP2_CONNECTION, [Allow, Allow, Warn]),
        (lint::PORT_EXHAUSTION_AHEAD, [Warn, Warn, Warn]),
    ];
    assert_eq!(rows.len(), lint::all().count(), "every lint has a row");
    for (lint, levels) in rows {
        assert_eq!(Preset::ALL.map(|preset| preset.level(lint)), levels, "{lint}");
    }
}

#[test]
fn a_mistake_names_what_was_written_and_the_nearest_right_thing() {
    let builder = Policy::builder();
    let rows = [
        (
            builder.clone().fix("client-send-close"),
            PolicyErrorKind::UnknownLint,
            "unknown lint `client-send-close`: did you mean `client-sends-close`?",
        ),
        (
            builder.clone().fix(lint::CALLER_SENDS_CLOSE),
            PolicyErrorKind::CannotFix,
            "`fix` on `caller-sends-close`: no rewrite of ours mends it; the most that helps is `deny`",
        ),
        (
            builder.clone().deny(lint::HANDLER_SENDS_CLOSE),
            PolicyErrorKind::CannotDeny,
            "`deny` on `handler-sends-close`: a response is never replaced; the most that helps is `fix`",
        ),
        (
            builder.clone().fix(lint::LOW_REUSE),
            PolicyErrorKind::CannotFix,
            "`fix` on `low-reuse`: no rewrite of ours mends it; the most that helps is `warn`",
        ),
        (
            builder.clone().deny(lint::LOW_REUSE),
            PolicyErrorKind::CannotDeny,
            "`deny` on `low-reuse`: a connection is not rejected; the most that helps is `warn`",
        ),
        (
            builder.clone().route(Route::inbound("/login/{id")),
            PolicyErrorKind::Route,
            "route `/login/{id`: ",
        ),
        (
            builder.clone().route(Route::inbound("post /login")),
            PolicyErrorKind::Route,
            "route `post /login`: a method is in upper case: did you mean `POST`?",
        ),
        (
            builder.clone().route(Route::inbound("gateway /login")),
            PolicyErrorKind::Route,
            "route `gateway /login`: the first word is no method, which is in upper case; a client stands \
             on outbound routes only",
        ),
        (
            builder.clone().route(Route::inbound("login")),
            PolicyErrorKind::Route,
            "route `login`: write `/path` or `METHOD /path`",
        ),
        (
            builder.clone().route(Route::outbound("POST /login")),
            PolicyErrorKind::Route,
            "route `POST /login`: name the client or the host before the path",
        ),
        (
            builder.clone().route(Route::outbound("/login")),
            PolicyErrorKind::Route,
            "route `/login`: name the client or the host before the path",
        ),
        (
            builder.clone().route(Route::outbound("gateway v1/login")),
            PolicyErrorKind::Route,
            "route `gateway v1/login`: `v1/login` is no client and no host: did you mean `/v1/login`?",
        ),
        (
            builder.clone().route(Route::outbound("https://api.example.com/login")),
            PolicyErrorKind::Route,
            "route `https://api.example.com/login`: `https://api.example.com/login` is no client and \
             no host: did you mean `api.example.com /login`?",
        ),
        (
            builder.clone().route(Route::inbound("/x").warn(lint::CLIENT_SENDS_CLOSE)),
            PolicyErrorKind::WrongSide,
            "`client-sends-close` on the route `/x`: it is looked for outbound only",
        ),
        (
            builder.clone().route(Route::outbound("gateway").warn(lint::UNREAD_REQUEST_BODY)),
            PolicyErrorKind::WrongSide,
            "`unread-request-body` on the route `gateway`: it is looked for inbound only",
        ),
        (builder.clone().exclude_path("healthz"), PolicyErrorKind::Route, "route `healthz`: "),
        (
            builder.clone().deny_status(StatusCode::OK),
            PolicyErrorKind::DenyStatus,
            "a denied request can't be answered with 200 OK: name a status from 400 to 599",
        ),
    ];
    for (builder, kind, text) in rows {
        let errors = builder.build().unwrap_err();
        let [error] = errors.iter().collect::<Vec<_>>()[..] else {
            panic!("one mistake, one error: {errors}")
        };
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().starts_with(text), "{error}\nshould start with\n{text}");
    }
    let hostile = builder.fix("\u{1b}[31m\nx".repeat(100)).build().unwrap_err().to_string();
    assert!(hostile.len() < 600 && !hostile.contains(char::is_control), "{hostile:?}");
}

#[test]
fn a_mistake_never_stops_a_service() {
    let (policy, errors) = Policy::builder()
        .preset(Preset::Recommended1)
        .deny(lint::HANDLER_SENDS_CLOSE)
        .route(Route::inbound("oops").allow(lint::HANDLER_SENDS_CLOSE))
        .build_lossy();
    assert_eq!(errors.unwrap().iter().count(), 2);
    let lint = quiet().policy(policy).build();
    assert_eq!(
        level_on(&lint, Method::GET, "/"),
        Level::Warn,
        "a deny that can't be is taken as warn"
    );

    let lint = quiet()
        .policy(Preset::Recommended1)
        .fix(lint::CALLER_SENDS_CLOSE)
        .fix("no-such-lint")
        .build();
    assert_eq!(level_on(&lint, Method::GET, "/"), Level::Fix, "the rest of the policy holds");
    let strict = quiet().fix("no-such-lint").try_build();
    assert_eq!(strict.unwrap_err().iter().next().unwrap().kind(), PolicyErrorKind::UnknownLint);
}

#[test]
fn the_strongest_source_wins() {
    // Each row adds a stronger source to those above it.
    let own = Policy::builder().preset(Preset::Recommended1);
    let service = own.clone().warn(lint::HANDLER_SENDS_CLOSE);
    let route = service.clone().route(Route::inbound("GET /a/{id}").fix(lint::HANDLER_SENDS_CLOSE));
    let capped = route.clone().cap(Level::Warn);

    let build =
        |policy: tower_conn_lint::policy::PolicyBuilder| quiet().policy(policy.build().unwrap());
    let on_route = |lint: ConnLint| level_on(&lint, Method::GET, "/a/1");
    assert_eq!(on_route(build(own).build()), Level::Fix, "the preset");
    assert_eq!(
        on_route(build(service).build()),
        Level::Warn,
        "the policy's own level over the preset"
    );
    assert_eq!(
        on_route(build(route.clone()).build()),
        Level::Fix,
        "the route over the policy's own level"
    );
    let code = build(route.clone()).allow(lint::HANDLER_SENDS_CLOSE, "x").build();
    assert_eq!(on_route(code), Level::Allow, "the builder in code over the route");
    assert_eq!(on_route(build(capped.clone()).build()), Level::Warn, "the cap over the route");
    let code = build(capped.clone()).fix(lint::HANDLER_SENDS_CLOSE).build();
    assert_eq!(on_route(code), Level::Warn, "the cap over the builder in code");
    let forced = build(capped.clone()).environment("handler-sends-close=fix").build();
    assert_eq!(on_route(forced), Level::Fix, "the environment over the cap");
    let observed = build(capped).environment("handler-sends-close=fix,observe").build();
    assert_eq!(on_route(observed), Level::Warn, "and observe over all");

    assert_eq!(
        level_on(&build(route).build(), Method::POST, "/a/1"),
        Level::Warn,
        "another method: no route"
    );
}

#[test]
fn a_route_for_get_is_one_for_head_unless_head_has_its_own() {
    let policy = Policy::builder()
        .preset(Preset::Recommended1)
        .route(Route::inbound("HEAD /own").allow(lint::HANDLER_SENDS_CLOSE))
        .route(Route::inbound("GET /own").warn(lint::HANDLER_SENDS_CLOSE))
        .route(Route::inbound("GET /x").warn(lint::HANDLER_SENDS_CLOSE))
        .build()
        .unwrap();
    let lint = quiet().policy(policy).build();
    for (method, path, expected) in [
        (Method::GET, "/x", Level::Warn),
        (Method::HEAD, "/x", Level::Warn),
        (Method::POST, "/x", Level::Fix),
        (Method::GET, "/own", Level::Warn),
        (Method::HEAD, "/own", Level::Allow),
    ] {
        assert_eq!(level_on(&lint, method.clone(), path), expected, "{method} {path}");
    }
}

#[test]
fn an_exception_on_a_route_yields_only_to_the_environment() {
    for (environment, expected) in [("", true), ("handler-sends-close=fix", false), ("off", true)] {
        let lint = quiet().policy(Preset::Recommended1).environment(environment).build();
        let handler = service_fn(|_: Request<()>| async {
            let response =
                Response::builder().header(header::CONNECTION, "close").body(String::new());
            Ok::<_, Infallible>(response.unwrap())
        });
        let route = lint.allow(lint::HANDLER_SENDS_CLOSE, "one-shot download").layer(handler);
        let stack = lint.inbound().layer(route);
        let response = tokio_test::block_on(stack.oneshot(Request::new(()))).unwrap();
        let kept = response.headers().contains_key(header::CONNECTION);
        assert_eq!(kept, expected, "CONN_LINT={environment}");
    }
}

#[test]
fn the_environment_is_read_like_rust_log() {
    let rows = [
        ("", 0, true),
        ("off", 0, false),
        (" observe , client-sends-close=warn,", 0, false),
        ("client-sends-close=fix", 0, false),
        ("clinet-sends-close=fix", 1, true),
        ("client-sends-close=fixx", 1, true),
        ("handler-sends-close=deny", 1, false),
        ("OFF", 0, false),
        ("Observe,client-sends-close=WARN", 0, false),
        ("of", 1, true),
        ("=,==,a=b=c", 3, true),
    ];
    for (text, errors, nothing) in rows {
        let (environment, found) = Environment::parse(text);
        assert_eq!(found.map_or(0, |errors| errors.iter().count()), errors, "{text:?}");
        assert_eq!(environment == Environment::default(), nothing, "{text:?}");
    }
    let (_, errors) = Environment::parse("clinet-sends-close=fix,observ");
    let text = errors.unwrap().to_string();
    assert!(text.contains("did you mean `client-sends-close`?"), "{text}");
    assert!(text.contains("did you mean `observe`?"), "{text}");
}

#[test]
fn the_environment_of_the_process_is_heeded() {
    const NAME: &str = "policy::the_environment_of_the_process_is_heeded";
    // A process of its own, since the environment is one for all tests.
    if let Some(kept) = std::env::var_os("EXPECT_CLOSE") {
        let lint = ConnLint::builder().policy(Preset::Recommended1).without_tracing().build();
        let (finding, close) = handler_close(&lint, Method::GET, "/");
        assert_eq!(close, kept == "kept", "a close under CONN_LINT");
        assert_eq!(finding.is_none(), kept == "kept", "{finding:?}");
        return;
    }
    for (setting, expected) in [("off", "kept"), ("", "removed")] {
        let program = std::env::current_exe().unwrap();
        let mut child = std::process::Command::new(program);
        let child = child.args(["--exact", NAME]).env("CONN_LINT", setting);
        let output = child.env("EXPECT_CLOSE", expected).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{setting:?}: {text}");
    }
}

#[test]
fn a_preview_acts_on_nothing_and_says_what_it_would_do() {
    let policy = Policy::builder()
        .allow(lint::HANDLER_SENDS_CLOSE)
        .preview(Preset::Strict1)
        .build()
        .unwrap();
    let (finding, kept) = handler_close(&quiet().policy(policy).build(), Method::GET, "/");
    let finding = finding.expect("the preview heeds what the policy allows");
    assert_eq!(
        (finding.level, finding.would, finding.action),
        (Level::Allow, Some(Level::Fix), Action::None)
    );
    assert!(kept, "nothing is rewritten");
}

#[test]
fn probes_and_excluded_paths_are_left_alone() {
    let policy = Policy::builder().preset(Preset::Recommended1).deny(lint::CALLER_SENDS_CLOSE);
    let route = Route::inbound("GET /healthz").deny(lint::CALLER_SENDS_CLOSE);
    let policy = policy.exclude_path("/healthz").route(route).build().unwrap();
    let lint = quiet().policy(policy).build();
    let answer = |agent: &str, path: &str| {
        let handler = service_fn(|_: Request<()>| async {
            Ok::<_, Infallible>(Response::new(String::new()))
        });
        let request = Request::get(path).header("connection", "close").header("user-agent", agent);
        let response = lint.inbound().layer(handler).oneshot(request.body(()).unwrap());
        tokio_test::block_on(response).unwrap()
    };
    assert_eq!(answer("curl/8", "/healthz").status(), StatusCode::OK, "an excluded path");
    for probe in ["kube-probe/1.31", "ELB-HealthChecker/2.0", "GoogleHC/1.0", "Consul Health Check"]
    {
        let response = answer(probe, "/");
        assert_eq!(response.status(), StatusCode::OK, "{probe}");
        assert!(response.extensions().get::<Findings>().is_none(), "{probe}");
    }
    let denied = answer("Go-http-client/1.1", "/");
    assert_eq!(denied.status(), StatusCode::BAD_REQUEST, "any other agent is no probe");
    let denied =
        denied.extensions().get::<Denied>().copied().expect("the error is in the extensions");
    assert_eq!(denied.lint(), lint::CALLER_SENDS_CLOSE);
}

#[test]
fn a_check_is_known_among_few_fields_and_wherever_it_speaks_of_its_connection() {
    let signs = |more: usize, connection: Option<&str>| {
        let mut headers = HeaderMap::new();
        headers.insert("user-agent", "kube-probe/1.31".parse().unwrap());
        for number in 0..more {
            let name: HeaderName = format!("x-{number}").parse().unwrap();
            headers.insert(name, "1".parse().unwrap());
        }
        if let Some(connection) = connection {
            headers.insert("connection", connection.parse().unwrap());
        }
        Signs::of_request(&Method::GET, Version::HTTP_11, &headers)
    };
    assert!(signs(0, None).contains(Signs::PROBE));
    assert!(signs(7, None).contains(Signs::PROBE), "eight fields");
    assert!(!signs(8, None).contains(Signs::PROBE), "no check sends as many");
    assert!(signs(20, Some("close")).contains(Signs::PROBE));
    assert!(signs(20, Some("keep-alive, upgrade")).contains(Signs::PROBE));
    assert!(!signs(20, Some("keep-alive")).contains(Signs::PROBE), "as browsers say");
    assert!(signs(6, Some("keep-alive")).contains(Signs::PROBE));
    assert!(
        !signs(0, Some("authorization")).contains(Signs::PROBE),
        "nobody hides behind the name"
    );
}

#[test]
fn an_outbound_route_is_found_by_client_then_by_host() {
    let policy = Policy::builder()
        .preset(Preset::Recommended1)
        .route(Route::outbound("gateway /v1/{*rest}").warn(lint::CLIENT_SENDS_CLOSE))
        .route(Route::outbound("api.example.com").allow(lint::CLIENT_SENDS_CLOSE))
        .route(Route::outbound("api.example.com:8443 /").warn(lint::CLIENT_SENDS_CLOSE))
        .route(Route::outbound("Written.Example.com").allow(lint::CLIENT_SENDS_CLOSE))
        .route(Route::outbound("Login.Example.com").warn(lint::CLIENT_SENDS_CLOSE))
        .build()
        .unwrap();
    let lint = quiet().policy(policy).build();
    let rows = [
        ("gateway", "http://any/v1/login", Some(Level::Warn)),
        ("gateway", "http://any/v2/login", Some(Level::Fix)),
        ("gateway", "http://api.example.com/v1/x", Some(Level::Warn)),
        ("other", "http://api.example.com/v1/x", None),
        ("other", "http://API.Example.com/", None),
        ("other", "http://written.example.com/", None),
        ("other", "http://api.example.com:9000/v1/x", None),
        ("other", "http://api.example.com:8443/", Some(Level::Warn)),
        ("other", "http://user:secret@api.example.com/", None),
        ("other", "http://login.example.com/", Some(Level::Warn)),
        ("Login.Example.com", "http://elsewhere/", Some(Level::Warn)),
        ("other", "http://elsewhere/", Some(Level::Fix)),
    ];
    for (name, uri, expected) in rows {
        let seen = Arc::new(Mutex::new(None));
        let client = service_fn({
            let seen = seen.clone();
            move |request: Request<()>| {
                *seen.lock().unwrap() = request.extensions().get::<Findings>().cloned();
                async {
                    Ok::<_, Infallible>(
                        Response::builder().header("content-length", "0").body(()).unwrap(),
                    )
                }
            }
        });
        let request = Request::get(uri).header("connection", "close").body(()).unwrap();
        tokio_test::block_on(lint.outbound(name).layer(client).oneshot(request)).unwrap();
        let findings = seen.lock().unwrap().clone().unwrap_or_default();
        let finding = findings.get(lint::CLIENT_SENDS_CLOSE);
        assert_eq!(finding.map(|finding| finding.level), expected, "{name} {uri}");
        let server = finding.and_then(|finding| finding.server);
        assert!(
            server.is_none_or(|server| !server.as_str().contains("secret")),
            "no credentials in a label"
        );
    }
}

#[test]
fn a_fix_stands_aside_where_it_cannot_know() {
    let lint = quiet().policy(Preset::Recommended1).build();
    let handler = service_fn(|_: Request<String>| async {
        let response =
            Response::builder().status(200).header(header::CONNECTION, "close").body(String::new());
        Ok::<_, Infallible>(response.unwrap())
    });
    let request = Request::post("/").header("content-length", "3").body("abc".to_owned()).unwrap();
    let response = tokio_test::block_on(lint.inbound().layer(handler).oneshot(request)).unwrap();
    let findings = response.extensions().get::<Findings>().unwrap();
    let finding = findings.get(lint::HANDLER_SENDS_CLOSE).unwrap();
    assert_eq!(finding.action, Action::StoodAside(StandAside::RequestBodyUnknown));
    assert_eq!(finding.place, Place::OutgoingResponse);
    assert_eq!(response.headers()[header::CONNECTION], "close");
}
