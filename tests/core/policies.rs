//! Policies over policies, as a user meets them: floors, shares, expectations, previews, and what
//! holds where.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http::{Method, Request, Response, header, request};
use tower::{Layer, ServiceExt, service_fn};
use tower_conn_lint::connection::Bounds;
use tower_conn_lint::lint::{self, Action, Finding, Findings, Level, Lint, StandAside};
use tower_conn_lint::policy::{
    DecidedBy, Expectation, ExpectationState, PolicyBuilder, PolicyErrorKind, Query, Rollout,
};
use tower_conn_lint::report::{PolicyStatus, Reporter};
use tower_conn_lint::{ConnLint, ConnLintBuilder, Policy, Preset, Route};

use crate::reports::Log;

/// A builder that tells nobody and asks no process.
fn quiet() -> ConnLintBuilder {
    ConnLint::builder().environment("").without_tracing()
}

fn built(policy: PolicyBuilder) -> Policy {
    policy.build().expect("it is well-formed")
}

/// A request whose handler says `close`, under these exceptions on its route.
fn call(lint: &ConnLint, path: &str, allowed: &[Lint]) -> Response<String> {
    send(lint, Request::get(path), allowed)
}

/// The same, where the caller says it, too.
fn call_once(lint: &ConnLint, path: &str, allowed: &[Lint]) -> Response<String> {
    send(lint, Request::get(path).header(header::CONNECTION, "close"), allowed)
}

fn send(lint: &ConnLint, request: request::Builder, allowed: &[Lint]) -> Response<String> {
    let handler = service_fn(|_: Request<()>| async {
        let response = Response::builder().header(header::CONNECTION, "close").body(String::new());
        Ok::<_, Infallible>(response.unwrap())
    });
    let request = request.body(()).unwrap();
    let route = allowed.iter().fold(lint.allow(lint::UPGRADE_WITH_CLOSE, "none"), |route, lint| {
        route.allow(*lint, "a reason")
    });
    let stack = lint.inbound().layer(route.layer(handler));
    tokio_test::block_on(stack.oneshot(request)).unwrap()
}

fn finding(response: &Response<String>, lint: Lint) -> Option<Finding> {
    response.extensions().get::<Findings>()?.get(lint).cloned()
}

/// Level and what would be done, of the handler's close.
fn handler_close(lint: &ConnLint, path: &str) -> (Level, Option<Level>) {
    let found = finding(&call(lint, path, &[]), lint::HANDLER_SENDS_CLOSE);
    found.map_or((Level::Allow, None), |finding| (finding.level, finding.would))
}

#[test]
fn a_floor_of_the_template_holds_at_run_time() {
    let base = built(Policy::builder().floor(lint::HANDLER_SENDS_CLOSE, Level::Fix));
    let lowered = Policy::builder()
        .allow(lint::HANDLER_SENDS_CLOSE)
        .route(Route::inbound("/a").allow(lint::HANDLER_SENDS_CLOSE))
        .expect(Expectation::new(lint::HANDLER_SENDS_CLOSE, "store", "it is old"))
        .exclude_path("/b")
        .over(base);
    let errors = lowered.clone().build().unwrap_err();
    assert_eq!(errors.iter().count(), 4, "{errors}");
    for error in &errors {
        assert_eq!(error.kind(), PolicyErrorKind::BelowFloor, "{error}");
        assert!(error.other().is_some() && error.to_string().contains("floor"), "{error}");
    }

    let (policy, _) = lowered.build_lossy();
    let strict = quiet().policy(policy.clone()).allow(lint::HANDLER_SENDS_CLOSE, "x").try_build();
    let errors = strict.unwrap_err();
    assert_eq!(errors.iter().next().unwrap().kind(), PolicyErrorKind::BelowFloor, "{errors}");
    let lint = quiet().policy(policy).allow(lint::HANDLER_SENDS_CLOSE, "x").build();
    for path in ["/", "/a", "/b"] {
        let response = call(&lint, path, &[lint::HANDLER_SENDS_CLOSE]);
        let found = finding(&response, lint::HANDLER_SENDS_CLOSE).expect("it is reported");
        assert_eq!((found.level, found.reason), (Level::Fix, None), "{path}");
        assert!(!response.headers().contains_key(header::CONNECTION), "it is fixed: {path}");
    }
}

