//! What reaches a log, a counter, a person; and what is held back.

use std::convert::Infallible;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;
use std::{fmt, io};

use http::{HeaderValue, Request, Response};
use tower::{Layer, ServiceExt, service_fn};
use tower_conn_lint::field::{Direction, connection_options};
use tower_conn_lint::lint::{self, Finding, Findings, Label, Level};
use tower_conn_lint::report::{Notice, Reporter};
use tower_conn_lint::{ConnLint, ManualClock, Policy, Preset, Route};
use tracing::Dispatch;
use tracing::subscriber::NoSubscriber;

use crate::case::cases;

/// Keeps what it is told.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Recorded>>);

#[derive(Default)]
struct Recorded {
    findings: Vec<Finding>,
    notices: Vec<Noticed>,
    suppressed: usize,
    accepted: usize,
}

/// A notice, once its finding is gone.
struct Noticed {
    lint: lint::Lint,
    suppressed: u64,
    callers: Vec<(Arc<str>, u64)>,
}

impl Reporter for Recorder {
    fn finding(&self, finding: &Finding) {
        self.0.lock().unwrap().findings.push(finding.clone());
    }

    fn accepted(&self, _: &Finding) {
        self.0.lock().unwrap().accepted += 1;
    }

    fn notice(&self, notice: &Notice<'_>) {
        let Notice { finding, suppressed, callers, .. } = notice.clone();
        self.0.lock().unwrap().notices.push(Noticed { lint: finding.lint, suppressed, callers });
    }

    fn suppressed(&self, _: lint::Lint) {
        self.0.lock().unwrap().suppressed += 1;
    }
}

/// Sends a request with this `Connection` field through an inbound layer, and gives the response.
fn send(lint: &ConnLint, caller: &'static str, connection: impl AsRef<[u8]>) -> Response<String> {
    let handler = service_fn(|_: Request<()>| async {
        Ok::<_, Infallible>(Response::new("hello".to_owned()))
    });
    let connection = HeaderValue::from_bytes(connection.as_ref()).unwrap();
    let request = Request::get("/v1/login?token=secret").header("connection", connection);
    let request = request.header("x-caller", caller).body(()).unwrap();
    tokio_test::block_on(lint.inbound().layer(handler).oneshot(request)).unwrap()
}

fn by_field(parts: &http::request::Parts) -> Option<String> {
    parts.headers.get("x-caller")?.to_str().ok().map(str::to_owned)
}

#[test]
fn a_window_gives_one_notice_and_then_the_sum_of_what_was_held_back() {
    let (recorder, clock) = (Recorder::default(), ManualClock::new());
    let lint = ConnLint::builder().environment("").without_tracing();
    let lint = lint.reporter(recorder.clone()).clock(clock.clone()).caller(by_field).build();
    for _ in 0..9 {
        send(&lint, "heavy", "close");
    }
    send(&lint, "light", "close");
    clock.advance(Duration::from_secs(59));
    send(&lint, "light", "close");
    assert_eq!(recorder.0.lock().unwrap().notices.len(), 1, "one notice in a window of 60 s");
    assert_eq!(recorder.0.lock().unwrap().suppressed, 10);

    clock.advance(Duration::from_secs(1));
    send(&lint, "light", "close");
    let recorded = recorder.0.lock().unwrap();
    assert_eq!(recorded.findings.len(), 12, "every finding is told, whatever is held back");
    let notice = recorded.notices.last().unwrap();
    assert_eq!((notice.lint, notice.suppressed), (lint::CALLER_SENDS_CLOSE, 10));
    let callers: Vec<_> =
        notice.callers.iter().map(|(caller, times)| (&**caller, *times)).collect();
    assert_eq!(callers, [("heavy", 8), ("light", 2)], "the heaviest caller stands first");
}

#[test]
fn a_caller_is_asked_for_only_where_there_is_a_finding() {
    let asked = Arc::new(Mutex::new(0));
    let lint = |level| {
        let asked = asked.clone();
        let count = move |_: &http::request::Parts| {
            *asked.lock().unwrap() += 1;
            None
        };
        let builder = ConnLint::builder().environment("").without_tracing();
        builder.level(lint::CALLER_SENDS_CLOSE, level).caller(count).build()
    };
    send(&lint(Level::Allow), "", "close");
    assert_eq!(*asked.lock().unwrap(), 0, "an allowed lint finds nothing");
    send(&lint(Level::Warn), "", "close");
    assert_eq!(*asked.lock().unwrap(), 1);
}

