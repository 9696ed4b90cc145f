use std::fmt;

use super::catalogue::CATALOGUE;
use super::entry::Entry;
use super::place::Places;
use super::{Level, Message, Place};

/// One lint of the catalogue: a name that is stable, and all that is to be said of it.
///
/// ```
/// use tower_conn_lint::lint::{self, Level, Message};
///
/// let lint = lint::HANDLER_SENDS_CLOSE;
/// assert_eq!(lint.name(), "handler-sends-close");
/// assert_eq!(lint.level(), Level::Fix);
/// assert!(lint.can_fix(Message::OutgoingResponse));
/// println!("{}", lint.explanation());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lint(u8);

/// A lint's whole entry, for reading: its `Display` is what `explain` shows.
///
/// ```
/// use tower_conn_lint::lint;
///
/// let text = lint::CLIENT_SENDS_CLOSE.explanation().to_string();
/// assert!(text.starts_with("client-sends-close\n"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Explanation(Lint);

// === impl Lint ===

impl Lint {
    /// The lint of this name, at compile time: a name that is not in the catalogue doesn't build.
    pub(super) const fn named(name: &str) -> Lint {
        let mut index = 0;
        while index < CATALOGUE.len() {
            if same(CATALOGUE[index].name, name) {
                return Lint(index as u8);
            }
            index += 1;
        }
        panic!("the catalogue has no lint of this name")
    }

    pub(super) const fn at(index: usize) -> Lint {
        assert!(index < CATALOGUE.len(), "an index of a lint comes from the catalogue");
        Lint(index as u8)
    }

    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }

    pub(crate) const fn entry(self) -> &'static Entry {
        CATALOGUE[self.0 as usize]
    }

    /// The name, in kebab case: `client-sends-close`. Never reused for another lint.
    pub const fn name(self) -> &'static str {
        self.entry().name
    }

    /// One line: when it fires.
    pub const fn summary(self) -> &'static str {
        self.entry().summary
    }

    /// Why it matters.
    pub const fn why(self) -> &'static str {
        self.entry().why
    }

    /// What it looks like on the wire or in the code.
    pub const fn example(self) -> &'static str {
        self.entry().example
    }

    /// What to change.
    pub const fn fix(self) -> &'static str {
        self.entry().fix
    }

    /// When it is right to allow it.
    pub const fn accept(self) -> &'static str {
        self.entry().accept
    }

    /// The source it rests on: an RFC and its section.
    pub const fn source(self) -> &'static str {
        self.entry().source
    }

    /// What probably follows from it, though it was not seen.
    pub const fn likely(self) -> &'static str {
        self.entry().likely
    }

    /// What can't be known from where it was seen.
    pub const fn unknown(self) -> &'static str {
        self.entry().unknown
    }

    /// Its level under `recommended-1`.
    pub const fn level(self) -> Level {
        self.entry().level
    }

    /// Whether it is looked for in this place: a kind of message, a connection, a window.
    pub fn applies_to(self, place: impl Into<Place>) -> bool {
        self.entry().places.contains(place.into())
    }

    /// Whether a rewrite of this kind of message is safe and has an effect; never of a connection.
    pub fn can_fix(self, place: impl Into<Place>) -> bool {
        let place = place.into();
        let rewrite = self.entry().rewrite.as_ref();
        self.applies_to(place) && rewrite.is_some_and(|rewrite| rewrite.on.contains(place))
    }

    /// Whether a policy may deny this kind of message for it; never a connection.
    pub fn can_deny(self, place: impl Into<Place>) -> bool {
        let place = place.into();
        self.applies_to(place) && place.message().is_some_and(Message::can_be_denied)
    }

    /// Whether a rewrite of some message mends it.
    pub(crate) const fn is_fixable(self) -> bool {
        self.entry().rewrite.is_some()
    }

    /// Whether some message that it is looked for in may be denied.
    pub(crate) const fn is_deniable(self) -> bool {
        self.entry().places.intersects(Places::REQUESTS)
    }

    /// Whether it is looked for in messages.
    pub(crate) const fn is_of_messages(self) -> bool {
        self.entry().places.intersects(Places::ALL_MESSAGES)
    }

    /// Whether it is looked for on this side.
    pub(crate) const fn is_looked_for(self, inbound: bool) -> bool {
        self.entry().places.intersects(if inbound { Places::INBOUND } else { Places::OUTBOUND })
    }

    /// Everything that is to be said of it, as text.
    pub const fn explanation(self) -> Explanation {
        Explanation(self)
    }

    /// The link to its explanation.
    pub fn url(self) -> String {
        format!(
            "https://docs.rs/tower-conn-lint/latest/tower_conn_lint/lint/constant.{}.html",
            self.constant()
        )
    }

    /// The name of its constant in this module: `CLIENT_SENDS_CLOSE`.
    pub fn constant(self) -> String {
        self.name().to_ascii_uppercase().replace('-', "_")
    }
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lint({})", self.name())
    }
}

// === impl Explanation ===

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entry = self.0.entry();
        writeln!(f, "{}", entry.name)?;
        for (title, text) in [
            ("what", entry.summary),
            ("why", entry.why),
            ("looks like", entry.example),
            ("fix", entry.fix),
            ("accept", entry.accept),
            ("likely", entry.likely),
            ("unknown", entry.unknown),
            ("source", entry.source),
        ] {
            writeln!(f, "  {title:<10} {text}")?;
        }
        write!(f, "  {:<10} {} (recommended-1)", "level", entry.level)
    }
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}