#[test]
fn an_exception_that_no_floor_forbids_still_holds() {
    let base = built(Policy::builder().floor(lint::HANDLER_SENDS_CLOSE, Level::Fix));
    let lint = quiet().policy(base).environment("observe,handler-sends-close=allow").build();
    let response = call(&lint, "/", &[lint::HANDLER_SENDS_CLOSE]);
    assert!(finding(&response, lint::HANDLER_SENDS_CLOSE).is_none(), "the environment is stronger");

    let response = call_once(&lint, "/", &[lint::CALLER_SENDS_CLOSE]);
    let found = finding(&response, lint::CALLER_SENDS_CLOSE).expect("it is counted");
    assert_eq!((found.level, found.reason.as_deref()), (Level::Allow, Some("a reason")));
}

#[test]
fn an_instance_is_in_a_share_by_its_name() {
    let policy =
        built(Policy::builder().level(lint::HANDLER_SENDS_CLOSE, Rollout::new(Level::Fix, 0.5)));
    let mut acting = 0;
    for number in 0..100 {
        let lint = quiet().policy(policy.clone()).instance(format!("login-{number}")).build();
        match handler_close(&lint, "/") {
            (Level::Fix, None) => acting += 1,
            (Level::Warn, Some(Level::Fix)) => {}
            other => panic!("login-{number}: {other:?}"),
        }
    }
    assert!((30..=70).contains(&acting), "{acting} of 100 act");

    let errors = Policy::builder()
        .level(lint::HANDLER_SENDS_CLOSE, Rollout::new(Level::Fix, 10.0))
        .build()
        .unwrap_err();
    let text = "share 10 of `handler-sends-close`: name a share from 0 to 1";
    assert_eq!(errors.to_string(), text);
}

#[test]
fn a_preview_of_another_policy_is_told_on_its_own_routes() {
    let next = Policy::builder()
        .route(Route::inbound("/a/{id}").fix(lint::HANDLER_SENDS_CLOSE))
        .route(Route::inbound("/b").allow(lint::HANDLER_SENDS_CLOSE));
    let lint = quiet().policy(built(Policy::builder().preview_policy(next))).build();
    for (path, expected) in [
        ("/a/1", (Level::Warn, Some(Level::Fix))),
        ("/b", (Level::Warn, None)),
        ("/c", (Level::Warn, Some(Level::Warn))),
    ] {
        assert_eq!(handler_close(&lint, path), expected, "{path}");
    }
    // A path that is too long to be kept.
    let long = format!("/a/{}", "x".repeat(200));
    assert_eq!(handler_close(&lint, &long), (Level::Warn, Some(Level::Fix)), "{long}");
}

/// Keeps what is accepted and reported.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<(Vec<Finding>, Vec<Finding>)>>);

impl Reporter for Kept {
    fn finding(&self, finding: &Finding) {
        self.0.lock().unwrap().0.push(finding.clone());
    }

    fn accepted(&self, finding: &Finding) {
        self.0.lock().unwrap().1.push(finding.clone());
    }
}

fn terminals() -> Expectation {
    let reason = "payment terminals cannot reuse connections";
    Expectation::new(lint::CALLER_SENDS_CLOSE, "team-store", reason).inbound("/legacy/{*rest}")
}

