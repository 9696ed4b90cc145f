//! The `Keep-Alive` field.

use http::{HeaderMap, HeaderName};

use super::Level;
use super::entry::{Edit, Protocol, Rewrite, Shows, lints};
use super::place::Places;
use crate::field::{Signs, remove_field};

lints! {
    KEEP_ALIVE_FIELD_WITHOUT_OPTION = "keep-alive-field-without-option",
    "a `Keep-Alive` field without the option `keep-alive`" {
        why: "proxies forward what is not nominated: the timeout reaches a peer that it was not meant for",
        example: "`keep-alive: timeout=5` without `connection: keep-alive`",
        fix: "add `connection: keep-alive`, or leave the field out",
        accept: "no proxy stands in between",
        source: "RFC 2068 section 19.7.1.1",
        likely: "the field is ignored, or forwarded beyond its connection",
        unknown: "what stands in between",
        level: Level::Warn,
        places: Places::ALL_MESSAGES,
        protocol: Protocol::Http1,
        rewrite: Some(DROP_FIELD),
        shows: Shows::Field("keep-alive"),
        signs: Signs::KEEP_ALIVE_FIELD,
        check: |head| !head.has(Signs::KEEP_ALIVE_OPTION),
    }

    KEEP_ALIVE_SYNTAX = "keep-alive-syntax",
    "a parameter of `Keep-Alive` can't be read" {
        why: "a timeout that can't be read is ignored, and the peer reuses a connection that is about to end",
        example: "`keep-alive: 300`, `keep-alive: timeout=5s`",
        fix: "write `timeout=` and `max=` with whole numbers, separated by commas",
        accept: "the peer can't be changed",
        source: "RFC 2068 section 19.7.1.1",
        likely: "the peer ignores the field",
        unknown: "what the sender meant",
        level: Level::Warn,
        places: Places::ALL_MESSAGES,
        protocol: Protocol::Http1,
        rewrite: Some(DROP_FIELD),
        shows: Shows::Field("keep-alive"),
        signs: Signs::KEEP_ALIVE_MALFORMED,
        check: |_| true,
    }

    KEEP_ALIVE_TIMEOUT_UNUSABLE = "keep-alive-timeout-unusable",
    "a `Keep-Alive` of 0 or 1 s, or without a request left" {
        why: "careful clients don't reuse a connection that may end while the request is on its way",
        example: "`keep-alive: timeout=1`, `keep-alive: timeout=5, max=0`",
        fix: "raise the idle timeout well above the pause between requests",
        accept: "connections are meant to be used once",
        source: "draft-thomson-hybi-http-timeout",
        likely: "careful clients dial for each request",
        unknown: "what this client makes of it",
        level: Level::Warn,
        places: Places::RESPONSES,
        protocol: Protocol::Http1,
        rewrite: None,
        shows: Shows::Field("keep-alive"),
        signs: Signs::KEEP_ALIVE_UNUSABLE,
        check: |_| true,
    }
}

const DROP_FIELD: Rewrite = Rewrite {
    on: Places::OUTGOING,
    apply: Edit::Fields(remove_keep_alive_field),
    keeps_alive: false,
    by_name_only: false,
};

fn remove_keep_alive_field(headers: &mut HeaderMap) -> bool {
    remove_field(headers, &HeaderName::from_static("keep-alive"))
}
