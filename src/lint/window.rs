//! Reuse over a window of time: what no single connection shows.

use super::entry::{Entry, lints};
use super::place::Places;
use super::{Level, Place};

lints! {
    LOW_REUSE = "low-reuse",
    "too few requests came on a connection that had served one before" {
        why: "a dial costs a handshake, with TLS a second one, and each close a TIME_WAIT that blocks a port \
              for a minute",
        example: "a caller or a client that needs 200 connections for 200 requests",
        fix: "see why these connections ended: the most frequent cause says what to change",
        accept: "each caller has one request and is gone: command-line tools, webhooks, cron jobs",
        source: "RFC 9112 sections 9.3 and 9.4",
        likely: "latency includes handshakes; under load ports run out where connections are closed first",
        unknown: "how many clients stand behind one address",
        level: Level::Warn,
        places: Places::WINDOWS,
        ..Entry::BESIDE_MESSAGES
    }

    CLIENT_PER_REQUEST = "client-per-request",
    "many pools to one upstream, each from the same place and soon dropped" {
        why: "a pool takes its connections with it: every call dials, and the TIME_WAIT stays on this side",
        example: "`reqwest::get`, `reqwest::Client::new()` or a builder's `build` inside a handler",
        fix: "build the `Client` once, keep it in the service's state, and clone it: clones share one pool",
        accept: "the program makes one call and ends",
        source: "RFC 9112 section 9.4",
        likely: "each call pays for a dial, and over TLS for a full handshake",
        unknown: "whether a client that could be shared exists elsewhere in the process",
        level: Level::Warn,
        places: Places::of(Place::OutboundWindow),
        ..Entry::BESIDE_MESSAGES
    }

    POOL_TOO_SMALL = "pool-too-small",
    "connections were closed here while idle, and others dialled soon after" {
        why: "a burst needs more connections than the pool may keep: the rest is closed after it, and dialled \
              at the next one",
        example: "`pool_max_idle_per_host(1)`, and bursts of 8 requests",
        fix: "raise `pool_max_idle_per_host` to the requests at once, or leave it unset: hyper-util and reqwest \
              have no limit by default",
        accept: "the upstream admits few connections, or bursts are rare",
        source: "RFC 9112 section 9.4",
        likely: "most requests of a burst wait for a dial",
        unknown: "whether the pool's limit closed them or its idle timeout: both look alike",
        level: Level::Warn,
        places: Places::of(Place::OutboundWindow),
        ..Entry::BESIDE_MESSAGES
    }

    EXTRA_HTTP2_CONNECTION = "extra-http2-connection",
    "a second HTTP/2 connection to an upstream, while the first could be used" {
        why: "one connection carries all requests: a second costs a handshake, and starts its windows and \
              its header table anew",
        example: "two clients for one upstream; a burst before the first connection is up",
        fix: "share one `Client`, and let one request open the connection before a burst",
        accept: "one connection is not enough: for its streams, or for its bandwidth",
        source: "RFC 9113 section 9.1",
        likely: "no request fails; both sides hold connections that they don't need",
        unknown: "whether the upstream balances by connection, so that a second one is of use",
        level: Level::Allow,
        places: Places::of(Place::OutboundWindow),
        ..Entry::BESIDE_MESSAGES
    }
    PORT_EXHAUSTION_AHEAD = "port-exhaustion-ahead",
    "closes of our own hold the better part of the ports for dials to an upstream" {
        why: "who closes first keeps the port in TIME_WAIT for a minute: once all are held, a dial to this \
              upstream fails before it begins",
        example: "500 requests a second, each on a connection that our client closes",
        fix: "reuse connections: see why they end; or let the upstream close first, or spread the dials over \
              more addresses",
        accept: "the load is at its peak, and the rest of the ports is enough",
        source: "RFC 9293 section 3.6.1; ip-sysctl, `ip_local_port_range`",
        likely: "with some more load dials fail with `AddrNotAvailable`",
        unknown: "who else on this host dials there, and over how many addresses the upstream is spread",
        level: Level::Warn,
        places: Places::of(Place::OutboundWindow),
        ..Entry::BESIDE_MESSAGES
    }
}