#[test]
fn a_known_violation_is_counted_and_not_reported() {
    let kept = Kept::default();
    let policy = Policy::builder()
        .preset(Preset::Recommended1)
        .deny(lint::CALLER_SENDS_CLOSE)
        .expect(terminals().until(2027, 3, 31));
    let lint = quiet().policy(built(policy)).reporter(kept.clone()).build();
    // The second is too long to be kept until something is found.
    for path in ["/legacy/pay", &format!("/legacy/{}", "x".repeat(100))] {
        let response = call_once(&lint, path, &[]);
        assert_eq!(response.status(), 200, "it is not denied: {path}");
    }
    assert_eq!(call_once(&lint, "/", &[]).status(), 400, "elsewhere it is");

    let snapshot = lint.snapshot();
    let [status] = &snapshot.expectations[..] else { panic!("one is expected") };
    assert_eq!((status.seen, status.last_seen.is_some()), (2, true));
    assert_eq!(status.until.unwrap().to_string(), "2027-03-31");
    let text = "caller-sends-close on inbound /legacy/{*rest} (team-store, until 2027-03-31)";
    assert_eq!(status.to_string(), text);
    let kept = kept.0.lock().unwrap();
    let is_expected = |finding: &&Finding| finding.lint == lint::CALLER_SENDS_CLOSE;
    let reported: Vec<_> = kept.0.iter().filter(is_expected).collect();
    assert_eq!(reported.len(), 1, "the one elsewhere");
    let accepted: Vec<_> = kept.1.iter().filter(is_expected).collect();
    assert_eq!(accepted.len(), 2);
    for finding in accepted {
        let expected = finding.expected.as_ref().expect("it says who expects it");
        assert_eq!(expected.owner.as_str(), "team-store");
        assert_eq!(expected.route.as_str(), "inbound /legacy/{*rest}");
        assert_eq!(finding.reason.as_deref(), Some(&*expected.reason));
        assert_eq!((finding.level, finding.would), (Level::Allow, None));
    }
}

#[test]
fn a_mistake_in_an_expectation_names_it() {
    for (expectation, kind, text) in [
        (terminals().until(2027, 2, 29), PolicyErrorKind::Day, "`2027-02-29` is no day"),
        (
            Expectation::new("caller-send-close", "o", "r"),
            PolicyErrorKind::UnknownLint,
            "did you mean `caller-sends-close`?",
        ),
        (terminals().inbound("legacy"), PolicyErrorKind::Route, "write `/path`"),
        (terminals().outbound("gateway"), PolicyErrorKind::WrongSide, "inbound only"),
    ] {
        let errors = Policy::builder().expect(expectation).build().unwrap_err();
        let error = errors.iter().next().unwrap();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(text), "{error} should contain {text}");
    }
}

#[test]
fn who_reports_is_told_how_the_policy_stands() {
    #[derive(Clone, Default)]
    struct Statuses(Arc<Mutex<Vec<PolicyStatus>>>);

    impl Reporter for Statuses {
        fn policy(&self, status: &PolicyStatus) {
            self.0.lock().unwrap().push(status.clone());
        }
    }

    let statuses = Statuses::default();
    let policy = Policy::builder()
        .floor(lint::HANDLER_SENDS_CLOSE, Level::Fix)
        .cap(Level::Warn)
        .expect(terminals().until(1999, 12, 31));
    let lint = quiet().policy(built(policy)).reporter(statuses.clone()).build();
    let snapshot = lint.snapshot();
    assert_eq!(snapshot.capped_floors, [lint::HANDLER_SENDS_CLOSE]);
    let statuses = statuses.0.lock().unwrap();
    let [first, second] = &statuses[..] else { panic!("as it is built, and with the snapshot") };
    assert!(first.is_new && !second.is_new);
    assert_eq!(first.capped_floors.iter().collect::<Vec<_>>(), [lint::HANDLER_SENDS_CLOSE]);
    assert_eq!(first.news[0].state, ExpectationState::Expired);
    assert!(second.news.is_empty(), "once");
    assert_eq!(handler_close(&lint, "/").0, Level::Warn, "the cap holds");
}

