//! Fields of one hop.

use http::{HeaderMap, HeaderName};

use super::entry::{Protocol, Rewrite, Shows, lints};
use super::place::Places;
use super::{Level, Place};
use crate::field::{Signs, remove_field};

lints! {
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
            apply: remove_proxy_connection,
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
