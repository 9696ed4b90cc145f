//! Close that nobody needs.

use http::{HeaderMap, HeaderName};

use super::entry::{Edit, Protocol, Rewrite, Shows, lints};
use super::place::Places;
use super::stand_aside::{closing, meant_or_forced};
use super::{Head, Level, Place};
use crate::field::{Signs, remove_field, remove_option};

lints! {
    CLIENT_SENDS_CLOSE = "client-sends-close",
    "our client says `close`, though the connection could serve the next request" {
        why: "every call dials again: a TCP handshake, a TLS handshake, slow start, and a TIME_WAIT \
              that blocks a port for a minute",
        example: "`connection: close` set on each request, in a default header or by a wrapper of the client",
        fix: "delete the header where it is set; the client's pool closes what it no longer needs",
        accept: "the client sends one request and ends: declare it `one_shot()`, or put \
                 `IntentionalClose` into the request's extensions",
        source: "RFC 9112 section 9.3",
        likely: "each call dials; TIME_WAIT collects on the side that closes first, and a source port \
                 used again too soon can cost seconds",
        unknown: "whether the upstream would keep the connection, and who closes first",
        level: Level::Fix,
        places: Places::of(Place::OutgoingRequest),
        protocol: Protocol::Http1,
        rewrite: Some(Rewrite { on: Places::OUTGOING, apply: Edit::Fields(remove_close), keeps_alive: true, by_name_only: false }),
        shows: Shows::Option("close"),
        signs: Signs::CLOSE_OPTION,
        check: |head| head.says_close() && !closing(head).is_right(),
    }

    HANDLER_SENDS_CLOSE = "handler-sends-close",
    "our handler says `close`, though nothing forces it" {
        why: "every caller dials again; and if our server closes first, the TIME_WAIT stays here",
        example: "a handler or a middleware that inserts `connection: close` into each response",
        fix: "delete the header where it is set; to end connections on purpose, answer with `IntentionalClose`",
        accept: "the response is the last one that this connection should carry: a one-shot \
                 download, a rebalance",
        source: "RFC 9112 sections 9.3 and 9.5",
        likely: "callers dial for every request; TIME_WAIT collects on the side that closes first",
        unknown: "whether the callers would reuse the connection, and who closes first",
        level: Level::Fix,
        places: Places::of(Place::OutgoingResponse),
        protocol: Protocol::Http1,
        rewrite: Some(Rewrite { on: Places::OUTGOING, apply: Edit::Fields(remove_close), keeps_alive: true, by_name_only: false }),
        shows: Shows::Option("close"),
        signs: Signs::CLOSE_OPTION,
        check: |head| head.says_close() && !closing(head).is_right(),
    }

    CALLER_SENDS_CLOSE = "caller-sends-close",
    "the caller asks to close after its request" {
        why: "each of its requests costs a connection; whoever closes first keeps the TIME_WAIT",
        example: "a Node agent with `keepAlive: false`, `curl -H 'Connection: close'`, a proxy \
                  that says `close` to its upstreams",
        fix: "switch keep-alive on in the caller: nothing that this server answers can undo its `close`",
        accept: "the caller is a command-line tool or a check that sends one request",
        source: "RFC 9112 section 9.6",
        likely: "the caller opens a connection for each request",
        unknown: "who closes first",
        level: Level::Warn,
        places: Places::of(Place::ReceivedRequest),
        protocol: Protocol::Http1,
        rewrite: None,
        shows: Shows::Option("close"),
        signs: Signs::CLOSE_OPTION,
        check: Head::says_close,
    }

    UPSTREAM_SENDS_CLOSE = "upstream-sends-close",
    "the upstream closes after its response" {
        why: "the next request to it has to dial",
        example: "`connection: close` in the responses of a server or of a balancer before it",
        fix: "switch keep-alive on in the upstream, or raise its limit of requests per connection",
        accept: "the upstream closes rarely and on purpose: a limit of requests, a rolling restart",
        source: "RFC 9112 section 9.6",
        likely: "the upstream, or what stands before it, closes connections after a response",
        unknown: "whether it always closes, and why",
        level: Level::Warn,
        places: Places::of(Place::ReceivedResponse),
        protocol: Protocol::Http1,
        rewrite: None,
        shows: Shows::Option("close"),
        signs: Signs::CLOSE_OPTION,
        // An echo of our own `close` is our doing; the others have lints of their own.
        check: |head| head.says_close()
            && !head.request.contains(Signs::CLOSE_OPTION)
            && !head.is_interim()
            && !head.opens_tunnel()
            && !head.has_status(&[429, 503]),
    }

    HTTP10_WITHOUT_KEEP_ALIVE = "http10-without-keep-alive",
    "the peer speaks HTTP/1.0 and doesn't ask to keep the connection" {
        why: "HTTP/1.0 closes after each response unless both sides say `keep-alive`",
        example: "nginx before 1.29.7 without `proxy_http_version 1.1`, an old library, `ab` without `-k`",
        fix: "let the peer speak HTTP/1.1",
        accept: "the peer can't be changed and calls rarely",
        source: "RFC 9112 section 9.3",
        likely: "the peer opens a connection for each request",
        unknown: "whether a proxy in between downgrades the version",
        level: Level::Warn,
        places: Places::of(Place::ReceivedRequest).and(Place::ReceivedResponse),
        protocol: Protocol::Http1,
        rewrite: None,
        shows: Shows::Version,
        signs: Signs::HTTP10,
        check: |head| !head.has(Signs::KEEP_ALIVE_OPTION) && !head.opens_tunnel(),
    }

    CLOSE_KEEP_ALIVE_CONFLICT = "close-keep-alive-conflict",
    "one message says both `close` and `keep-alive`" {
        why: "`close` wins by the RFC, but not in every implementation: the two ends may disagree",
        example: "`connection: keep-alive, close`, or a line of each set by two layers",
        fix: "say one of the two: in HTTP/1.1 `keep-alive` is the default and needs no option",
        accept: "a peer is known to need both",
        source: "RFC 9112 section 9.3",
        likely: "two places in the code or two proxies set the field",
        unknown: "which of the two the peer honours",
        level: Level::Warn,
        places: Places::ALL_MESSAGES,
        protocol: Protocol::Http1,
        rewrite: Some(Rewrite { on: Places::OUTGOING, apply: Edit::Fields(remove_keep_alive), keeps_alive: false, by_name_only: false }),
        shows: Shows::Option("keep-alive"),
        signs: Signs::CLOSE_OPTION,
        check: |head| head.has(Signs::CLOSE_OPTION.with(Signs::KEEP_ALIVE_OPTION)),
    }

    CLOSE_IN_INTERIM = "close-in-interim",
    "an interim response says `close`" {
        why: "an interim response is not the last word: after a 101 the connection speaks another protocol",
        example: "`101 Switching Protocols` with `connection: upgrade, close`",
        fix: "say `close` in the final response, or not at all",
        accept: "a peer is known to ignore it",
        source: "RFC 9110 section 15.2",
        likely: "a layer adds `close` to every response, whatever its status",
        unknown: "what the peer makes of it",
        level: Level::Warn,
        places: Places::RESPONSES,
        protocol: Protocol::Http1,
        rewrite: None,
        shows: Shows::Option("close"),
        signs: Signs::CLOSE_OPTION,
        check: |head| head.says_close() && head.is_interim(),
    }

    CLOSE_ON_CONNECT_2XX = "close-on-connect-2xx",
    "a successful answer to CONNECT says `close`" {
        why: "what follows is a tunnel, and its end is the end of the connection anyway",
        example: "`200` to `CONNECT` with `connection: close`",
        fix: "leave the field out of the answer",
        accept: "a peer is known to need it",
        source: "RFC 9110 section 9.3.6",
        likely: "a layer adds `close` to every response, whatever the method",
        unknown: "whether the peer gives the tunnel up",
        level: Level::Fix,
        places: Places::RESPONSES,
        protocol: Protocol::Http1,
        rewrite: Some(Rewrite {
            on: Places::of(Place::OutgoingResponse), apply: Edit::Fields(remove_close), keeps_alive: false, by_name_only: false,
        }),
        shows: Shows::Option("close"),
        signs: Signs::CLOSE_OPTION,
        check: |head| head.says_close() && head.opens_tunnel() && !head.circumstances.intended,
    }

    CLOSE_AS_BACKPRESSURE = "close-as-backpressure",
    "a 429 or 503 says `close`" {
        why: "a caller that backs off needs one connection; one that does not comes back with a dial on top",
        example: "`503 Service Unavailable` with `connection: close` from a load-shedding layer",
        fix: "answer with `Retry-After` and keep the connection",
        accept: "connections themselves are what is scarce",
        source: "RFC 9112 section 9.5",
        likely: "under load the server pays for handshakes on top of refusals",
        unknown: "whether shedding connections is meant",
        level: Level::Warn,
        places: Places::RESPONSES,
        protocol: Protocol::Http1,
        rewrite: Some(Rewrite {
            on: Places::of(Place::OutgoingResponse), apply: Edit::Fields(remove_close), keeps_alive: true, by_name_only: true,
        }),
        shows: Shows::Option("close"),
        signs: Signs::CLOSE_OPTION,
        check: |head| head.says_close()
            && head.has_status(&[429, 503])
            && meant_or_forced(head).is_none(),
    }

    UPGRADE_WITH_CLOSE = "upgrade-with-close",
    "an upgrade is offered or taken in a message that says `close`" {
        why: "the connection is to live on in another protocol and to end: the peer has to guess",
        example: "`connection: upgrade, close` beside `upgrade: websocket`",
        fix: "leave `close` out of messages that offer or take an upgrade",
        accept: "the offer is never taken",
        source: "RFC 9112 section 9.3, RFC 9110 section 7.8",
        likely: "the peer refuses the upgrade, or ends the connection after it",
        unknown: "which of the two the peer honours",
        level: Level::Warn,
        places: Places::ALL_MESSAGES,
        protocol: Protocol::Http1,
        rewrite: None,
        shows: Shows::Option("close"),
        signs: Signs::CLOSE_OPTION,
        check: |head| head.says_close()
            && (head.has(Signs::UPGRADE_FIELD) || head.has_status(&[101])),
    }

    CLOSE_DELIMITED_RESPONSE = "close-delimited-response",
    "neither a length nor chunks: the content ends with the connection" {
        why: "the connection can't be used again, and a cut-off response looks whole",
        example: "an HTTP/1.0 response, or one of a CGI script, without `content-length`",
        fix: "give the content a length, or let the peer speak HTTP/1.1, where it can be chunked",
        accept: "the length can't be known and the peer speaks HTTP/1.0",
        source: "RFC 9112 section 6.3",
        likely: "every such response costs a connection",
        unknown: "whether a layer below or a proxy in between took the length away",
        level: Level::Warn,
        places: Places::RESPONSES,
        protocol: Protocol::Http1,
        rewrite: None,
        shows: Shows::Unframed,
        signs: Signs::CLOSE_DELIMITED,
        // What a foreign coding leaves open towards HTTP/1.1, the library below frames or refuses.
        check: |head| !head.message.is_outgoing() || head.has(Signs::HTTP10),
    }
}

fn remove_close(headers: &mut HeaderMap) -> bool {
    remove_option(headers, "close")
}

/// With its option the field loses its meaning.
fn remove_keep_alive(headers: &mut HeaderMap) -> bool {
    let field = HeaderName::from_static("keep-alive");
    remove_option(headers, "keep-alive") | remove_field(headers, &field)
}