#[test]
fn a_finding_says_that_a_cap_does_not_let_its_floor_hold() {
    let floor = || Policy::builder().floor(lint::HANDLER_SENDS_CLOSE, Level::Fix);
    let capped = |cap| quiet().policy(built(floor().cap(cap))).build();
    let by_environment = quiet().policy(built(floor())).environment("observe").build();
    for (what, lint, level) in [
        ("a cap", capped(Level::Warn), Level::Warn),
        ("a cap that would silence it", capped(Level::Allow), Level::Allow),
        ("the environment", by_environment, Level::Warn),
    ] {
        let response = call(&lint, "/", &[]);
        let found = finding(&response, lint::HANDLER_SENDS_CLOSE).expect("it is loud");
        assert_eq!(found.action, Action::StoodAside(StandAside::Capped), "{what}");
        assert_eq!((found.level, found.would), (level, Some(Level::Fix)), "{what}");
        assert!(response.headers().contains_key(header::CONNECTION), "nothing is done: {what}");
    }
    let named = quiet().policy(built(floor())).environment("handler-sends-close=allow").build();
    assert_eq!(handler_close(&named, "/"), (Level::Allow, None), "silenced by its name");
    let holds = quiet().policy(built(floor().cap(Level::Fix))).build();
    assert_eq!(handler_close(&holds, "/"), (Level::Fix, None), "a cap that lets it hold");
}

#[test]
fn a_preview_tells_its_floor_where_code_has_an_exception() {
    let next = Policy::builder().floor(lint::HANDLER_SENDS_CLOSE, Level::Fix).exclude_path("/b");
    let policy = built(Policy::builder().preview_policy(next));
    let recorder = Kept::default();
    let lint = quiet().policy(policy).reporter(recorder.clone()).build();
    let would = |path| {
        let found =
            finding(&call(&lint, path, &[lint::HANDLER_SENDS_CLOSE]), lint::HANDLER_SENDS_CLOSE);
        found.map(|found| (found.level, found.would, found.reason.is_some()))
    };
    assert_eq!(would("/"), Some((Level::Allow, Some(Level::Fix), true)));
    assert_eq!(would("/b"), Some((Level::Allow, None, true)), "it excludes this");
    let kept = recorder.0.lock().unwrap();
    let would = |told: &[Finding]| told.iter().map(|finding| finding.would).collect::<Vec<_>>();
    assert_eq!(would(&kept.0), [Some(Level::Fix)], "one is reported");
    assert_eq!(would(&kept.1), [None], "and one accepted in silence");

    let next = Policy::builder().floor(lint::HANDLER_SENDS_CLOSE, Level::Fix);
    let held = Policy::builder().floor(lint::HANDLER_SENDS_CLOSE, Level::Warn);
    let lint = quiet().policy(built(held.preview_policy(next))).build();
    let found = finding(&call(&lint, "/", &[lint::HANDLER_SENDS_CLOSE]), lint::HANDLER_SENDS_CLOSE);
    let found = found.map(|found| (found.level, found.would));
    assert_eq!(found, Some((Level::Warn, Some(Level::Fix))), "over a floor in force");
}

#[test]
fn a_floor_that_comes_later_is_told_of_what_code_sets_below_it() {
    let below = |run: &dyn Fn()| {
        let log = Log::of(run);
        log.lines().filter(|line| line.contains("below")).map(str::to_owned).collect::<Vec<_>>()
    };
    let bounds = {
        let mut bounds = Bounds::default();
        bounds.min_reuse = 0.1;
        bounds
    };
    let lint = ConnLint::builder().environment("").bounds(bounds);
    let lint = lint.allow(lint::CLIENT_SENDS_CLOSE, "a reason").build();
    let told = below(&|| drop(call(&lint, "/", &[lint::HANDLER_SENDS_CLOSE])));
    assert_eq!(told, [""; 0], "no floor is there yet");

    let policy = |floors: &[Lint]| {
        let policy = Policy::builder();
        built(floors.iter().fold(policy, |policy, lint| policy.floor(*lint, Level::Warn)))
    };
    let told = below(&|| lint.replace_policy(policy(&[lint::UPSTREAM_SENDS_CLOSE])));
    assert_eq!(told, [""; 0], "of another lint");

    let floors = [lint::HANDLER_SENDS_CLOSE, lint::CLIENT_SENDS_CLOSE, lint::LOW_REUSE];
    let told = below(&|| lint.replace_policy(policy(&floors)));
    let [in_code, exception] = &told[..] else { panic!("two lines: {told:?}") };
    assert!(in_code.contains("WARN") && exception.contains("WARN"), "{told:?}");
    assert!(in_code.contains("`allow` is below the floor of `client-sends-close`"), "{in_code}");
    assert!(in_code.contains("`min-reused` of 0.1 instead of 0.8"), "{in_code}");
    assert!(exception.contains("lint=\"handler-sends-close\" reason=\"a reason\""), "{exception}");
}

