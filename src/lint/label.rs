use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::{fmt, ptr};

use super::printable;

/// A route, client or host as it stands in logs and metrics: interned once for the process, so
/// that it costs a pointer, stays the same across reloads of a policy, and can't grow without
/// bound. Beyond 4,096 labels every new one is [`Label::OTHER`]; one longer than 96 bytes is cut.
///
/// ```
/// use tower_conn_lint::lint::Label;
///
/// let label = Label::new("POST /login");
/// assert_eq!(label, Label::new("POST /login"));
/// assert_eq!(label.as_str(), "POST /login");
/// ```
#[derive(Clone, Copy)]
pub struct Label(&'static str);

/// The labels that there are.
#[derive(Default)]
struct Labels(HashSet<&'static str>);

// === impl Label ===

impl Label {
    /// What no route matched, or what is beyond the bound.
    pub const OTHER: Label = Label("other");

    /// How many labels a process has at most.
    pub const BOUND: usize = 4096;

    const MAX_LEN: usize = 96;

    /// The label of this text. Control characters are replaced, since it goes to logs as it is.
    pub fn new(text: &str) -> Label {
        Label::within(text, Label::BOUND)
    }

    /// One that a policy writes, which may have very many: they leave a quarter to the names of
    /// clients and hosts, by which routes are found.
    pub(crate) fn of_policy(text: &str) -> Label {
        Label::within(text, Label::BOUND / 4 * 3)
    }

    fn within(text: &str, bound: usize) -> Label {
        static LABELS: LazyLock<Mutex<Labels>> = LazyLock::new(Mutex::default);

        // A panic can't leave the table half written.
        LABELS
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .intern(&printable(text, Label::MAX_LEN), bound)
    }

    /// The text.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl PartialEq for Label {
    fn eq(&self, other: &Label) -> bool {
        ptr::eq(self.0, other.0) || self.0 == other.0
    }
}

impl Eq for Label {}

impl Hash for Label {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0, f)
    }
}

// === impl Labels ===

impl Labels {
    fn intern(&mut self, text: &str, bound: usize) -> Label {
        if let Some(known) = self.0.get(text) {
            return Label(known);
        }
        if self.0.len() >= bound {
            return Label::OTHER;
        }
        let text = Box::leak(text.into());
        self.0.insert(text);
        Label(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_table_knows_its_labels_and_takes_no_more() {
        let mut labels = Labels::default();
        for number in 0..Label::BOUND {
            assert_eq!(
                labels.intern(&format!("/{number}"), Label::BOUND).as_str(),
                format!("/{number}")
            );
        }
        for beyond in 0..1_000 {
            assert_eq!(labels.intern(&format!("/beyond/{beyond}"), Label::BOUND), Label::OTHER);
        }
        assert_eq!(labels.0.len(), Label::BOUND, "the table is bounded");
        assert_eq!(labels.intern("/0", 0).as_str(), "/0", "what was known stays known");
    }
}
