//! Connections that ended, or were used, as they should not be.

use super::entry::{Entry, lints};
use super::place::Places;
use super::{Level, Place};

lints! {
    UNREAD_REQUEST_BODY = "unread-request-body",
    "the handler answered without reading the request's body, and the connection ended for it" {
        why: "the caller gets a response that says nothing of a close, and then a reset: it loses what it \
              was sending, and maybe the response",
        example: "an upload that is refused before its body is read: by its login, by a limit, by a \
                  handler that takes no body",
        fix: "read the body before answering, by `Bytes` of axum or `BodyExt::collect`; where it is too \
              long, answer with `IntentionalClose`",
        accept: "such requests are rare, and their bodies longer than a connection is worth",
        source: "RFC 9112 section 9.3",
        likely: "callers with long bodies see broken pipes and resets, and dial again",
        unknown: "whether the caller read the response before the connection was reset",
        level: Level::Warn,
        places: Places::of(Place::InboundConnection),
        ..Entry::BESIDE_MESSAGES
    }

    DROPPED_RESPONSE_BODY = "dropped-response-body",
    "our code dropped the response's body before its end, and the connection ended for it" {
        why: "what is left of a body can't be skipped: the client below closes the connection, and the next \
              request dials",
        example: "a status that is looked at, and a body that is not; a `?` between the two",
        fix: "read the body to its end, also where only the status matters: `Response::bytes` of reqwest, \
              `BodyExt::collect` of http-body-util",
        accept: "the rest of the body is longer than a dial is worth",
        source: "RFC 9112 section 9.3",
        likely: "every such call costs a connection; after a long body it ends in a reset",
        unknown: "whether the rest of the body was short enough to be read",
        level: Level::Warn,
        places: Places::of(Place::OutboundConnection),
        ..Entry::BESIDE_MESSAGES
    }

    DROPPED_REQUEST = "dropped-request",
    "our code gave a request up before its response came, and the connection ended for it" {
        why: "in HTTP/1 responses are told apart by their order alone: a connection that owes one can't be \
              used again",
        example: "a timeout around the call, a branch of `select!`, a handler that is dropped with its calls \
                  as its caller leaves",
        fix: "give the call more time than the upstream's slow answers take, or speak HTTP/2, where only \
              the stream ends",
        accept: "timeouts are rare, or meant; by default it is allowed",
        source: "RFC 9112 section 9.2",
        likely: "each timeout makes the next request dial, just when the upstream is slow",
        unknown: "whether the upstream went on with the request",
        level: Level::Allow,
        places: Places::of(Place::OutboundConnection),
        ..Entry::BESIDE_MESSAGES
    }

    SILENT_CLOSE = "silent-close",
    "one side closed after a message without `close`, and not for idleness" {
        why: "the other side counts on the connection: a request that is on its way is lost, and not \
              every one may be sent again",
        example: "a server that ends connections after a number of requests, or at a restart, and says \
                  nothing before",
        fix: "say `close` in the last message: `IntentionalClose` on the response, a graceful shutdown for \
              the process",
        accept: "something in between cuts connections, and can't be changed",
        source: "RFC 9112 section 9.6",
        likely: "now and then a request fails on a connection that was just closed",
        unknown: "why that side closed, and whether something in between did it",
        level: Level::Warn,
        places: Places::CONNECTIONS,
        ..Entry::BESIDE_MESSAGES
    }

    HANDLER_FAILED = "handler-failed",
    "the handler panicked or its service failed, and the connection ended without a response" {
        why: "the caller can't tell a bug from a broken network: it sees the end of the connection, and may \
              send the request again",
        example: "a handler that panics; a service of hyper that returns an error instead of a response",
        fix: "answer 500: `CatchPanicLayer` of tower-http for panics, `HandleErrorLayer` of axum for errors",
        accept: "failures are counted elsewhere; by default it is allowed",
        source: "RFC 9110 section 15.6.1",
        likely: "the caller dials again, and repeats what failed",
        unknown: "how far the handler came",
        level: Level::Allow,
        places: Places::of(Place::InboundConnection),
        ..Entry::BESIDE_MESSAGES
    }

    STALE_REUSE = "stale-reuse",
    "a request failed on a reused connection before any byte of a response" {
        why: "the upstream closed the idle connection as the request was on its way: who can't repeat the \
              request has an error to show",
        example: "`IncompleteMessage` or a reset, after a pause about as long as the upstream's idle timeout",
        fix: "set `pool_idle_timeout` below the upstream's, in hyper-util with \
              `pool_timer(TokioTimer::new())`; retry what may be repeated",
        accept: "requests may be repeated, and are",
        source: "RFC 9112 section 9.3.1",
        likely: "the upstream's idle timeout is shorter than the pool's",
        unknown: "whether the upstream began to carry the request out",
        level: Level::Warn,
        places: Places::of(Place::OutboundConnection),
        ..Entry::BESIDE_MESSAGES
    }

    POOL_IDLE_ABOVE_SERVER_TIMEOUT = "pool-idle-above-server-timeout",
    "the pool keeps idle connections as long as the upstream does, or longer" {
        why: "at the upstream's timeout a request meets the close, and fails; hyper doesn't heed \
              `keep-alive: timeout` by itself",
        example: "`keep-alive: timeout=5` from the upstream, and a pool with the default of 90 s that \
                  hyper-util and reqwest have",
        fix: "set `pool_idle_timeout` a second or more below the upstream's, in hyper-util with \
              `pool_timer(TokioTimer::new())`",
        accept: "the pauses between requests are never that long",
        source: "draft-thomson-hybi-http-timeout",
        likely: "after a pause about as long as the timeout, requests now and then fail",
        unknown: "whether something in between closes sooner than the upstream",
        level: Level::Warn,
        places: Places::of(Place::OutboundConnection),
        ..Entry::BESIDE_MESSAGES
    }

    NO_IDLE_TIMEOUT = "no-idle-timeout",
    "a connection was idle for longer than the bound, and nothing ended it" {
        why: "connections of peers that are gone hold memory and descriptors, and what stands in between \
              forgets them without a word",
        example: "plain `axum::serve` 0.8, which sets no timeout; a pool of hyper-util without `pool_timer`",
        fix: "server: `http1().timer(TokioTimer::new()).header_read_timeout(..)`; client: \
              `pool_idle_timeout`, with `pool_timer(TokioTimer::new())`",
        accept: "the peers are few and known, and keep their connections on purpose",
        source: "RFC 9112 section 9.5",
        likely: "connections pile up until the process ends",
        unknown: "whether a timeout longer than the bound is set, and whether the peer is still there",
        level: Level::Allow,
        places: Places::CONNECTIONS,
        ..Entry::BESIDE_MESSAGES
    }

    REUSED_AFTER_CLOSE = "reused-after-close",
    "a request came on a connection after `close` was said on it" {
        why: "the side that was told or said `close` ends the connection: the request is lost, or answered \
              by luck",
        example: "a client that doesn't read the `close` of a response; hyper before 1.11.1, whose own \
                  `close` was not echoed",
        fix: "retire a connection once either side said `close` on it, as hyper does from 1.11.1 on",
        accept: "the peer can't be changed, and is known to answer",
        source: "RFC 9112 section 9.6",
        likely: "such requests now and then fail, more of them under load",
        unknown: "whether the request was carried out",
        level: Level::Warn,
        places: Places::CONNECTIONS,
        ..Entry::BESIDE_MESSAGES
    }
    SYN_RETRANSMITTED = "syn-retransmitted",
    "a dial was slow, and its SYN had been sent again" {
        why: "a SYN that is not answered is sent again after a second, and then after two more: the request \
              that waits for the dial takes one or three seconds longer",
        example: "a hump in the latency at 1, 3 or 7 s; dials to a balancer that drops a source port which \
                  it saw a moment ago",
        fix: "dial less: reuse connections, and see why they end; then look at what drops SYNs: a full \
              backlog, a balancer, a firewall",
        accept: "the way to the upstream loses packets, and its requests can wait",
        source: "RFC 6298 section 5; tcp(7), `tcp_syn_retries`",
        likely: "the SYN was dropped on its way, or by a listener whose backlog was full",
        unknown: "what dropped it, and whether the answer was lost instead",
        level: Level::Warn,
        places: Places::of(Place::OutboundConnection),
        ..Entry::BESIDE_MESSAGES
    }
}
