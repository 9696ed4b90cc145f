//! Fields of one hop.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::entry::{Edit, Protocol, Rewrite, Shows, lints};
use super::place::Places;
use super::{Level, Place};
use crate::field::{CameIn, Signs, join_connection_lines, remove_field, remove_option};

lints! {
    NOMINATED_FORWARDED = "nominated-forwarded",
    "a gateway passes on a field that the message which came in nominated" {
        why: "the field was for this hop only: the next server takes it for its own, and acts on it",
        example: "`connection: x-hop` and `x-hop: 1` came in, and `x-hop: 1` goes out",
        fix: "remove what the options of `Connection` name before a message is passed on",
        accept: "both ends are known to want the field end to end",
        source: "RFC 9110 section 7.6.1",
        likely: "the next server reads a field that was never meant for it",
        unknown: "what it makes of it",
        level: Level::Fix,
        places: Places::OUTGOING,
        protocol: Protocol::Any,
        rewrite: Some(Rewrite {
            on: Places::OUTGOING,
            apply: Edit::PassedOn(CameIn::strip_nominated),
            keeps_alive: false,
            by_name_only: false,
        }),
        shows: Shows::NominatedPassedOn,
        signs: Signs::NOMINATED_PASSED_ON,
        check: |_| true,
    }

    HOP_BY_HOP_FORWARDED = "hop-by-hop-forwarded",
    "a gateway passes on a field of the hop that the message came in by" {
        why: "what one connection is to do is asked of another: it closes, upgrades or times out for \
              no reason of its own",
        example: "the caller's `connection: close`, an upstream's `keep-alive: timeout=5`, \
                  `te: gzip`, an `upgrade` that nobody wants",
        fix: "remove Connection, Keep-Alive, Proxy-Connection, TE and Upgrade before a message is passed on",
        accept: "nothing of it: an upgrade that came in whole may pass, and so may `te: trailers`",
        source: "RFC 9110 section 7.6.1",
        likely: "connections to the upstream end as those of the callers do",
        unknown: "what the next server makes of it",
        level: Level::Fix,
        places: Places::OUTGOING,
        protocol: Protocol::Any,
        rewrite: Some(Rewrite {
            on: Places::OUTGOING,
            apply: Edit::PassedOn(CameIn::strip_hop_by_hop),
            keeps_alive: false,
            by_name_only: false,
        }),
        shows: Shows::HopByHopPassedOn,
        signs: Signs::HOP_BY_HOP_PASSED_ON,
        check: |_| true,
    }

    HTTP10_CLIENT_KEPT_BY_PROXY = "http10-client-kept-by-proxy",
    "a gateway keeps the connection of a caller that speaks HTTP/1.0" {
        why: "an HTTP/1.0 proxy in between may have passed on `keep-alive` blindly: then both wait for \
              an end that never comes",
        example: "`GET / HTTP/1.0` with `connection: keep-alive`, answered without `close`",
        fix: "answer requests of HTTP/1.0 with `close`",
        accept: "the caller is known, and no proxy stands before this one",
        source: "RFC 9112 section 9.3",
        likely: "the caller is old or simple, and reuses its connection",
        unknown: "whether a proxy stands in between",
        level: Level::Warn,
        places: Places::of(Place::OutgoingResponse),
        protocol: Protocol::Http1,
        rewrite: Some(Rewrite {
            on: Places::of(Place::OutgoingResponse),
            apply: Edit::Fields(add_close),
            keeps_alive: false,
            by_name_only: false,
        }),
        shows: Shows::Version,
        signs: Signs::HTTP10_CALLER_KEPT,
        check: |_| true,
    }

    PROXY_CONNECTION_SENT = "proxy-connection-sent",
    "a request carries `Proxy-Connection`" {
        why: "no specification defines it; some implementations take it for `Connection`, some forward it",
        example: "`proxy-connection: keep-alive` from an old client behind a proxy",
        fix: "leave the field out",
        accept: "a proxy is known to need it",
        source: "RFC 9112 appendix C.2.2",
        likely: "it has no effect, or an unwanted one at a peer that reads it as `Connection`",
        unknown: "what the proxies in between make of it",
        level: Level::Fix,
        places: Places::REQUESTS,
        protocol: Protocol::Any,
        rewrite: Some(Rewrite {
            on: Places::of(Place::OutgoingRequest),
            apply: Edit::Fields(remove_proxy_connection),
            keeps_alive: false,
            by_name_only: false,
        }),
        shows: Shows::Field("proxy-connection"),
        signs: Signs::PROXY_CONNECTION_FIELD,
        check: |_| true,
    }
}

fn remove_proxy_connection(headers: &mut HeaderMap) -> bool {
    remove_field(headers, &HeaderName::from_static("proxy-connection"))
}

/// In the place of `keep-alive`, which would contradict it.
fn add_close(headers: &mut HeaderMap) -> bool {
    remove_option(headers, "keep-alive");
    remove_field(headers, &HeaderName::from_static("keep-alive"));
    headers.append(header::CONNECTION, HeaderValue::from_static("close"));
    join_connection_lines(headers);
    true
}
