//! Which lints fire on a message head: a row for each, and for what resembles it.

use http::{HeaderMap, Method, StatusCode, Version};
use tower_conn_lint::lint::{self, Circumstances, Head, LintSet, Place, RequestBody};

use crate::headers::headers;

type Fields = &'static [(&'static str, &'static str)];

const H10: Version = Version::HTTP_10;
const H11: Version = Version::HTTP_11;
const H2: Version = Version::HTTP_2;

const CLOSE: Fields = &[("connection", "close"), ("content-length", "2")];
const NONE: Fields = &[("content-length", "2")];

/// What fires, by name, in the catalogue's order.
fn names(fired: LintSet) -> Vec<&'static str> {
    fired.iter().map(lint::Lint::name).collect()
}

fn map(fields: Fields) -> HeaderMap {
    headers(fields.iter().copied())
}

fn received_request(method: &Method, version: Version, fields: Fields) -> Head {
    Head::received_request(method, version, &map(fields))
}

fn outgoing_request(version: Version, fields: Fields) -> Head {
    Head::outgoing_request(&Method::GET, version, &map(fields))
}

fn outgoing_response(request: &Head, status: u16, fields: Fields) -> Head {
    let status = StatusCode::from_u16(status).unwrap();
    Head::outgoing_response(request, status, &map(fields), None)
}

fn received_response(request: &Head, status: u16, version: Version, fields: Fields) -> Head {
    let status = StatusCode::from_u16(status).unwrap();
    Head::received_response(request, status, version, &map(fields))
}

