//! HTTP/2 and HTTP/3, where fields don't speak of connections.

use super::entry::{Edit, Protocol, Rewrite, Shows, lints};
use super::place::Places;
use super::{Level, Place};
use crate::field::{Signs, remove_connection_specific};

lints! {
    CONNECTION_FIELD_IN_HTTP2 = "connection-field-in-http2",
    "a connection-specific field in HTTP/2 or HTTP/3" {
        why: "the message is malformed: strict peers fail the request, others drop the field",
        example: "`connection`, `keep-alive`, `proxy-connection`, `transfer-encoding`, `upgrade` or \
                  `http2-settings` set for every version",
        fix: "leave the field out: connections of these versions persist by themselves",
        accept: "the library below is known to strip it",
        source: "RFC 9113 section 8.2.2, RFC 9114 section 4.2",
        likely: "the library strips it, except for fields nominated in further `Connection` lines",
        unknown: "what is left of it on the wire",
        level: Level::Fix,
        places: Places::ALL_MESSAGES,
        protocol: Protocol::Multiplexed,
        rewrite: Some(Rewrite {
            on: Places::of(Place::OutgoingResponse),
            apply: Edit::Fields(remove_connection_specific),
            keeps_alive: false,
            by_name_only: false,
        }),
        shows: Shows::ConnectionSpecific,
        signs: CONNECTION_SPECIFIC,
        // A declared close is taken off again by the library below.
        check: |head| {
            let specific = head.signs.intersection(CONNECTION_SPECIFIC);
            !(head.circumstances.intended && specific == Signs::CONNECTION)
        },
    }
}

const CONNECTION_SPECIFIC: Signs = Signs::CONNECTION
    .with(Signs::KEEP_ALIVE_FIELD)
    .with(Signs::PROXY_CONNECTION_FIELD)
    .with(Signs::TRANSFER_ENCODING_FIELD)
    .with(Signs::UPGRADE_FIELD)
    .with(Signs::HTTP2_SETTINGS_FIELD);
