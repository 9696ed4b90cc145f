use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_test::{assert_pending, assert_ready, task};

use super::Recorder;
use crate::ConnLint;
use crate::clock::Clock;
use crate::connection::{
    Addresses, Causes, Closer, Dialler, End, EndCause, Ended, Flag, Opened, Record, Side,
};
use crate::lint::{self, Action, Client, Finding, Label, Level, Lint, Place};
use crate::report::Reporter;

/// A connection that was opened and carried so many requests; the first of a client is needed.
fn open(recorder: &Recorder, client: Option<&str>, requests: u64, needed: bool) -> Arc<Record> {
    let side = if client.is_some() { Side::Outbound } else { Side::Inbound };
    let now = Instant::now();
    let record = Record::new(side, Clock::default(), now, Addresses::default());
    let record = match client {
        Some(name) => {
            let client = Client { name: Label::new(name), built_at: Location::caller() };
            record.dialled(Dialler::new(client, None), Duration::ZERO)
        }
        None => record,
    };
    let record = Arc::new(record);
    recorder.opened(&Opened::new(&record));
    if needed {
        record.raise(Flag::Excused);
    }
    for _ in 0..requests {
        match side {
            Side::Inbound => record.begin(now, Flag::BodyRead),
            Side::Outbound => record.answer(now),
        };
    }
    record
}

fn end(recorder: &Recorder, record: &Record, cause: EndCause, closer: Closer) {
    let ended = Ended {
        id: record.id,
        side: record.side,
        party: None,
        client: record.dialler.as_ref().map(|dialler| dialler.client),
        route: Label::OTHER,
        local: None,
        peer: None,
        version: None,
        requests: record.requests(),
        bytes_in: 0,
        bytes_out: 0,
        dial: None,
        at_dial: None,
        lived: Duration::ZERO,
        end_seen: true,
        end: End { cause, beside: Causes::NONE, closer, idle: Duration::ZERO },
    };
    Reporter::ended(recorder, &ended);
}

fn finding(lint: Lint, place: Place, action: Action) -> Finding {
    Finding { action, ..Finding::new(lint, place, Level::Warn, None) }
}

fn sends_close(action: Action) -> Finding {
    finding(lint::CLIENT_SENDS_CLOSE, Place::OutgoingRequest, action)
}

/// What an assertion says as it fails; `None` where it holds.
fn failure(assert: impl FnOnce()) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(assert)).err()?;
    Some(*panic.downcast::<String>().expect("an assertion panics with a text"))
}

#[track_caller]
fn fails(assert: impl FnOnce(), parts: &[&str]) {
    let text = failure(assert).expect("the assertion does not hold");
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
    for line in text.lines() {
        assert!(line.chars().count() <= 120, "a line is too long: {line}");
    }
}

#[test]
fn reuse_counts_open_connections_and_those_that_ended() {
    let recorder = Recorder::new();
    end(&recorder, &open(&recorder, Some("gateway"), 4, true), EndCause::Reset, Closer::Peer);
    let live = open(&recorder, Some("gateway"), 5, false);
    recorder.assert_reused("gateway", 7.0 / 8.0);
    fails(|| recorder.assert_reused("gateway", 0.9), &["reused too little: 0.88, and 0.90"]);
    fails(|| recorder.assert_reused("gateway", 90.0), &["a share is from 0 to 1, and 90 was"]);

    live.answer(Instant::now());
    live.answer(Instant::now());
    recorder.assert_reused("gateway", 0.9);
    assert_eq!(recorder.connections("gateway"), 2);
    assert_eq!(recorder.served_connections(), 0);
}