#[test]
fn a_received_request_trips_its_lints() {
    let rows: &[(Version, Fields, &[&str])] = &[
        (H11, &[], &[]),
        (H11, &[("connection", "keep-alive")], &[]),
        (H11, &[("connection", "upgrade"), ("upgrade", "websocket")], &[]),
        (H11, &[("connection", "te"), ("te", "trailers")], &[]),
        (H11, &[("connection", "")], &[]),
        (H11, &[("connection", "close")], &["caller-sends-close"]),
        (H11, &[("connection", "te,\tCLOSE")], &["caller-sends-close"]),
        (
            H11,
            &[("connection", "keep-alive, close")],
            &["caller-sends-close", "close-keep-alive-conflict"],
        ),
        (
            H11,
            &[("connection", "upgrade"), ("connection", "close"), ("upgrade", "websocket")],
            &["caller-sends-close", "upgrade-with-close", "options-over-several-lines"],
        ),
        (H11, &[("connection", "te"), ("connection", "x-foo")], &["options-over-several-lines"]),
        (H11, &[("connection", "disclose")], &[]),
        (H11, &[("connection", "closed")], &["misspelled-option"]),
        (H11, &[("connection", "clsoe")], &["misspelled-option"]),
        (H11, &[("connection", "keep_alive")], &["misspelled-option"]),
        (H11, &[("connection", "KeepAlive")], &["misspelled-option"]),
        (H11, &[("connection", "keep alive")], &["connection-bad-token", "misspelled-option"]),
        (H11, &[("connection", "close;q=1")], &["connection-bad-token", "misspelled-option"]),
        (H11, &[("connection", "\"close\"")], &["connection-bad-token", "misspelled-option"]),
        (
            H11,
            &[("connection", "close keep-alive")],
            &["connection-bad-token", "misspelled-option"],
        ),
        // A nomination of a field that is there is no misspelling.
        (H11, &[("connection", "closer"), ("closer", "1")], &[]),
        (H11, &[("connection", "{}")], &["connection-bad-token"]),
        (
            H11,
            &[("connection", "keep-alive, \u{e9}")],
            &["connection-bad-token", "obs-text-in-connection"],
        ),
        (H11, &[("keep-alive", "timeout=5")], &["keep-alive-field-without-option"]),
        (H11, &[("connection", "keep-alive"), ("keep-alive", "timeout=5, max=100")], &[]),
        (H11, &[("connection", "keep-alive"), ("keep-alive", "300")], &["keep-alive-syntax"]),
        (
            H11,
            &[("connection", "keep-alive"), ("keep-alive", "timeout=-1")],
            &["keep-alive-syntax"],
        ),
        (
            H11,
            &[("connection", "keep-alive"), ("keep-alive", "timeout=\"5\"")],
            &["keep-alive-syntax"],
        ),
        (H11, &[("connection", "keep-alive"), ("keep-alive", "")], &[]),
        // Only a server's timeout can be unusable.
        (H11, &[("connection", "keep-alive"), ("keep-alive", "timeout=0")], &[]),
        (H11, &[("proxy-connection", "keep-alive")], &["proxy-connection-sent"]),
        (H11, &[("x-connection", "close"), ("close", "true"), ("connectiox", "close")], &[]),
        (
            H11,
            &[("connection", "close, Cache-Control")],
            &["caller-sends-close", "connection-lists-end-to-end"],
        ),
        (H11, &[("connection", "if-match")], &["connection-lists-end-to-end"]),
        (H11, &[("connection", "x-hop, X-Forwarded-Proto")], &["connection-lists-sensitive"]),
        (H11, &[("connection", "Transfer-Encoding")], &["connection-lists-sensitive"]),
        (H11, &[("connection", "AUTHORIZATION")], &["connection-lists-sensitive"]),
        (H11, &[("connection", "content-anything")], &["connection-lists-sensitive"]),
        (H11, &[("connection", "connection, keep-alive")], &["connection-lists-itself"]),
        (H11, &[("connection", "a, b, c, d, e, f, g, h, i,")], &[]),
        (H11, &[("connection", "a, b, c, d, e, f, g, h, i, j")], &["connection-lists-too-many"]),
        (
            H11,
            &[("connection", "a, b, c, d, e"), ("connection", "f, g, h, i, j")],
            &["options-over-several-lines", "connection-lists-too-many"],
        ),
        (H2, &[("connection", "authorization")], &["connection-field-in-http2"]),
        (H10, &[], &["http10-without-keep-alive"]),
        (H10, &[("connection", "keep-alive")], &[]),
        (H10, &[("connection", "keepalive")], &["http10-without-keep-alive", "misspelled-option"]),
        (H10, &[("connection", "close")], &["caller-sends-close", "http10-without-keep-alive"]),
        (H2, &[], &[]),
        (H2, &[("te", "trailers")], &[]),
        (H2, &[("connection", "close")], &["connection-field-in-http2"]),
        (H2, &[("upgrade", "websocket")], &["connection-field-in-http2"]),
        (H2, &[("transfer-encoding", "chunked")], &["connection-field-in-http2"]),
        (
            H2,
            &[("proxy-connection", "close")],
            &["proxy-connection-sent", "connection-field-in-http2"],
        ),
        (Version::HTTP_3, &[("keep-alive", "timeout=5")], &["connection-field-in-http2"]),
    ];
    for (version, fields, expected) in rows {
        let fired = lint::check(&received_request(&Method::GET, *version, fields));
        assert_eq!(names(fired), *expected, "{version:?} {fields:?}");
    }
}

#[test]
fn an_outgoing_request_trips_its_lints() {
    let rows: &[(Version, Fields, &[&str])] = &[
        (H11, &[], &[]),
        (H11, &[("connection", "close")], &["client-sends-close"]),
        (
            H11,
            &[("connection", "close, upgrade"), ("upgrade", "h2c")],
            &["client-sends-close", "upgrade-with-close"],
        ),
        (
            H11,
            &[("connection", "close, keep-alive")],
            &["client-sends-close", "close-keep-alive-conflict"],
        ),
        (H11, &[("proxy-connection", "close")], &["proxy-connection-sent"]),
        // The client below may speak HTTP/1.1 all the same: the version says nothing yet.
        (H2, &[("connection", "close")], &["client-sends-close"]),
        // In HTTP/1.0 removing `close` would not keep the connection.
        (H10, &[("connection", "close")], &[]),
    ];
    for (version, fields, expected) in rows {
        assert_eq!(
            names(lint::check(&outgoing_request(*version, fields))),
            *expected,
            "{version:?} {fields:?}"
        );
    }
    let tunnel = Head::outgoing_request(&Method::CONNECT, H11, &map(CLOSE));
    assert_eq!(names(lint::check(&tunnel)), [""; 0], "CONNECT opens a tunnel");
}