#[test]
fn the_process_has_a_budget_of_lines_that_covers_first_ones() {
    let (recorder, clock) = (Recorder::default(), ManualClock::new());
    // A route for each request, so that each finding is the first of its kind.
    let policy = (0..150).fold(Policy::builder(), |policy, number| {
        policy.route(Route::outbound(format!("gateway /r{number}")))
    });
    let lint =
        ConnLint::builder().environment("").without_tracing().policy(policy.build().unwrap());
    let lint = lint.reporter(recorder.clone()).clock(clock.clone()).build();
    let notices_after_a_sweep = || {
        for number in 0..150 {
            call(&lint, Request::get(format!("http://gateway/r{number}")));
        }
        recorder.0.lock().unwrap().notices.len()
    };
    assert_eq!(notices_after_a_sweep(), 100, "100 lines a second, first ones too");
    clock.advance(Duration::from_secs(1));
    assert_eq!(notices_after_a_sweep(), 150, "the rest in the next second");
}

/// Sends a request that says close through an outbound layer.
fn call(lint: &ConnLint, request: http::request::Builder) {
    call_as(lint, "gateway", request);
}

fn call_as(lint: &ConnLint, name: &str, request: http::request::Builder) {
    let client = service_fn(|_: Request<()>| async {
        Ok::<_, Infallible>(Response::builder().header("content-length", "0").body(()).unwrap())
    });
    let request = request.header("connection", "close").body(()).unwrap();
    tokio_test::block_on(lint.outbound(name).layer(client).oneshot(request)).unwrap();
}

#[test]
fn a_notice_stands_for_no_other_client_and_no_other_message() {
    let recorder = Recorder::default();
    let lint = ConnLint::builder().environment("").without_tracing().clock(ManualClock::new());
    let lint = lint.reporter(recorder.clone()).build();
    for client in ["gateway", "billing", "gateway"] {
        call_as(&lint, client, Request::get("http://any/"));
    }
    assert_eq!(recorder.0.lock().unwrap().notices.len(), 2, "one for each client");

    let handler = service_fn(|_: Request<()>| async {
        let response = Response::builder().header("connection", "te").header("connection", "x");
        Ok::<_, Infallible>(response.body(String::new()).unwrap())
    });
    let request = Request::get("/").header("connection", "te").header("connection", "x");
    let request = request.body(()).unwrap();
    tokio_test::block_on(lint.inbound().layer(handler).oneshot(request)).unwrap();
    let recorded = recorder.0.lock().unwrap();
    assert_eq!(recorded.notices.len(), 4, "the caller's fault does not hide the handler's");
}

/// Where a subscriber writes to.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// What `run` makes a plain subscriber write.
    pub(crate) fn of(run: impl FnOnce()) -> String {
        // Beside a single one, tracing-core 0.1 asks the thread that comes to an event first whether
        // anybody listens, and keeps the answer for all threads.
        static SECOND: LazyLock<Dispatch> =
            LazyLock::new(|| Dispatch::new(NoSubscriber::default()));

        LazyLock::force(&SECOND);
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, run);
        let bytes = log.0.lock().unwrap().clone();
        String::from_utf8(bytes).expect("a log is text")
    }
}

#[test]
fn a_line_says_what_whose_and_what_to_change() {
    let log = Log::of(|| {
        let lint =
            ConnLint::builder().environment("").clock(ManualClock::new()).caller(by_field).build();
        send(&lint, "192.0.2.1", "te, close");
    });
    for part in [
        " INFO tower_conn_lint: ",
        "the caller asks to close",
        "lint=\"caller-sends-close\"",
        "level=\"warn\"",
        "action=\"none\"",
        "route=\"other\"",
        "caller=\"192.0.2.1\"",
        "evidence=\"connection: te, close\"",
        "help=\"switch keep-alive on in the caller",
        "suppressed=0",
    ] {
        assert!(log.contains(part), "{part} is missing in {log}");
    }
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(!log.contains("secret"), "no query string in a log: {log}");
}

