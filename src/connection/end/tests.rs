use std::time::Duration;

use super::*;
use crate::connection::course::Event::{self, *};

const MS: Duration = Duration::from_millis(1);

/// One connection: what was seen, and what is to be concluded.
struct Case {
    what: &'static str,
    ending: Ending,
    cause: EndCause,
    closer: Closer,
}

fn ending(side: Side, events: &[Event]) -> Ending {
    let course = events.iter().fold(Course::START, |course, event| course.after(*event));
    let requests = events.iter().filter(|event| matches!(event, RequestStarted)).count() as u64;
    Ending {
        side,
        course,
        requests,
        idle: MS,
        socket: true,
        veiled: false,
        sealed: false,
        shaking: false,
        hidden: false,
        polled: false,
        panicking: false,
        close_asked: false,
        stray_bytes: false,
        may_be_asked: false,
        multiplexed: false,
        pool: None,
        idle_beside: 0,
        client_dropped: false,
    }
}

fn server(events: &[Event]) -> Ending {
    ending(Side::Inbound, events)
}

fn client(events: &[Event]) -> Ending {
    ending(Side::Outbound, events)
}

fn case(what: &'static str, ending: Ending, cause: EndCause, closer: Closer) -> Case {
    Case { what, ending, cause, closer }
}

const CLOSE: Event = Seen(EndCause::RequestClose);
const UNREAD: Event = Seen(EndCause::UnreadRequestBody);
const BODY_DROPPED: Event = Seen(EndCause::DroppedResponseBody);
const DRAIN: Event = Seen(EndCause::Drain);
const FAILED: Event = Seen(EndCause::HandlerFailed);
const DONE: [Event; 3] = [RequestStarted, ResponseStarted, ResponseEnded];

fn done(after: &[Event]) -> Vec<Event> {
    DONE.iter().chain(after).copied().collect()
}