#[test]
fn missing_reuse_is_told_with_its_causes_its_closers_and_the_change_to_make() {
    let recorder = Recorder::new();
    for number in 0..20 {
        let record = open(&recorder, Some("gateway"), 1, number == 0);
        let (cause, closer) = match number {
            0 => continue,
            1..4 => (EndCause::PeerClosedIdle, Closer::Peer),
            _ => (EndCause::RequestClose, Closer::Local),
        };
        end(&recorder, &record, cause, closer);
    }
    let text = failure(|| recorder.assert_reused("gateway", 0.8)).expect("nothing was reused");
    let built_at = text.lines().nth(1).expect("where it was built");
    assert!(built_at.starts_with("  --> client `gateway`, built at src/test_util/tests.rs:"));
    assert_eq!(
        text.replace(built_at, "  --> client"),
        "\
error[assert_reused]: `gateway` reused too little: 0.00, and 0.80 was asserted
  --> client
   = seen:    20 of 20 requests opened a connection, 1 of them since no other was free; ended by
              request-close 16, peer-closed-idle 3; closed by local 16, peer 3; 1 still open
   = likely:  latency includes handshakes; under load ports run out where connections are closed
              first
   = unknown: whether what stands between closed them
   = fix:     request-close: let the client send no `close`
   = accept:  assert a smaller share
"
    );
}

#[test]
fn reuse_of_which_nothing_tells_is_not_asserted() {
    let recorder = Recorder::new();
    let asserted = || recorder.assert_reused("gateway", 0.0);
    fails(asserted, &["no connection of `gateway` was recorded", "no connection of any client"]);

    open(&recorder, Some("billing"), 3, false);
    fails(asserted, &["connections of the clients billing 1, and 0 of callers", "lint.connector"]);

    let unused = open(&recorder, Some("gateway"), 0, true);
    fails(asserted, &["no request of `gateway` was counted", "lint.outbound(\"gateway\")"]);

    unused.answer(Instant::now());
    fails(asserted, &["no request of `gateway` could have come on a reused connection"]);

    unused.answer(Instant::now());
    asserted();
}

#[test]
fn a_response_that_is_seen_after_its_connection_ended_counts() {
    let recorder = Recorder::new();
    for number in 0..20 {
        let record = open(&recorder, Some("gateway"), 0, number == 0);
        end(&recorder, &record, EndCause::RequestClose, Closer::Peer);
        record.answer(Instant::now());
    }
    fails(|| recorder.assert_reused("gateway", 0.8), &["20 of 20 requests opened a connection, 1"]);
}

#[test]
fn bursts_are_not_held_against_a_client_and_open_ones_left_alone_are() {
    let recorder = Recorder::new();
    for _ in 0..50 {
        open(&recorder, Some("bursts"), 2, true);
        open(&recorder, Some("leaves"), 1, false);
    }
    recorder.assert_reused("bursts", 1.0);
    fails(|| recorder.assert_reused("leaves", 0.1), &["none ended", "50 still open"]);
}

#[test]
fn callers_are_told_apart_from_clients() {
    let recorder = Recorder::new();
    open(&recorder, Some("gateway"), 10, true);
    fails(|| recorder.assert_served_reused(0.5), &["no connection of the callers", "make_service"]);
    open(&recorder, None, 10, true);
    recorder.assert_served_reused(1.0);
    for _ in 0..30 {
        end(&recorder, &open(&recorder, None, 1, false), EndCause::Http10, Closer::Local);
    }
    let parts = ["error[assert_served_reused]: the callers reused", "http10: speak HTTP/1.1"];
    fails(|| recorder.assert_served_reused(0.5), &parts);
    recorder.assert_reused("gateway", 1.0);
}

#[test]
fn findings_are_told_by_lint_with_their_diagnostics() {
    let recorder = Recorder::new();
    recorder.assert_no_findings();
    for _ in 0..3 {
        recorder.finding(&sends_close(Action::None));
    }
    recorder.assert_found(lint::CLIENT_SENDS_CLOSE);
    let parts = [
        "error[assert_no_findings]: a lint fired: client-sends-close 3\n\n",
        "warning[client-sends-close]: ",
        "on 3 outgoing requests",
    ];
    fails(|| recorder.assert_no_findings(), &parts);
    recorder.finding(&finding(lint::HANDLER_SENDS_CLOSE, Place::OutgoingResponse, Action::None));
    fails(|| recorder.assert_no_findings(), &["2 lints fired", "warning[handler-sends-close]: "]);
    assert_eq!(recorder.findings().len(), 4);
}