#[test]
fn our_own_faults_are_warnings() {
    let log = Log::of(|| {
        let lint = ConnLint::builder().environment("").policy(Preset::Recommended1);
        let lint = lint.clock(ManualClock::new()).build();
        call(&lint, Request::get("http://gateway:81/"));
    });
    for part in [" WARN ", "client=\"gateway\"", "server=\"gateway:81\"", "action=\"rewritten\""] {
        assert!(log.contains(part), "{part} is missing in {log}");
    }
}

#[test]
fn hostile_bytes_make_no_line_long_and_none_raw() {
    let long_caller: &'static str = "caller-".repeat(100).leak();
    let many = |line: &str, times| vec![line; times].join(",").into_bytes();
    let values: Vec<Vec<u8>> = vec![
        [&b"close,"[..], &[0xff; 4096]].concat(),
        [&[b','; 8192][..], b"close"].concat(),
        [&[b','; 8192][..], b"\xe9\xe9 close"].concat(),
        [&vec![b'x'; 1024][..], b", close, close\t"].concat(),
        many("close;q=1", 800),
        many("keep_alive", 800),
        (0x20..=0x7e).chain(0x80..=0xff).chain([b'\t']).collect(),
        b"close\t\xc2\x9b31m".to_vec(),
    ];
    for value in values {
        let log = Log::of(|| {
            let lint = ConnLint::builder().environment("").policy(Preset::Strict1).caller(by_field);
            let lint = lint.clock(ManualClock::new()).build();
            for _ in 0..20 {
                send(&lint, long_caller, &value);
            }
        });
        assert!(!log.is_empty(), "{} has a finding", value[..16.min(value.len())].escape_ascii());
        for line in log.lines() {
            assert!(line.len() <= 1024, "{} bytes: {line}", line.len());
            assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "raw bytes: {line:?}");
        }
    }
}

/// Each head of the tables as a message of each kind: what a layer makes of it, and writes.
#[test]
fn every_case_is_a_finding_or_nothing() {
    let tables = [
        include_str!("../cases/persistence.tsv"),
        include_str!("../cases/persistence-framing.tsv"),
    ];
    for case in tables.into_iter().flat_map(cases) {
        let Some(headers) = case.headers() else { continue };
        let is_request = matches!(case.direction, Direction::Request);
        let says_close = connection_options(&headers).any(|option| option.is_close());
        let is_http1 = case.version <= http::Version::HTTP_11;
        let mut findings = Findings::default();
        let log = Log::of(|| {
            let lint = ConnLint::builder().environment("").policy(Preset::Strict1);
            let lint = lint.clock(ManualClock::new()).build();
            let (mut request, mut response) = (Request::new(()), Response::new(String::new()));
            *request.version_mut() = case.version;
            *response.version_mut() = case.version;
            if is_request {
                *request.headers_mut() = headers.clone();
                *request.method_mut() = case.method();
            } else {
                *response.headers_mut() = headers.clone();
                *response.status_mut() = case.status();
            }
            let answer = |_: Request<()>| std::future::ready(Ok::<_, Infallible>(response.clone()));
            let server = lint.inbound().layer(service_fn(answer));
            let answered = tokio_test::block_on(server.oneshot(request.clone())).unwrap();
            findings = answered.extensions().get().cloned().unwrap_or_default();
            let client = lint.outbound("gateway").layer(service_fn(answer));
            tokio_test::block_on(client.oneshot(request)).unwrap();
        });
        let found = findings.contains(lint::CALLER_SENDS_CLOSE);
        assert_eq!(found, is_request && is_http1 && says_close, "{}: {findings:?}", case.id);
        for line in log.lines() {
            assert!(line.len() <= 1024, "{}: {} bytes: {line}", case.id, line.len());
            assert!(
                line.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
                "{}: {line:?}",
                case.id
            );
        }
    }
}

