//! Another policy comes into force while requests are under way.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::{get, post};
use http::header;
use tokio::sync::{Notify, mpsc};
use tower::{Layer as _, ServiceExt as _};
use tower_conn_lint::lint::{self, Level};
use tower_conn_lint::policy::{PolicyErrors, Reload};
use tower_conn_lint::report::Reporter;
use tower_conn_lint::{ConnLint, Policy, Preset};

use crate::raw::Peer;
use crate::reuse::Wired;
use crate::within::within;

const CONNECTIONS: usize = 8;
const REQUESTS: usize = 20_000;
const RELOADS: usize = 200;

/// What came of each reload, as a reporter is told.
#[derive(Clone)]
struct Outcomes(mpsc::UnboundedSender<Result<Reload, String>>);

impl Reporter for Outcomes {
    fn reloaded(&self, outcome: Result<Reload, &PolicyErrors>) {
        _ = self.0.send(outcome.map_err(ToString::to_string));
    }
}

/// A policy's file, in a directory that ends with its value.
struct PolicyFile {
    directory: PathBuf,
    path: PathBuf,
}

// === impl PolicyFile ===

impl PolicyFile {
    fn new(test: &str, text: &str) -> PolicyFile {
        let name = format!("conn-lint-it-{test}-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).expect("a directory is made");
        let file = PolicyFile { path: directory.join("conn-lint.toml"), directory };
        file.replace(text);
        file
    }

    /// As an editor does: by a file beside it, and a rename.
    fn replace(&self, text: &str) {
        let beside = self.directory.join("conn-lint.toml~");
        fs::write(&beside, text).expect("a file is written");
        fs::rename(&beside, &self.path).expect("it takes the other's place");
    }
}

impl Drop for PolicyFile {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.directory);
    }
}

fn lint(file: &Path) -> (ConnLint, mpsc::UnboundedReceiver<Result<Reload, String>>) {
    let (sender, outcomes) = mpsc::unbounded_channel();
    let builder = ConnLint::builder().policy(Policy::from_file_or_builtin(file)).environment("");
    (builder.without_tracing().reporter(Outcomes(sender)).build(), outcomes)
}

/// Policies that deny the same requests: each another lint, with another status.
fn version(number: usize) -> String {
    let (lint, status) = denial(number);
    format!("version = 1\ndeny-status = {status}\n[lints]\n{lint} = \"deny\"\n")
}

fn denial(number: usize) -> (&'static str, u16) {
    const LINTS: [&str; 2] = ["proxy-connection-sent", "connection-bad-token"];
    (LINTS[number % 2], 410 + (number % 90) as u16)
}

/// Both lints fire on it, and its connection goes on.
const REQUEST: &str =
    "GET /items/42 HTTP/1.1\r\nhost: x\r\nconnection: @\r\nproxy-connection: keep-alive\r\n\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_requests_meet_two_hundred_reloads_and_no_torn_policy() {
    let file = PolicyFile::new("torn", &version(0));
    let (lint, mut outcomes) = lint(&file.path);
    let app = Router::new().route("/items/{id}", get(|| async { "never" }));
    let server = Wired::of(&lint, app).await;
    let answered = Arc::new(AtomicUsize::new(0));
    let progress = Arc::new(Notify::new());
    let peers = (0..CONNECTIONS).map(|_| {
        let (addr, answered, progress) = (server.addr, answered.clone(), progress.clone());
        tokio::spawn(async move {
            let mut peer = Peer::connect(addr).await;
            let mut seen = Vec::new();
            for _ in 0..REQUESTS / CONNECTIONS {
                let response = peer.ask(REQUEST).await;
                let problem = String::from_utf8_lossy(&response.body).into_owned();
                seen.push((response.status(), problem));
                answered.fetch_add(1, Ordering::Relaxed);
                progress.notify_one();
            }
            seen
        })
    });
    let peers: Vec<_> = peers.collect();

    let mut last_good = 0;
    for number in 1..=RELOADS {
        // Spread over the requests.
        while answered.load(Ordering::Relaxed) < number * REQUESTS / (RELOADS + 10) {
            within("the next responses", progress.notified()).await;
        }
        if number % 3 == 0 {
            file.replace(&format!("{}[lints\n", version(number)));
            assert!(lint.reload().is_err(), "the file of reload {number} is bad");
        } else {
            file.replace(&version(number));
            assert_eq!(lint.reload(), Ok(Reload::Replaced), "reload {number}");
            last_good = number;
        }
    }
    let mut versions = 0;
    let mut last = (0, String::new());
    for peer in peers {
        for (status, problem) in within("a peer", peer).await.expect("it has no panic") {
            let of = |(lint, denied): (&str, u16)| status == denied && problem.contains(lint);
            // The number of a version follows from its status, and with it its lint.
            let number = (0..=RELOADS).find(|number| of(denial(*number)));
            assert!(number.is_some(), "a torn policy, or a failure: {status} {problem}");
            if last.0 != status {
                versions += 1;
                last = (status, problem);
            }
        }
    }
    assert!(versions > RELOADS, "eight connections saw the versions change: {versions}");
    let mut peer = Peer::connect(server.addr).await;
    assert_eq!(peer.ask(REQUEST).await.status(), denial(last_good).1, "the last good one holds");
    let mut counts = [0, 0];
    while let Ok(outcome) = outcomes.try_recv() {
        counts[usize::from(outcome.is_err())] += 1;
    }
    assert_eq!(counts, [RELOADS - RELOADS / 3, RELOADS / 3], "each is told");
}

