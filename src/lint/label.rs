use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::{fmt, ptr};

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

impl Label {
    /// What no route matched, or what is beyond the bound.
    pub const OTHER: Label = Label("other");

    /// How many labels a process has at most.
    pub const BOUND: usize = 4096;

    const MAX_LEN: usize = 96;

    /// The label of this text. Control characters are replaced, since it goes to logs as it is.
    pub fn new(text: &str) -> Label {
        static LABELS: LazyLock<Mutex<HashMap<&'static str, Label>>> =
            LazyLock::new(Mutex::default);

        let text = Label::cut(text);
        // A panic can't leave the table half written.
        let mut labels = LABELS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(label) = labels.get(text) {
            return *label;
        }
        if labels.len() >= Label::BOUND {
            return Label::OTHER;
        }
        let key: &'static str = Box::leak(text.into());
        let label = if text.contains(char::is_control) {
            Label(Box::leak(text.replace(char::is_control, "\u{fffd}").into_boxed_str()))
        } else {
            Label(key)
        };
        labels.insert(key, label);
        label
    }

    /// The text.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    fn cut(text: &str) -> &str {
        let mut end = text.len().min(Label::MAX_LEN);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        &text[..end]
    }
}

impl PartialEq for Label {
    fn eq(&self, other: &Label) -> bool {
        ptr::eq(self.0, other.0) || self.0 == other.0
    }
}

impl Eq for Label {}

impl std::hash::Hash for Label {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
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