#[test]
fn long_names_make_no_line_long() {
    let long = "n".repeat(900);
    let policy = Policy::builder().preset(Preset::Strict1).preview(Preset::Strict1);
    let policy = policy.route(Route::outbound(format!("{long} /{long}"))).build().unwrap();
    let log = Log::of(|| {
        let lint =
            ConnLint::builder().environment("").policy(policy).clock(ManualClock::new()).build();
        let client = service_fn(|_: Request<()>| async { Ok::<_, Infallible>(Response::new(())) });
        let request =
            Request::builder().method(&*"M".repeat(900)).uri(format!("http://{long}/{long}"));
        let request = request.header("connection", [&b"close;"[..], &[0xff; 900]].concat());
        let request = request.header("keep-alive", &*long).body(()).unwrap();
        tokio_test::block_on(lint.outbound(&long).layer(client).oneshot(request)).unwrap();
    });
    assert!(log.lines().count() >= 4, "{log}");
    for line in log.lines() {
        assert!(line.len() <= 1024, "{} bytes: {line}", line.len());
    }
}

#[test]
fn what_a_log_escapes_makes_no_line_long() {
    for text in ["\"", "\\", "\u{200b}"] {
        let (long, visible) = (text.repeat(900), if text.is_ascii() { text } else { "\"" });
        let route = format!("/{}", visible.repeat(90));
        let policy = Policy::builder().preset(Preset::Strict1).preview(Preset::Strict1);
        let policy = policy
            .route(Route::inbound(&*route))
            .route(Route::outbound(format!("{visible} {route}")));
        let policy = policy.build().unwrap();
        let caller = long.clone();
        let log = Log::of(|| {
            let lint = ConnLint::builder().environment("").policy(policy);
            let lint = lint.clock(ManualClock::new()).caller(move |_| Some(caller.clone())).build();
            let stack = lint.inbound().layer(lint.outbound(&long).layer(service_fn(
                |request: Request<()>| async move {
                    let mut response = Response::new(String::new());
                    *response.headers_mut() = request.headers().clone();
                    Ok::<_, Infallible>(response)
                },
            )));
            let request =
                Request::builder().method("POST").uri("/").header("host", visible.repeat(900));
            let request = request.header("content-length", "3");
            let request = request.header("connection", format!("close, {}", visible.repeat(900)));
            let request = request.header("connection", "closed;close, keep-alive");
            let request = request.header("keep-alive", visible.repeat(900));
            let request = request.body(()).unwrap();
            tokio_test::block_on(stack.oneshot(request)).unwrap();
        });
        assert!(log.lines().count() >= 8, "{log}");
        for line in log.lines() {
            assert!(line.len() <= 1024, "{} bytes: {line}", line.len());
        }
    }
}

#[test]
fn a_hundred_lines_are_read_and_shown_in_one() {
    let handler =
        service_fn(|_: Request<()>| async { Ok::<_, Infallible>(Response::new(String::new())) });
    let mut request = Request::new(());
    for number in 0..100 {
        let line = HeaderValue::try_from(format!("option-{number}")).unwrap();
        request.headers_mut().append("connection", line);
    }
    request.headers_mut().append("connection", HeaderValue::from_static("close"));
    let recorder = Recorder::default();
    let lint =
        ConnLint::builder().environment("").without_tracing().reporter(recorder.clone()).build();
    tokio_test::block_on(lint.inbound().layer(handler).oneshot(request)).unwrap();

    let recorded = recorder.0.lock().unwrap();
    let names: Vec<_> = recorded.findings.iter().map(|finding| finding.lint.name()).collect();
    assert_eq!(
        names,
        ["caller-sends-close", "options-over-several-lines", "connection-lists-too-many"]
    );
    assert_eq!(
        recorded.findings[0].evidence.as_str(),
        "connection: close",
        "the line that matters"
    );
    assert!(recorded.findings.iter().all(|finding| finding.evidence.as_str().len() <= 256));
}

#[test]
fn nonsense_in_the_environment_is_one_warning() {
    let log = Log::of(|| {
        let lint = ConnLint::builder().environment("clinet-sends-close=fix,wurst").build();
        assert!(send(&lint, "x", "te").extensions().get::<Findings>().is_none());
    });
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(
        log.contains("WARN") && log.contains("client-sends-close") && log.contains("wurst"),
        "{log}"
    );
}

