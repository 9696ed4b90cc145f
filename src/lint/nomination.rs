//! What the options of `Connection` may name.

use http::HeaderMap;

use super::Level;
use super::entry::{Edit, Protocol, Rewrite, Shows, lints};
use super::place::Places;
use crate::field::{Nomination, Signs, remove_nominations};

lints! {
    CONNECTION_LISTS_END_TO_END = "connection-lists-end-to-end",
    "an option of `Connection` names a field that is meant for all recipients" {
        why: "the next proxy has to remove the field: the origin, or the caller, never sees it",
        example: "`connection: close, cache-control`",
        fix: "name only fields that are meant for the next hop",
        accept: "no proxy stands in between",
        source: "RFC 9110 section 7.6.1",
        likely: "proxies that heed the option drop the field, and others pass it on",
        unknown: "what stands in between, and whether it heeds the option",
        level: Level::Warn,
        places: Places::ALL_MESSAGES,
        protocol: Protocol::Http1,
        rewrite: Some(Rewrite { apply: Edit::Fields(drop_end_to_end), ..DROP_OPTION }),
        shows: Shows::Nominates(Nomination::EndToEnd),
        signs: Signs::NOMINATES_END_TO_END,
        check: |_| true,
    }

    CONNECTION_LISTS_SENSITIVE = "connection-lists-sensitive",
    "an option of `Connection` names a field of credentials, routing or framing" {
        why: "a proxy that drops the field on the sender's word lets it reach the origin without its \
              credentials, or with another end",
        example: "`connection: close, authorization`, `connection: content-length`, \
                  `connection: x-forwarded-for`",
        fix: "never name these fields: they belong to the whole message, and not to this hop",
        accept: "the sender can't be changed, and nothing behind this service trusts the field",
        source: "RFC 9110 section 7.6.1",
        likely: "somebody tries what a proxy lets through, or a library names all fields that it sets",
        unknown: "whether a proxy before this service has dropped such a field already",
        level: Level::Warn,
        places: Places::ALL_MESSAGES,
        protocol: Protocol::Http1,
        rewrite: Some(Rewrite { apply: Edit::Fields(drop_sensitive), ..DROP_OPTION }),
        shows: Shows::Nominates(Nomination::Sensitive),
        signs: Signs::NOMINATES_SENSITIVE,
        check: |_| true,
    }

    CONNECTION_LISTS_ITSELF = "connection-lists-itself",
    "an option of `Connection` names `Connection`" {
        why: "the field is never passed on anyway; what the option is to mean is open, and parsers differ",
        example: "`connection: connection, close`",
        fix: "leave the option out",
        accept: "the peer can't be changed, and its connections are reused",
        source: "RFC 9110 section 7.6.1",
        likely: "it is ignored",
        unknown: "what the sender meant",
        level: Level::Warn,
        places: Places::ALL_MESSAGES,
        protocol: Protocol::Http1,
        rewrite: Some(Rewrite { apply: Edit::Fields(drop_itself), ..DROP_OPTION }),
        shows: Shows::Nominates(Nomination::Itself),
        signs: Signs::NOMINATES_ITSELF,
        check: |_| true,
    }

    CONNECTION_LISTS_TOO_MANY = "connection-lists-too-many",
    "`Connection` has ten options or more" {
        why: "no message needs so many: somebody tries what a proxy drops, or layers add to a list for ever",
        example: "`connection: a, b, c, d, e, f, g, h, i, j`",
        fix: "name only fields that are there and are meant for the next hop",
        accept: "so many fields of one hop are in use indeed",
        source: "RFC 9110 section 7.6.1",
        likely: "two layers or proxies each add what they know",
        unknown: "which of the options the peer heeds",
        level: Level::Warn,
        places: Places::ALL_MESSAGES,
        protocol: Protocol::Http1,
        rewrite: None,
        shows: Shows::Field("connection"),
        signs: Signs::MANY_OPTIONS,
        check: |_| true,
    }
}

const DROP_OPTION: Rewrite = Rewrite {
    on: Places::OUTGOING,
    apply: Edit::Fields(drop_itself),
    keeps_alive: false,
    by_name_only: false,
};

fn drop_end_to_end(headers: &mut HeaderMap) -> bool {
    remove_nominations(headers, Nomination::EndToEnd)
}

fn drop_sensitive(headers: &mut HeaderMap) -> bool {
    remove_nominations(headers, Nomination::Sensitive)
}

fn drop_itself(headers: &mut HeaderMap) -> bool {
    remove_nominations(headers, Nomination::Itself)
}