#[cfg(feature = "metrics")]
#[test]
fn expectations_and_capped_floors_are_measured() {
    use metrics_util::debugging::{DebugValue, DebuggingRecorder};

    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        let policy = Policy::builder()
            .floor(lint::HANDLER_SENDS_CLOSE, Level::Fix)
            .cap(Level::Warn)
            .expect(terminals().until(1999, 12, 31));
        let lint = quiet().policy(built(policy)).build();
        (0..3).for_each(|_| _ = call_once(&lint, "/legacy/pay", &[lint::HANDLER_SENDS_CLOSE]));
        // One that has nothing of these tells nothing of them.
        quiet().build().snapshot();
    });
    let row = |(key, _, _, value): (metrics_util::CompositeKey, _, _, DebugValue)| {
        let labels = key.key().labels().map(|label| format!(" {}={}", label.key(), label.value()));
        let value = match value {
            DebugValue::Counter(count) => count.to_string(),
            DebugValue::Gauge(value) => value.to_string(),
            DebugValue::Histogram(_) => "a histogram".to_owned(),
        };
        format!("{}{} {value}", key.key().name(), labels.collect::<String>())
    };
    let mut rows: Vec<_> = snapshotter.snapshot().into_vec().into_iter().map(row).collect();
    rows.sort();
    rows.retain(|row| !row.starts_with("conn_lint_findings"));
    assert_eq!(
        rows,
        [
            "conn_lint_expectations conn_lint_state=expired 1",
            "conn_lint_expectations conn_lint_state=expires-soon 0",
            "conn_lint_expectations conn_lint_state=holds 0",
            "conn_lint_expectations conn_lint_state=unused 0",
            "conn_lint_expectations_expired 1",
            "conn_lint_expected conn_lint_lint=caller-sends-close \
         conn_lint_route=inbound /legacy/{*rest} conn_lint_owner=team-store 3",
            "conn_lint_policy_capped_floors 1",
            "conn_lint_policy_info conn_lint_hash= conn_lint_preset=observe-1 \
         conn_lint_cap=deny conn_lint_source=code 1",
            "conn_lint_policy_info conn_lint_hash= conn_lint_preset=observe-1 \
         conn_lint_cap=warn conn_lint_source=code 1",
        ]
    );
}