#[test]
fn much_nonsense_makes_no_line_long() {
    let nonsense: Vec<_> = (0..100).map(|number| format!("no-such-lint-{number}")).collect();
    let log = Log::of(|| {
        ConnLint::builder().environment(nonsense.join(",")).build();
        let levels = ConnLint::builder().environment("");
        nonsense.iter().fold(levels, |levels, name| levels.fix(name.as_str())).build();
    });
    assert_eq!(log.lines().count(), 2, "{log}");
    for line in log.lines() {
        assert!(line.len() <= 1024, "{} bytes: {line}", line.len());
        assert!(line.contains("no-such-lint-0`") && line.contains(" more"), "{line}");
    }
}

#[test]
fn an_exception_is_counted_and_not_told() {
    let recorder = Recorder::default();
    let lint =
        ConnLint::builder().environment("").without_tracing().reporter(recorder.clone()).build();
    let handler = service_fn(|_: Request<()>| async {
        Ok::<_, Infallible>(
            Response::builder().header("connection", "close").body(String::new()).unwrap(),
        )
    });
    let route = lint
        .allow(lint::HANDLER_SENDS_CLOSE, "one-shot")
        .allow(lint::CALLER_SENDS_CLOSE, "a batch");
    let stack = lint.inbound().layer(route.layer(handler));
    let request = Request::get("/").header("connection", "te, close").body(()).unwrap();
    let response = tokio_test::block_on(stack.clone().oneshot(request)).unwrap();
    tokio_test::block_on(stack.oneshot(Request::new(()))).unwrap();
    let recorded = recorder.0.lock().unwrap();
    assert!(recorded.findings.is_empty(), "{:?}", recorded.findings);
    assert_eq!(
        recorded.accepted, 2,
        "the caller's close, and the handler's in answer to another request"
    );
    let findings = response.extensions().get::<Findings>().unwrap();
    let finding = findings.get(lint::CALLER_SENDS_CLOSE).unwrap();
    assert_eq!((finding.level, finding.reason.as_deref()), (Level::Allow, Some("a batch")));
}

#[cfg(feature = "metrics")]
#[test]
fn findings_are_counted_by_lint_level_action_and_place() {
    use metrics_util::debugging::{DebugValue, DebuggingRecorder};

    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        let lint =
            ConnLint::builder().environment("").without_tracing().policy(Preset::Recommended1);
        let lint = lint.clock(ManualClock::new()).build();
        (0..3).for_each(|_| _ = send(&lint, "x", "close"));
        call(&lint, Request::get("http://gateway:81/"));
    });
    let row = |(key, _, _, value): (metrics_util::CompositeKey, _, _, DebugValue)| {
        let labels = key.key().labels().map(|label| format!("{}={}", label.key(), label.value()));
        let labels = labels.collect::<Vec<_>>().join(" ");
        let DebugValue::Counter(count) = value else { panic!("a counter") };
        format!("{} {labels} {count}", key.key().name())
    };
    let of_policy = |key: &metrics_util::CompositeKey| key.key().name() == "conn_lint_policy_info";
    let rows = snapshotter.snapshot().into_vec().into_iter().filter(|(key, ..)| !of_policy(key));
    let mut rows: Vec<_> = rows.map(row).collect();
    rows.sort();
    let expected = [
        "conn_lint_findings conn_lint_lint=caller-sends-close conn_lint_level=warn \
         conn_lint_action=none http_route=other 3",
        "conn_lint_findings conn_lint_lint=client-sends-close conn_lint_level=fix \
         conn_lint_action=rewritten server_address=gateway:81 1",
        "conn_lint_findings_suppressed conn_lint_lint=caller-sends-close 2",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn labels_are_bounded_and_cut() {
    let label = Label::new("GET /login");
    assert_eq!(label, Label::new("GET /login"));
    assert!(std::ptr::eq(label.as_str(), Label::new("GET /login").as_str()), "interned once");
    let long = Label::new(&"ä".repeat(500));
    assert!(long.as_str().len() <= 96 && long.as_str().starts_with("ää"));
    assert!(!Label::new("a\u{1b}[31m\nb").as_str().contains(char::is_control));
    let controls = Label::new(&"\t".repeat(96));
    assert!(controls.as_str().len() <= 96, "cut after its control characters were replaced");
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recorder")
    }
}