#[cfg(unix)]
#[tokio::test]
async fn the_swap_of_a_config_map_is_in_force_within_two_seconds() {
    use std::os::unix::fs::symlink;

    let mount = PolicyFile::new("config-map", "");
    fs::remove_file(&mount.path).expect("the mount has links only");
    let place = |number: usize, text: &str| {
        let data = mount.directory.join(format!("..data-{number}"));
        fs::create_dir(&data).expect("the next data");
        fs::write(data.join("conn-lint.toml"), text).expect("its file");
        symlink(&data, mount.directory.join("..data_tmp")).expect("a link to it");
        let (from, to) = (mount.directory.join("..data_tmp"), mount.directory.join("..data"));
        fs::rename(from, to).expect("the swap");
    };
    place(0, &version(0));
    symlink("..data/conn-lint.toml", &mount.path).expect("the link of the file");

    let (lint, mut outcomes) = lint(&mount.path);
    let watch = lint.watch().expect("a thread starts");
    let server =
        Wired::of(&lint, Router::new().route("/items/{id}", get(|| async { "never" }))).await;
    let mut peer = Peer::connect(server.addr).await;
    for number in 1..=4 {
        let bad = number == 3;
        let swapped = Instant::now();
        let text = if bad { "preset = 3".to_owned() } else { version(number) };
        place(number, &text);
        let outcome = within("the reload", outcomes.recv()).await.expect("the lint lives");
        assert!(swapped.elapsed() < Duration::from_secs(2), "after {:?}", swapped.elapsed());
        match outcome {
            Ok(reload) => assert_eq!((reload, bad), (Reload::Replaced, false)),
            Err(text) => assert!(bad && text.contains("conn-lint.toml:1:10"), "{text}"),
        }
        let holds = if bad { number - 1 } else { number };
        assert_eq!(peer.ask(REQUEST).await.status(), denial(holds).1, "version {holds}");
    }
    drop(watch);
}