#[test]
fn an_outgoing_response_trips_its_lints() {
    let rows: &[(u16, Fields, &[&str])] = &[
        (200, NONE, &[]),
        (200, &[], &[]),
        (200, CLOSE, &["handler-sends-close"]),
        (404, CLOSE, &["handler-sends-close"]),
        (304, CLOSE, &["handler-sends-close"]),
        (
            200,
            &[("connection", "close, Upgrade"), ("upgrade", "h2c")],
            &["handler-sends-close", "upgrade-with-close"],
        ),
        (101, &[("connection", "upgrade"), ("upgrade", "websocket")], &[]),
        (
            101,
            &[("connection", "upgrade, close"), ("upgrade", "websocket")],
            &["close-in-interim", "upgrade-with-close"],
        ),
        (429, CLOSE, &["close-as-backpressure"]),
        (503, CLOSE, &["close-as-backpressure"]),
        (503, NONE, &[]),
        (
            200,
            &[("connection", "keep-alive"), ("keep-alive", "timeout=1")],
            &["keep-alive-timeout-unusable"],
        ),
        (
            200,
            &[("connection", "keep-alive"), ("keep-alive", "timeout=9, max=0")],
            &["keep-alive-timeout-unusable"],
        ),
        (200, &[("connection", "keep-alive"), ("keep-alive", "timeout=2")], &[]),
        (200, &[("proxy-connection", "close")], &[]),
        (200, &[("transfer-encoding", "gzip"), ("connection", "close")], &[]),
    ];
    let request = received_request(&Method::GET, H11, &[]);
    for (status, fields, expected) in rows {
        let fired = lint::check(&outgoing_response(&request, *status, fields));
        assert_eq!(names(fired), *expected, "{status} {fields:?}");
    }
    let http2 = received_request(&Method::GET, H2, &[]);
    assert_eq!(
        names(lint::check(&outgoing_response(&http2, 200, CLOSE))),
        ["connection-field-in-http2"]
    );
    let connect = received_request(&Method::CONNECT, H11, &[]);
    assert_eq!(
        names(lint::check(&outgoing_response(&connect, 200, CLOSE))),
        ["close-on-connect-2xx"]
    );
}

#[test]
fn a_received_response_trips_its_lints() {
    let rows: &[(Version, u16, Fields, &[&str])] = &[
        (H11, 200, NONE, &[]),
        (H11, 200, CLOSE, &["upstream-sends-close"]),
        (H11, 500, CLOSE, &["upstream-sends-close"]),
        (H11, 503, CLOSE, &["close-as-backpressure"]),
        (
            H11,
            101,
            &[("connection", "close"), ("upgrade", "x")],
            &["close-in-interim", "upgrade-with-close"],
        ),
        (H11, 200, &[], &["close-delimited-response"]),
        (H11, 200, &[("transfer-encoding", "chunked")], &[]),
        (H11, 200, &[("transfer-encoding", "gzip")], &["close-delimited-response"]),
        (H11, 204, &[], &[]),
        (H11, 304, &[], &[]),
        (H10, 200, NONE, &["http10-without-keep-alive"]),
        (H10, 200, &[("connection", "keep-alive"), ("content-length", "0")], &[]),
        (H10, 200, &[("connection", "keep-alive")], &["close-delimited-response"]),
        (H2, 200, &[], &[]),
        (H2, 200, CLOSE, &["connection-field-in-http2"]),
    ];
    let request = outgoing_request(H11, &[]);
    for (version, status, fields, expected) in rows {
        let head = received_response(&request, *status, *version, fields);
        assert_eq!(names(lint::check(&head)), *expected, "{version:?} {status} {fields:?}");
    }
    let head = Head::outgoing_request(&Method::HEAD, H11, &HeaderMap::new());
    let answer = received_response(&head, 200, H11, &[]);
    assert!(lint::check(&answer).is_empty(), "a response to HEAD has no content");

    let asked = outgoing_request(H11, &[("connection", "close")]);
    let echo = lint::check(&received_response(&asked, 200, H11, CLOSE));
    assert!(echo.is_empty(), "an echo of our own close is not the upstream's doing: {echo:?}");
}