#[test]
fn each_level_says_where_it_comes_from() {
    let base = Policy::builder()
        .preset(Preset::Recommended1)
        .floor(lint::HANDLER_SENDS_CLOSE, Level::Warn)
        .floor(lint::CLOSE_AS_BACKPRESSURE, Level::Warn)
        .exclude_path("/healthz");
    let policy = Policy::builder()
        .allow(lint::CLOSE_AS_BACKPRESSURE)
        .route(Route::inbound("POST /login").deny(lint::CALLER_SENDS_CLOSE))
        .route(Route::outbound("gateway /v1/{*rest}").warn(lint::CLIENT_SENDS_CLOSE))
        .expect(terminals())
        .cap(Level::Fix)
        .preview(Preset::Strict1);
    let (policy, _) = policy.over(built(base)).build_lossy();
    for (side, request, lint, expected) in [
        (
            "inbound",
            "POST /login",
            lint::CALLER_SENDS_CLOSE,
            "caller-sends-close = fix, code (cap), would=warn",
        ),
        (
            "inbound",
            "/login?x=1",
            lint::CALLER_SENDS_CLOSE,
            "caller-sends-close = warn, code (preset)",
        ),
        (
            "inbound",
            "GET /legacy/a",
            lint::CALLER_SENDS_CLOSE,
            "caller-sends-close = allow, code (expectation)",
        ),
        ("inbound", "/", lint::CLOSE_AS_BACKPRESSURE, "close-as-backpressure = warn, code (floor)"),
        ("inbound", "/", lint::HANDLER_SENDS_CLOSE, "handler-sends-close = fix, code (preset)"),
        (
            "outbound",
            "gateway /v1/x",
            lint::CLIENT_SENDS_CLOSE,
            "client-sends-close = warn, code, would=fix",
        ),
        (
            "outbound",
            "gateway",
            lint::CLIENT_SENDS_CLOSE,
            "client-sends-close = fix, code (preset)",
        ),
    ] {
        let query = match side {
            "inbound" => Query::inbound(request),
            _ => Query::outbound(request),
        };
        let effective = policy.effective(&query.unwrap());
        let level = effective.get(lint).expect("it is looked for there");
        assert_eq!(level.to_string(), expected, "{side} {request}");
    }
    let healthz = policy.effective(&Query::inbound("/healthz").unwrap());
    assert!(healthz.excluded && healthz.to_string().contains("no lint runs there"), "{healthz}");
    let login = policy.effective(&Query::inbound("POST /login").unwrap());
    assert_eq!(login.route.as_ref().unwrap().to_string(), "inbound POST /login");
    assert!(login.get(lint::CLIENT_SENDS_CLOSE).is_none(), "it is looked for outbound only");
    assert_eq!(policy.effective(&Query::everywhere()).iter().count(), lint::all().count());
    assert_eq!(login.get(lint::CALLER_SENDS_CLOSE).unwrap().by, DecidedBy::Cap);
}

#[test]
fn a_query_is_written_like_a_route() {
    for (query, shown) in [
        (Query::inbound("/login"), Some("inbound GET /login")),
        (Query::inbound(" POST  /login?a=b "), Some("inbound POST /login")),
        (Query::inbound("PURGE /login"), Some("inbound PURGE /login")),
        (Query::inbound("post /login"), None),
        (Query::inbound("login"), None),
        (Query::inbound("gateway /login"), None),
        (Query::inbound(""), None),
        (Query::outbound("gateway"), Some("outbound gateway")),
        (Query::outbound("gateway /v1/x"), Some("outbound GET gateway /v1/x")),
        (Query::outbound("POST gateway /v1/x"), Some("outbound POST gateway /v1/x")),
        (Query::outbound("api.example.com:443 /"), Some("outbound GET api.example.com:443 /")),
        (Query::outbound("POST /v1/x"), None),
        (Query::outbound("/v1/x"), None),
        (Query::outbound(""), None),
        (Query::outbound("a b c d"), None),
    ] {
        match (query, shown) {
            (Ok(query), Some(shown)) => assert_eq!(query.to_string(), shown),
            (Err(error), None) => assert_eq!(error.kind(), PolicyErrorKind::Route, "{error}"),
            (query, shown) => panic!("{query:?}, and it should be {shown:?}"),
        }
    }
    let error = Query::outbound("post gateway /v1/x").unwrap_err().to_string();
    assert!(error.contains("did you mean `POST`?"), "{error}");
}