#[test]
fn a_lint_that_did_not_fire_is_told_beside_those_that_did() {
    let recorder = Recorder::new();
    let asserted = || recorder.assert_found(lint::LOW_REUSE);
    fails(asserted, &["error[assert_found]: `low-reuse` did not fire", "no finding", "connector"]);
    recorder.finding(&sends_close(Action::None));
    fails(asserted, &["other findings: client-sends-close 1"]);
    recorder.accepted(&finding(lint::LOW_REUSE, Place::OutboundWindow, Action::None));
    fails(asserted, &["silenced by an exception in code: 1"]);
}

#[test]
fn a_rewrite_is_asserted_whatever_fired_before_it() {
    let recorder = Recorder::new();
    let asserted = || recorder.assert_rewritten(lint::CLIENT_SENDS_CLOSE);
    fails(asserted, &["error[assert_rewritten]: `client-sends-close` did not fire", "`inbound`"]);
    recorder.finding(&sends_close(Action::None));
    let parts = ["fired, and no message was rewritten", "or `.fix(lint::CLIENT_SENDS_CLOSE)`"];
    fails(asserted, &parts);
    recorder.finding(&sends_close(Action::StoodAside(lint::StandAside::Draining)));
    recorder.finding(&sends_close(Action::Rewritten));
    asserted();
}

#[test]
fn an_end_has_to_have_both_the_cause_and_the_closer() {
    let recorder = Recorder::new();
    let asserted = || recorder.assert_ended(EndCause::Reset, Closer::Peer);
    fails(asserted, &["no connection ended; 0 still open"]);
    let record = open(&recorder, None, 1, true);
    fails(asserted, &["no connection ended; 1 still open", "all_ended()"]);
    end(&recorder, &record, EndCause::Reset, Closer::Local);
    let parts = [
        "error[assert_ended]: no connection ended by `reset` and was closed by `peer`",
        "ended: reset closed by local 1; 0 still open",
    ];
    fails(asserted, &parts);
    end(&recorder, &open(&recorder, None, 1, true), EndCause::Reset, Closer::Peer);
    asserted();
    assert_eq!(recorder.ended().len(), 2);
}

#[test]
fn who_waits_for_all_ends_is_woken_by_the_last_one() {
    let recorder = Recorder::new();
    let (first, last) = (open(&recorder, None, 1, true), open(&recorder, Some("gateway"), 1, true));
    let mut ends = task::spawn(recorder.all_ended());
    assert_pending!(ends.poll());
    end(&recorder, &first, EndCause::Reset, Closer::Peer);
    assert!(!ends.is_woken(), "one is open");
    assert_pending!(ends.poll());
    end(&recorder, &last, EndCause::Reset, Closer::Peer);
    assert!(ends.is_woken(), "none is open");
    assert_ready!(ends.poll());
}

#[test]
fn what_is_kept_is_bounded_and_the_counts_are_exact() {
    let recorder = Recorder::new();
    for _ in 0..10_000 {
        recorder.finding(&sends_close(Action::None));
        end(&recorder, &open(&recorder, None, 1, false), EndCause::Reset, Closer::Peer);
    }
    assert_eq!(recorder.findings().len(), 1_000);
    assert_eq!(recorder.ended().len(), 1_000);
    assert_eq!(recorder.served_connections(), 10_000);
    fails(|| recorder.assert_no_findings(), &["client-sends-close 10000"]);
    recorder.finding(&sends_close(Action::Rewritten));
    recorder.assert_rewritten(lint::CLIENT_SENDS_CLOSE);
}

#[test]
fn a_recorder_reports_for_any_lint_and_is_shown_briefly() {
    let recorder = Recorder::new();
    let lint = ConnLint::builder().reporter((recorder.clone(), ())).build();
    assert!(format!("{lint:?} {recorder:?}").contains("Recorder"));
}