#[tokio::test]
async fn a_request_finishes_under_the_policy_that_it_started_with() {
    let lint = ConnLint::builder().policy(Preset::Recommended1).environment("").build();
    let (entered, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let wait = {
        let (entered, go_on) = (entered.clone(), go_on.clone());
        move || {
            let (entered, go_on) = (entered.clone(), go_on.clone());
            async move {
                entered.notify_one();
                go_on.notified().await;
                ([(header::CONNECTION, "close")], "done")
            }
        }
    };
    let server = Wired::of(&lint, Router::new().route("/wait", post(wait))).await;
    let request = "POST /wait HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n";
    let mut peer = Peer::connect(server.addr).await;
    // The first by the layer's own memory, the second by the record's, the third under the new one.
    for (number, closes) in [(1, false), (2, false), (3, true)] {
        peer.send(request).await;
        within("the handler", entered.notified()).await;
        if number == 2 {
            lint.replace_policy(Preset::Observe1);
        }
        go_on.notify_one();
        let response = within("the response", peer.message()).await.expect("a response");
        assert_eq!(response.says("close"), closes, "request {number}: {response:?}");
    }
}

#[tokio::test]
async fn services_cloned_from_one_that_nobody_calls_follow_the_policy() {
    let lint = ConnLint::builder().policy(Preset::Observe1).environment("").build();
    let handler = tower::service_fn(|_: http::Request<()>| async {
        let response = http::Response::builder().header(header::CONNECTION, "close");
        Ok::<_, std::convert::Infallible>(response.body(String::new()).expect("it is well-formed"))
    });
    let service = lint.inbound().layer(handler);
    let excepting = lint.inbound().allow(lint::HANDLER_SENDS_CLOSE, "a test").layer(handler);
    for (preset, closes) in
        [(Preset::Observe1, true), (Preset::Recommended1, false), (Preset::Observe1, true)]
    {
        lint.replace_policy(preset);
        for _ in 0..2 {
            let response =
                service.clone().oneshot(http::Request::new(())).await.expect("it answers");
            assert_eq!(response.headers().contains_key(header::CONNECTION), closes, "{preset}");
            let response =
                excepting.clone().oneshot(http::Request::new(())).await.expect("it does");
            assert!(response.headers().contains_key(header::CONNECTION), "the exception holds");
        }
    }
}

#[tokio::test]
async fn a_base_of_the_next_version_starts_and_holds_in_what_is_known() {
    let next = "version = 2\nfrobnicate = true\n[lints]\nnext-years-lint = \"fix\"\nhandler-sends-close = \"fix\"\n";
    let file = PolicyFile::new("next", next);
    let (lint, mut outcomes) = lint(&file.path);
    let problems = lint.policy().problems().expect("there are warnings").clone();
    assert_eq!(problems.severity(), tower_conn_lint::policy::Severity::Warning, "{problems}");
    assert_eq!(problems.iter().count(), 3, "the version, the key and the lint: {problems}");
    let level = |lint: &ConnLint| {
        let everywhere = tower_conn_lint::policy::Query::everywhere();
        let levels = lint.policy().effective(&everywhere);
        let found = levels.levels.iter().find(|level| level.lint == lint::HANDLER_SENDS_CLOSE);
        found.map(|found| found.level)
    };
    assert_eq!(level(&lint), Some(Level::Fix));

    // It may come by a reload, too.
    file.replace(&next.replace("\"fix\"", "\"warn\""));
    assert_eq!(lint.reload(), Ok(Reload::Replaced));
    assert_eq!(level(&lint), Some(Level::Warn));
    assert_eq!(outcomes.try_recv(), Ok(Ok(Reload::Replaced)));
    assert_eq!(lint.reload(), Ok(Reload::Unchanged), "the file is the same");
}

#[tokio::test]
async fn a_known_path_falls_under_the_new_policys_route() {
    let (lint, found) = crate::found::lint(under("POST /users/{id}"));
    let closing = || async { ([(header::CONNECTION, "close")], "hello") };
    let app = Router::new().route("/users/{id}", post(closing));
    let server = Wired::of(&lint, app).await;
    let mut peer = Peer::connect(server.addr).await;
    for (route, label) in [("POST /users/{id}", "/users/{id}"), ("POST /users/42", "/users/42")] {
        lint.replace_policy(under(route));
        for _ in 0..3 {
            peer.ask("POST /users/42 HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").await;
            assert_eq!(found.one(lint::HANDLER_SENDS_CLOSE).route.as_str(), label);
            found.clear();
        }
    }
}

/// A policy that mends what a handler says on this route.
fn under(route: &str) -> Policy {
    let route = tower_conn_lint::Route::inbound(route).fix(lint::HANDLER_SENDS_CLOSE);
    Policy::builder().route(route).build().expect("the policy is well-formed")
}

#[tokio::test]
async fn a_watch_sees_a_file_put_back_behind_a_reload_by_code() {
    let file = PolicyFile::new("put-back", &version(0));
    let (lint, mut outcomes) = lint(&file.path);
    let watch = lint.watch().expect("a thread starts");
    file.replace(&version(1));
    lint.reload().expect("the file is good");
    file.replace(&version(0));
    let app = Router::new().route("/items/{id}", get(|| async { "never" }));
    let server = Wired::of(&lint, app).await;
    let mut peer = Peer::connect(server.addr).await;
    while peer.ask(REQUEST).await.status() != denial(0).1 {
        within("the watch", outcomes.recv()).await.expect("the lint lives").expect("all are good");
    }
    drop(watch);
}
