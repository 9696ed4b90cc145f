//! Reading the `Connection` field.

use http::HeaderMap;

use super::Level;
use super::entry::{Edit, Protocol, Rewrite, Shows, lints};
use super::place::Places;
use crate::field::{Signs, join_connection_lines, remove_malformed};

lints! {
    CONNECTION_BAD_TOKEN = "connection-bad-token",
    "an element of `Connection` is no token" {
        why: "implementations disagree on what they make of it: some find a `close` in it, some drop the line",
        example: "`connection: close;q=1`, `connection: keep alive`",
        fix: "send options as bare tokens, separated by commas",
        accept: "the peer can't be changed, and its connections are reused",
        source: "RFC 9110 section 7.6.1",
        likely: "the element is ignored by some peers and honoured by others",
        unknown: "what the sender meant",
        level: Level::Warn,
        places: Places::ALL_MESSAGES,
        protocol: Protocol::Http1,
        rewrite: Some(Rewrite { on: Places::OUTGOING, apply: Edit::Fields(remove_bad_tokens), keeps_alive: false, by_name_only: false }),
        shows: Shows::Malformed,
        signs: Signs::MALFORMED_ELEMENT,
        check: |_| true,
    }

    MISSPELLED_OPTION = "misspelled-option",
    "an element of `Connection` looks like a known option, misspelled" {
        why: "what was meant does not happen: the connection closes, or stays, against the sender's will",
        example: "`connection: closed`, `connection: keep_alive`, `connection: close;q=1`",
        fix: "write `close`, `keep-alive` or `upgrade`",
        accept: "it is an option of that name indeed",
        source: "RFC 9110 section 7.6.1",
        likely: "the sender meant the option that it resembles",
        unknown: "whether the peer takes it for that option",
        level: Level::Warn,
        places: Places::ALL_MESSAGES,
        protocol: Protocol::Http1,
        rewrite: None,
        shows: Shows::Misspelled,
        signs: Signs::MISSPELLED_OPTION,
        check: |_| true,
    }

    OPTIONS_OVER_SEVERAL_LINES = "options-over-several-lines",
    "`Connection` stands on more than one line" {
        why: "it is one list, but several implementations read the first or the last line only",
        example: "`connection: upgrade` and `connection: close`, set by two layers",
        fix: "join the options into one line",
        accept: "every peer is known to read all lines",
        source: "RFC 9110 section 5.3",
        likely: "two layers or proxies each add a line",
        unknown: "which lines the peer reads",
        level: Level::Warn,
        places: Places::ALL_MESSAGES,
        protocol: Protocol::Http1,
        rewrite: Some(Rewrite { on: Places::OUTGOING, apply: Edit::Fields(join_connection_lines), keeps_alive: false, by_name_only: false }),
        shows: Shows::Field("connection"),
        signs: Signs::SEVERAL_LINES,
        check: |_| true,
    }

    OBS_TEXT_IN_CONNECTION = "obs-text-in-connection",
    "`Connection` holds a byte of 0x80 or above" {
        why: "hyper and others miss every option of such a line, also a `close`",
        example: "a no-break space pasted behind `close`",
        fix: "send ASCII only",
        accept: "the peer can't be changed, and its connections are reused",
        source: "RFC 9110 section 5.6.2",
        likely: "the options of that line are ignored by some peers",
        unknown: "what the sender meant",
        level: Level::Warn,
        places: Places::ALL_MESSAGES,
        protocol: Protocol::Http1,
        rewrite: None,
        shows: Shows::ObsText,
        signs: Signs::OBS_TEXT_ELEMENT,
        check: |_| true,
    }
}

/// Drops what is no token; what contains `close` stays, since some peer may honour it.
fn remove_bad_tokens(headers: &mut HeaderMap) -> bool {
    remove_malformed(headers, |element| !contains_close(element))
}

fn contains_close(element: &[u8]) -> bool {
    element.windows(5).any(|part| part.eq_ignore_ascii_case(b"close"))
}
