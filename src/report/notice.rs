use std::fmt;
use std::sync::Arc;

use crate::lint::Finding;

/// A finding that a line may be written about, and what was held back since the last one.
///
/// ```
/// use tower_conn_lint::report::{Notice, Reporter};
///
/// struct Stderr;
///
/// impl Reporter for Stderr {
///     fn notice(&self, notice: &Notice<'_>) {
///         eprintln!("{} and {} like it", notice.finding.lint, notice.suppressed);
///     }
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Notice<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// How many like it were held back since the last notice: the same lint, action, place,
    /// client and route, and the same side at fault.
    pub suppressed: u64,
    /// The callers of those, the heaviest first, with how often each was seen at most.
    pub callers: Vec<(Arc<str>, u64)>,
}

impl Notice<'_> {
    /// The heaviest callers as text, at most 128 bytes: `192.0.2.1 (40), 192.0.2.7 (3)`.
    pub(super) fn callers(&self) -> impl fmt::Display {
        let mut text = String::new();
        for (caller, times) in &self.callers {
            let next = format!("{}{caller} ({times})", if text.is_empty() { "" } else { ", " });
            if text.len() + next.len() > 128 {
                break;
            }
            text.push_str(&next);
        }
        text
    }
}
