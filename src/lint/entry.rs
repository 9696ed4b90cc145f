use http::HeaderMap;

use super::place::Places;
use super::{Head, Level};
use crate::field::{CameIn, Nomination, Signs};

/// A lint of the catalogue: its texts and its check, in one place.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) why: &'static str,
    pub(crate) example: &'static str,
    pub(crate) fix: &'static str,
    pub(crate) accept: &'static str,
    pub(crate) source: &'static str,
    pub(crate) likely: &'static str,
    pub(crate) unknown: &'static str,
    /// Under `recommended-1`; the other presets follow from it.
    pub(crate) level: Level,
    pub(crate) places: Places,
    pub(crate) protocol: Protocol,
    pub(crate) rewrite: Option<Rewrite>,
    pub(crate) shows: Shows,
    /// A head without any of these signs can't trip it.
    pub(crate) signs: Signs,
    pub(crate) check: fn(&Head) -> bool,
}

/// On which wires a lint means anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Any,
    Http1,
    Multiplexed,
}

/// A rewrite of an outgoing message. Of a request it only removes, which is right whatever version
/// is spoken.
#[derive(Debug)]
pub(crate) struct Rewrite {
    pub(crate) on: Places,
    pub(crate) apply: Edit,
    /// Removes `close`, so it stands aside where closing is right.
    pub(crate) keeps_alive: bool,
    /// Only where a policy names the lint: no preset raises it to a fix.
    pub(crate) by_name_only: bool,
}

/// What a rewrite does to the fields of a message; it says whether they changed.
#[derive(Debug)]
pub(crate) enum Edit {
    Fields(fn(&mut HeaderMap) -> bool),
    /// By what came in, where a gateway passes it on.
    PassedOn(fn(&CameIn, &mut HeaderMap) -> bool),
}

/// What of a message is a lint's evidence.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shows {
    /// The line of `Connection` with this option, and the option marked.
    Option(&'static str),
    /// The line of `Connection` with the first element that is no token.
    Malformed,
    /// The line of `Connection` with the first element that has a byte of 0x80 or above.
    ObsText,
    /// The line of `Connection` with a misspelled element.
    Misspelled,
    /// The line of `Connection` with the first option that names such a field.
    Nominates(Nomination),
    /// All lines of this field.
    Field(&'static str),
    /// The first of the connection-specific fields.
    ConnectionSpecific,
    /// Of what came in, the line of `Connection` that names a field which is passed on.
    NominatedPassedOn,
    /// The first field of the hop before that is passed on.
    HopByHopPassedOn,
    /// The protocol version.
    Version,
    /// The absence of both `Content-Length` and `Transfer-Encoding`.
    Unframed,
    /// Nothing of a message: a line about a connection, or about a window of them.
    Connection,
}

// === impl Entry ===

impl Entry {
    /// What the entries of lints on connections and windows have in common: no head trips them,
    /// and there is no message to rewrite. Their checks are those of `connection`.
    pub(super) const BESIDE_MESSAGES: Entry = Entry {
        name: "",
        summary: "",
        why: "",
        example: "",
        fix: "",
        accept: "",
        source: "",
        likely: "",
        unknown: "",
        level: Level::Allow,
        places: Places::NONE,
        protocol: Protocol::Any,
        rewrite: None,
        shows: Shows::Connection,
        signs: Signs::NONE,
        check: |_| false,
    };
}

/// Defines the lints of a family: a public constant for each, documented by its summary, and
/// the family's part of the catalogue. An entry may take its last fields from another one.
macro_rules! lints {
    ($($constant:ident = $name:literal, $summary:literal { $($field:ident: $value:expr,)+ $(..$base:expr)? })+) => {
        $(
            #[doc = concat!("`", $name, "`: ", $summary, ".")]
            pub const $constant: crate::lint::Lint = crate::lint::Lint::named($name);
        )+

        pub(super) const FAMILY: &[&crate::lint::entry::Entry] = &[
            $(&crate::lint::entry::Entry {
                name: $name,
                summary: $summary,
                $($field: $value,)+
                $(..$base)?
            },)+
        ];
    };
}
pub(super) use lints;