fn cases() -> Vec<Case> {
    use Closer::{Local, Peer, Unknown};
    use EndCause as C;

    let seen = |cause| [RequestStarted, Seen(cause), ResponseStarted, ResponseEnded, ShutDown];
    let pool = Some(Pool::new(Duration::from_secs(90), 1));
    let rested = |idle, ending: Ending| Ending { idle, ..ending };
    let hidden = |ending: Ending| Ending { socket: false, hidden: true, ..ending };
    let h2 = |ending: Ending| Ending { multiplexed: true, may_be_asked: true, ..ending };
    let second = Duration::from_secs(1);
    vec![
        case("a request's close", server(&seen(C::RequestClose)), C::RequestClose, Local),
        case(
            "a request's close, and the peer is first",
            server(&[RequestStarted, CLOSE, ResponseStarted, ResponseEnded, Eof, ShutDown]),
            C::RequestClose,
            Peer,
        ),
        case(
            "a request's close, and the caller leaves before the answer",
            server(&[RequestStarted, CLOSE, Eof]),
            C::PeerClosedActive,
            Peer,
        ),
        case("a response's close", server(&seen(C::ResponseClose)), C::ResponseClose, Local),
        case("HTTP/1.0", server(&seen(C::Http10)), C::Http10, Local),
        case(
            "asked for by its handle, and requests came after that",
            Ending {
                multiplexed: true,
                ..server(&[Seen(C::GracefulClose), RequestStarted, ResponseEnded, Eof])
            },
            C::GracefulClose,
            Peer,
        ),
        case(
            "asked for by its handle, and the caller leaves before the answer",
            server(&[RequestStarted, Seen(C::GracefulClose), Eof]),
            C::PeerClosedActive,
            Peer,
        ),
        case(
            "asked for by its handle before a request came",
            Ending { requests: 0, ..server(&[Seen(C::GracefulClose), ShutDown]) },
            C::GracefulClose,
            Local,
        ),
        case(
            "without the socket the closer is unknown",
            Ending { socket: false, ..server(&[RequestStarted, CLOSE, ResponseEnded]) },
            C::RequestClose,
            Unknown,
        ),
        case(
            "without the socket and without a word",
            Ending { socket: false, ..server(&DONE) },
            C::Unknown,
            Unknown,
        ),
        case(
            "a body that the handler left",
            server(&[RequestStarted, UNREAD, ResponseStarted, ResponseEnded, ShutDown]),
            C::UnreadRequestBody,
            Local,
        ),
        case(
            "a body that the handler left, read away below; closed long after",
            rested(second, server(&[RequestStarted, UNREAD, ResponseEnded, ShutDown])),
            C::ClosedIdleLocal,
            Local,
        ),
        case(
            "a body that the handler left, and the caller closes",
            server(&[RequestStarted, UNREAD, ResponseEnded, Eof, ShutDown]),
            C::PeerClosedIdle,
            Peer,
        ),
        case("a panic", server(&[RequestStarted, FAILED]), C::HandlerFailed, Local),
        case(
            "a panic, and the socket is dropped before the handler",
            Ending { panicking: true, ..server(&[RequestStarted]) },
            C::HandlerFailed,
            Local,
        ),
        case(
            "a header timeout",
            rested(second, Ending { polled: true, ..server(&DONE) }),
            C::HeaderTimeout,
            Local,
        ),
        case(
            "a header timeout before the first request",
            rested(second, Ending { polled: true, ..server(&[]) }),
            C::HeaderTimeout,
            Local,
        ),
        case("an aborted task", rested(second, server(&DONE)), C::Unknown, Local),
        case("an aborted task while a handler runs", server(&[RequestStarted]), C::Unknown, Local),
        case(
            "what is no request",
            Ending { stray_bytes: true, ..server(&[ShutDown]) },
            C::BadRequest,
            Local,
        ),
        case("a drain while idle", server(&done(&[DRAIN, ShutDown])), C::Drain, Local),
        case("a drain before the first request", server(&[DRAIN, ShutDown]), C::Drain, Local),
        case(
            "a drain while a request is under way",
            server(&[RequestStarted, DRAIN, ResponseStarted, ResponseEnded, ShutDown]),
            C::Drain,
            Local,
        ),
        case(
            "a caller that leaves during a drain",
            server(&[RequestStarted, ResponseStarted, DRAIN, Eof]),
            C::PeerClosedActive,
            Peer,
        ),
        case("an upgrade", server(&[RequestStarted, Upgraded, Eof]), C::Upgrade, Peer),
        case("a caller that closes", server(&done(&[Eof, ShutDown])), C::PeerClosedIdle, Peer),
        case("a caller that never asks", server(&[Eof, ShutDown]), C::NeverUsed, Peer),
        case("a caller that leaves", server(&[RequestStarted, Eof]), C::PeerClosedActive, Peer),
        case(
            "a caller that resets",
            server(&[RequestStarted, Failed { reset: true }]),
            C::Reset,
            Peer,
        ),
        case(
            "an error that is nobody's",
            server(&[RequestStarted, Failed { reset: false }]),
            C::IoError,
            Unknown,
        ),
        case("a server that closes idle", server(&done(&[ShutDown])), C::ClosedIdleLocal, Local),
        case(
            "a client's own close",
            client(&[RequestStarted, CLOSE, ResponseStarted, ResponseEnded, ShutDown]),
            C::RequestClose,
            Local,
        ),
        case(
            "a response's close, and nobody watches the body",
            client(&[RequestStarted, Seen(C::ResponseClose), ResponseUnwatched, Eof]),
            C::ResponseClose,
            Peer,
        ),
        case(
            "nobody watches the body",
            client(&[RequestStarted, ResponseUnwatched, ShutDown]),
            C::Unknown,
            Local,
        ),
        case(
            "a dropped body",
            client(&[RequestStarted, ResponseStarted, BODY_DROPPED, ResponseLeft, ShutDown]),
            C::DroppedResponseBody,
            Local,
        ),
        case(
            "a dropped body, read away below; the pool closes later",
            rested(
                second,
                client(&[RequestStarted, ResponseStarted, BODY_DROPPED, ResponseLeft, ShutDown]),
            ),
            C::ClosedIdleLocal,
            Local,
        ),
        case("a request given up", client(&[RequestStarted, ShutDown]), C::DroppedRequest, Local),
        case(
            "a response that could not be read",
            Ending { stray_bytes: true, ..client(&[RequestStarted, ShutDown]) },
            C::Unknown,
            Local,
        ),
        case("the upstream closes idle", client(&done(&[Eof])), C::PeerClosedIdle, Peer),
        case(
            "the upstream closes before it answers",
            client(&[RequestStarted, Eof]),
            C::PeerClosedActive,
            Peer,
        ),
        case(
            "the upstream ends a response that its caller reads later",
            client(&[
                RequestStarted,
                Eof,
                ResponseUnwatched,
                Settled,
                Seen(C::ResponseClose),
                ResponseStarted,
                Settled,
                ResponseEnded,
                Settled,
            ]),
            C::ResponseClose,
            Peer,
        ),
        case(
            "the upstream closes idle, before the caller read the response",
            client(&[RequestStarted, ResponseStarted, Eof, ResponseEnded, Settled]),
            C::PeerClosedIdle,
            Peer,
        ),
        case(
            "the upstream closes, and the response turns out to be cut",
            client(&[RequestStarted, Eof, ResponseUnwatched, Settled, ResponseStarted, Settled]),
            C::PeerClosedActive,
            Peer,
        ),
        case(
            "the upstream resets, and the response came whole before",
            client(&[
                RequestStarted,
                ResponseStarted,
                Failed { reset: true },
                ResponseEnded,
                Settled,
            ]),
            C::Reset,
            Peer,
        ),
        case(
            "a full pool closes before the caller read the response",
            Ending {
                pool,
                idle_beside: 1,
                ..client(&[RequestStarted, ResponseStarted, ShutDown, ResponseEnded, Settled])
            },
            C::PoolFull,
            Local,
        ),
        case(
            "a body that is dropped after the pool closed",
            client(&[
                RequestStarted,
                ResponseStarted,
                ShutDown,
                BODY_DROPPED,
                ResponseLeft,
                Settled,
            ]),
            C::ClosedIdleLocal,
            Local,
        ),
        case(
            "a hidden connection, and the response said close",
            hidden(client(&[
                RequestStarted,
                Seen(C::ResponseClose),
                ResponseStarted,
                BODY_DROPPED,
                ResponseLeft,
            ])),
            C::ResponseClose,
            Unknown,
        ),
        case(
            "a hidden connection, and the client was dropped",
            hidden(client(&done(&[Seen(C::ClientDropped)]))),
            C::Unknown,
            Unknown,
        ),
        case(
            "a hidden connection whose response was dropped",
            hidden(client(&[RequestStarted, ResponseStarted, BODY_DROPPED, ResponseLeft])),
            C::Unknown,
            Unknown,
        ),
        case("a hidden connection of no response", hidden(client(&[])), C::Unknown, Unknown),
        case(
            "a caller said that it ends, and we were faster",
            server(&done(&[PeerEnding, ShutDown])),
            C::PeerClosedIdle,
            Local,
        ),
        case(
            "what the peer said was no end, for another request came",
            server(&[PeerEnding, RequestStarted, ResponseStarted, ResponseEnded, ShutDown]),
            C::ClosedIdleLocal,
            Local,
        ),
        case(
            "an upstream said that it ends instead of an answer",
            client(&[RequestStarted, PeerEnding, ShutDown]),
            C::PeerClosedActive,
            Local,
        ),
        case(
            "a caller left in the handshake",
            server(&[PeerEnding, ShutDown]),
            C::NeverUsed,
            Local,
        ),
        case(
            "closed here in the handshake, or after what may have been a request",
            Ending { shaking: true, sealed: true, ..server(&[ShutDown]) },
            C::Unknown,
            Local,
        ),
        case(
            "given up under TLS, before anything told the version",
            Ending { sealed: true, requests: 0, ..client(&[RequestStarted, ShutDown]) },
            C::Unknown,
            Local,
        ),
        case(
            "given up under TLS, later",
            Ending { sealed: true, requests: 1, ..client(&[RequestStarted, ShutDown]) },
            C::DroppedRequest,
            Local,
        ),
        case(
            "no answer under TLS, before anything told the version",
            Ending { sealed: true, requests: 0, ..client(&[RequestStarted, Eof]) },
            C::Unknown,
            Peer,
        ),
        case(
            "a request's close above TLS: who was first, nobody saw",
            Ending { veiled: true, ..server(&seen(C::RequestClose)) },
            C::RequestClose,
            Unknown,
        ),
        case(
            "a request's close above TLS, and the peer was seen first",
            Ending { veiled: true, ..server(&[RequestStarted, CLOSE, ResponseEnded, Eof]) },
            C::RequestClose,
            Peer,
        ),
        case(
            "closed here above TLS, and the peer was told nothing",
            Ending { veiled: true, ..client(&done(&[ShutDown])) },
            C::ClosedIdleLocal,
            Local,
        ),
        case(
            "a caller of HTTP/2 may have said above TLS that it leaves",
            Ending { veiled: true, multiplexed: true, ..server(&done(&[ShutDown])) },
            C::Unknown,
            Unknown,
        ),
        case(
            "a drain above TLS, just after an exchange",
            Ending { veiled: true, ..server(&done(&[DRAIN, ShutDown])) },
            C::Drain,
            Unknown,
        ),
        case(
            "a drain above TLS, idle",
            Ending { veiled: true, idle: second, ..server(&done(&[DRAIN, ShutDown])) },
            C::Drain,
            Local,
        ),
        case("the loser of a race of dials", client(&[ShutDown]), C::NeverUsed, Local),
        case("a pool, nothing declared", client(&done(&[ShutDown])), C::ClosedIdleLocal, Local),
        case(
            "a pool's timeout",
            rested(Duration::from_secs(90), Ending { pool, ..client(&done(&[ShutDown])) }),
            C::IdleTimeout,
            Local,
        ),
        case(
            "a full pool",
            Ending { pool, idle_beside: 1, ..client(&done(&[ShutDown])) },
            C::PoolFull,
            Local,
        ),
        case(
            "a pool that is not full",
            Ending { pool, ..client(&done(&[ShutDown])) },
            C::ClosedIdleLocal,
            Local,
        ),
        case(
            "the peer's GOAWAY",
            Ending { multiplexed: true, ..client(&done(&[Seen(C::GoAway), ShutDown])) },
            C::GoAway,
            Local,
        ),
        case(
            "the peer's GOAWAY, and its response is still read",
            Ending {
                requests: 0,
                multiplexed: true,
                ..client(&[Seen(C::GoAway), RequestStarted, ResponseStarted, ShutDown])
            },
            C::GoAway,
            Local,
        ),
        case(
            "the peer's GOAWAY, and it closes under a request",
            Ending {
                multiplexed: true,
                ..client(&[RequestStarted, ResponseStarted, Seen(C::GoAway), Eof])
            },
            C::PeerClosedActive,
            Peer,
        ),
        case(
            "HTTP/2 of a client, of which no response was told yet",
            Ending { requests: 0, multiplexed: true, ..client(&[ShutDown]) },
            C::Unknown,
            Local,
        ),
        case(
            "a response of few bytes is dropped, and later its client",
            Ending {
                client_dropped: true,
                idle: 20 * MS,
                ..client(&[RequestStarted, ResponseStarted, BODY_DROPPED, ResponseLeft, ShutDown])
            },
            C::ClientDropped,
            Local,
        ),
        case(
            "a response is dropped with its client",
            Ending {
                client_dropped: true,
                ..client(&[RequestStarted, ResponseStarted, BODY_DROPPED, ResponseLeft, ShutDown])
            },
            C::DroppedResponseBody,
            Local,
        ),
        case(
            "a handler that panics leaves its request's content unread",
            Ending { panicking: true, ..server(&[RequestStarted, UNREAD]) },
            C::HandlerFailed,
            Local,
        ),
        case(
            "a service that fails leaves its request's content unread",
            server(&[RequestStarted, UNREAD, FAILED, ShutDown]),
            C::HandlerFailed,
            Local,
        ),
        case(
            "content is left unread, and the response says close by itself",
            server(&[RequestStarted, UNREAD, Seen(C::ResponseClose), ResponseEnded, ShutDown]),
            C::ResponseClose,
            Local,
        ),
        case(
            "content is left unread, and the response says close for that",
            Ending {
                close_asked: true,
                ..server(&[RequestStarted, UNREAD, Seen(C::ResponseClose), ResponseEnded, ShutDown])
            },
            C::UnreadRequestBody,
            Local,
        ),
        case(
            "a caller is gone behind its content, which we left",
            server(&[
                RequestStarted,
                UNREAD,
                ResponseStarted,
                ResponseEnded,
                Leaving,
                Eof,
                ShutDown,
            ]),
            C::UnreadRequestBody,
            Peer,
        ),
        case(
            "a caller is gone, and content was left before",
            server(&[RequestStarted, UNREAD, ResponseStarted, ResponseEnded, Eof, ShutDown]),
            C::PeerClosedIdle,
            Peer,
        ),
        case("a drain, and the connection is dropped unasked", server(&[DRAIN]), C::Drain, Local),
        case(
            "a client that was dropped said so by GOAWAY, and the peer closed upon that",
            Ending { client_dropped: true, ..h2(client(&done(&[Leaving, Eof, ShutDown]))) },
            C::ClientDropped,
            Peer,
        ),
        case(
            "the same under TLS",
            Ending {
                sealed: true,
                client_dropped: true,
                ..client(&done(&[Leaving, Eof, ShutDown]))
            },
            C::ClientDropped,
            Peer,
        ),
        case(
            "a client that was dropped as the peer closed",
            Ending { client_dropped: true, ..client(&done(&[Leaving, Eof, ShutDown])) },
            C::PeerClosedIdle,
            Peer,
        ),
        case(
            "a client under TLS, and the peer closed as we did",
            Ending { sealed: true, ..client(&done(&[Leaving, Eof, ShutDown])) },
            C::PeerClosedIdle,
            Peer,
        ),
        case(
            "a client that was dropped, and its connection with it: nothing was said",
            Ending { client_dropped: true, ..h2(client(&done(&[Leaving, Eof]))) },
            C::Unknown,
            Peer,
        ),
        case(
            "a client that was dropped, and whose peer had said that it ends",
            Ending {
                sealed: true,
                client_dropped: true,
                ..client(&done(&[PeerEnding, Leaving, Eof, ShutDown]))
            },
            C::PeerClosedIdle,
            Peer,
        ),
        case(
            "HTTP/2 of a client, and the peer closed as we did",
            h2(client(&done(&[Leaving, Eof, ShutDown]))),
            C::Unknown,
            Peer,
        ),
        case(
            "HTTP/2 of a client that was dropped after the peer closed",
            Ending { client_dropped: true, ..h2(client(&done(&[Eof, ShutDown]))) },
            C::Unknown,
            Peer,
        ),
        case(
            "the end of the client",
            Ending { client_dropped: true, ..client(&done(&[ShutDown])) },
            C::ClientDropped,
            Local,
        ),
    ]
}

#[test]
fn each_course_has_its_cause_and_its_closer() {
    for Case { what, ending, cause, closer } in cases() {
        let end = ending.conclude();
        assert_eq!((end.cause, end.closer), (cause, closer), "{what}: {ending:?}");
        assert!(!end.beside.contains(cause), "{what}: a cause does not stand beside itself");
    }
}

#[test]
fn what_else_was_seen_stands_beside_the_cause() {
    let both = [RequestStarted, CLOSE, Seen(EndCause::ResponseClose), ResponseEnded, Eof];
    let end = server(&both).conclude();
    assert_eq!(end.cause, EndCause::RequestClose, "the earliest that is enough");
    assert_eq!(end.beside.to_string(), "response-close, peer-closed-idle");
}