#[test]
fn no_lint_on_a_close_that_is_right() {
    let get = received_request(&Method::GET, H11, &[]);
    for status in [400, 408, 411, 413, 414, 417, 431, 500, 501, 502, 504, 599] {
        let fired = lint::check(&outgoing_response(&get, status, CLOSE));
        assert!(fired.is_empty(), "closing is right after {status}: {fired:?}");
    }
    let requests: &[(&str, Version, Fields)] = &[
        ("the request said close", H11, &[("connection", "close")]),
        ("the peer speaks HTTP/1.0", H10, &[("connection", "keep-alive")]),
        (
            "broken framing came in",
            H11,
            &[("content-length", "3"), ("transfer-encoding", "chunked")],
        ),
        (
            "broken framing came in",
            H10,
            &[("connection", "keep-alive"), ("transfer-encoding", "chunked")],
        ),
    ];
    for (reason, version, fields) in requests {
        let request = received_request(&Method::GET, *version, fields);
        let fired = lint::check(&outgoing_response(&request, 200, CLOSE));
        assert!(fired.is_empty(), "{reason}: {fired:?}");
    }
    let none = Circumstances::default();
    let circumstances = [
        ("it is meant", Circumstances { intended: true, ..none }),
        ("the process drains", Circumstances { draining: true, ..none }),
        ("the connection is at its maximum", Circumstances { last_request: true, ..none }),
    ];
    for (reason, circumstances) in circumstances {
        for status in [200, 503] {
            let fired = lint::check(&outgoing_response(&get, status, CLOSE).under(circumstances));
            assert!(fired.is_empty(), "{reason}: {fired:?} after {status}");
        }
        let fired =
            lint::check(&outgoing_request(H11, &[("connection", "close")]).under(circumstances));
        assert!(fired.is_empty(), "{reason}: {fired:?}");
    }
    let one_shot = Circumstances { one_shot: true, ..none };
    assert!(
        lint::check(&outgoing_request(H11, CLOSE).under(one_shot)).is_empty(),
        "a one-shot client may close"
    );
}

#[test]
fn the_state_of_the_request_body_decides_over_a_close() {
    let rows: &[(&str, Fields, RequestBody, bool)] = &[
        ("no body", &[], RequestBody::Unknown, true),
        ("an empty body", &[("content-length", "0")], RequestBody::Unknown, true),
        ("a body that was read", &[("content-length", "9")], RequestBody::Read, true),
        ("a body that nobody watches", &[("content-length", "9")], RequestBody::Unknown, true),
        ("a body that was not read", &[("content-length", "9")], RequestBody::Unread, false),
        (
            "a chunked body that was not read",
            &[("transfer-encoding", "chunked")],
            RequestBody::Unread,
            false,
        ),
    ];
    for (what, fields, body, fires) in rows {
        let request = received_request(&Method::POST, H11, fields);
        let around = Circumstances { body: *body, ..Circumstances::default() };
        let fired = lint::check(&outgoing_response(&request, 200, CLOSE).under(around));
        assert_eq!(fired.contains(lint::HANDLER_SENDS_CLOSE), *fires, "{what}");
    }
}