#[test]
fn a_diff_names_each_route_and_lint_that_changes() {
    let old = Policy::builder()
        .preset(Preset::Recommended1)
        .route(Route::inbound("/a/{*rest}").deny(lint::CALLER_SENDS_CLOSE))
        .route(Route::inbound("/old").allow(lint::HANDLER_SENDS_CLOSE))
        .route(Route::outbound("gateway").warn(lint::CLIENT_SENDS_CLOSE));
    let new = Policy::builder()
        .preset(Preset::Recommended1)
        .level(lint::PROXY_CONNECTION_SENT, Rollout::new(Level::Fix, 0.1))
        .route(Route::inbound("/a/{*all}").deny(lint::CALLER_SENDS_CLOSE))
        .route(Route::inbound("POST /a/{id}").warn(lint::CALLER_SENDS_CLOSE))
        .route(Route::outbound("Gateway").warn(lint::CLIENT_SENDS_CLOSE))
        .cap(Level::Deny);
    let (old, new) = (built(old), built(new));
    let changes: Vec<_> = old.diff(&new).iter().map(ToString::to_string).collect();
    assert_eq!(
        changes,
        [
            "everywhere: proxy-connection-sent fix -> fix (share 0.1)",
            "inbound /a/{*rest}: proxy-connection-sent fix -> fix (share 0.1)",
            "inbound /old: handler-sends-close allow -> fix",
            "inbound /old: proxy-connection-sent fix -> fix (share 0.1)",
            "outbound gateway: proxy-connection-sent fix -> fix (share 0.1)",
            "inbound POST /a/{id}: caller-sends-close deny -> warn",
            "inbound POST /a/{id}: proxy-connection-sent fix -> fix (share 0.1)",
        ]
    );
    assert!(old.diff(&old).is_empty() && new.diff(&new).is_empty(), "nothing changes");
    assert_eq!(new.diff(&old).len(), changes.len(), "and back");
}

#[test]
fn ten_thousand_routes_are_found() {
    // Labels are bounded for the process: these have one together.
    let policy = (0..10_000).fold(Policy::builder(), |policy, number| {
        let method = Method::from_bytes(format!("M{number}").as_bytes()).unwrap();
        policy.route(Route::inbound(format!("{method} /a")).fix(lint::HANDLER_SENDS_CLOSE))
    });
    let policy = built(policy);
    assert_eq!(policy.routes().len(), 10_000);
    let query = Query::inbound("M9999 /a").unwrap();
    let effective = policy.effective(&query);
    assert_eq!(effective.get(lint::HANDLER_SENDS_CLOSE).unwrap().level, Level::Fix);
    assert!(policy.diff(&policy).is_empty());
    let lint = quiet().policy(policy).build();
    assert_eq!(handler_close(&lint, "/a").0, Level::Warn, "GET is none of them");
}

#[cfg(feature = "serde")]
#[test]
fn what_holds_is_written_with_the_names_of_the_policy() {
    let policy = Policy::builder()
        .level(lint::HANDLER_SENDS_CLOSE, Rollout::new(Level::Fix, 0.1))
        .route(Route::inbound("POST /login").deny(lint::CALLER_SENDS_CLOSE))
        .expect(terminals().until(2027, 3, 31))
        .preview(Preset::Strict1);
    let policy = built(policy);
    let query = Query::inbound("POST /login").unwrap();
    let json = serde_json::to_value(policy.effective(&query)).unwrap();
    assert_eq!(json["route"], "inbound POST /login");
    assert_eq!(
        json["levels"][0],
        serde_json::json!({
            "lint": "handler-sends-close",
            "level": "fix",
            "share": 0.1,
            "outside": null,
            "by": "lints",
            "origin": "code",
            "would": "fix",
        })
    );
    let json = serde_json::to_value(Policy::default().diff(&policy)).unwrap();
    assert_eq!(
        json[1],
        serde_json::json!({
            "route": "inbound POST /login",
            "lint": "handler-sends-close",
            "from": { "level": "warn", "share": null, "outside": null },
            "to": { "level": "fix", "share": 0.1, "outside": null },
        })
    );
    let lint = quiet().policy(policy).build();
    let json = serde_json::to_value(lint.snapshot()).unwrap();
    let expectation = &json["expectations"][0];
    for (key, value) in [
        ("lint", "caller-sends-close"),
        ("route", "inbound /legacy/{*rest}"),
        ("owner", "team-store"),
        ("until", "2027-03-31"),
    ] {
        assert_eq!(expectation[key], value, "{key}");
    }
    assert_eq!(expectation["seen"], 0);
    assert!(json["capped_floors"].as_array().is_some_and(Vec::is_empty));
}