#[test]
fn a_response_to_http10_is_close_delimited_unless_its_length_is_known() {
    let request = received_request(&Method::GET, H10, &[("connection", "keep-alive")]);
    for (length, fields, fires) in
        [(None, &[][..], true), (Some(2), &[], false), (None, NONE, false)]
    {
        let head = Head::outgoing_response(&request, StatusCode::OK, &map(fields), length);
        let fired = lint::check(&head).contains(lint::CLOSE_DELIMITED_RESPONSE);
        assert_eq!(fired, fires, "length {length:?}, fields {fields:?}");
    }
}

#[test]
fn the_catalogue_is_complete() {
    for lint in lint::all() {
        let texts = [
            lint.summary(),
            lint.why(),
            lint.example(),
            lint.fix(),
            lint.accept(),
            lint.source(),
            lint.likely(),
            lint.unknown(),
        ];
        for text in texts {
            assert!(
                !text.is_empty() && !text.ends_with('.'),
                "{lint}: {text:?} is a phrase without a full stop"
            );
            // They stand in JSON and in log lines as they are.
            let plain = |c: char| (' '..='~').contains(&c) && c != '"' && c != '\\';
            assert!(text.chars().all(plain), "{lint}: {text:?} needs an escape");
            assert!(text.len() <= 160, "{lint}: {text:?} is too long for a line");
        }
        assert_eq!(lint::explain(lint.name()), Some(lint), "a lint is found by its name");
        assert!(
            lint.explanation().to_string().contains(lint.why()),
            "{lint}: the explanation tells why"
        );
        let somewhere = Place::ALL.iter().any(|place| lint.applies_to(*place));
        assert!(somewhere, "{lint} is looked for nowhere");
    }
    assert_eq!(lint::all().count(), 42, "a new lint gets a row in the tables above");
    assert_eq!(LintSet::ALL.iter().count(), lint::all().count());
}

#[test]
fn a_lint_of_connections_is_looked_for_where_they_are_and_ends_at_a_report() {
    use Place::{InboundConnection, InboundWindow, OutboundConnection, OutboundWindow};
    let rows: &[(lint::Lint, &[Place])] = &[
        (lint::UNREAD_REQUEST_BODY, &[InboundConnection]),
        (lint::DROPPED_RESPONSE_BODY, &[OutboundConnection]),
        (lint::DROPPED_REQUEST, &[OutboundConnection]),
        (lint::SILENT_CLOSE, &[InboundConnection, OutboundConnection]),
        (lint::HANDLER_FAILED, &[InboundConnection]),
        (lint::STALE_REUSE, &[OutboundConnection]),
        (lint::POOL_IDLE_ABOVE_SERVER_TIMEOUT, &[OutboundConnection]),
        (lint::NO_IDLE_TIMEOUT, &[InboundConnection, OutboundConnection]),
        (lint::REUSED_AFTER_CLOSE, &[InboundConnection, OutboundConnection]),
        (lint::SYN_RETRANSMITTED, &[OutboundConnection]),
        (lint::LOW_REUSE, &[InboundWindow, OutboundWindow]),
        (lint::CLIENT_PER_REQUEST, &[OutboundWindow]),
        (lint::POOL_TOO_SMALL, &[OutboundWindow]),
        (lint::EXTRA_HTTP2_CONNECTION, &[OutboundWindow]),
        (lint::PORT_EXHAUSTION_AHEAD, &[OutboundWindow]),
    ];
    for (lint, expected) in rows {
        let places = Place::ALL.iter().copied();
        let places: Vec<_> = places.filter(|place| lint.applies_to(*place)).collect();
        assert_eq!(places, *expected, "{lint}");
        let acts = Place::ALL.iter().any(|place| lint.can_fix(*place) || lint.can_deny(*place));
        assert!(!acts, "{lint}: nothing is left to rewrite or to reject");
    }
    let of_messages = lint::all().filter(|lint| {
        Place::ALL.iter().any(|place| place.message().is_some() && lint.applies_to(*place))
    });
    assert_eq!(of_messages.count() + rows.len(), lint::all().count(), "every lint has a row");
}
