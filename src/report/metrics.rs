use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use metrics::Counter;

use super::Reporter;
use crate::lint::{Finding, Label, Level, Lint};

/// Counts findings by the `metrics` facade: `conn_lint_findings` and
/// `conn_lint_findings_suppressed`. On by default where the feature `metrics` is.
///
/// A counter is registered at its first finding and kept, so a recorder has to be installed
/// before requests are served.
///
/// ```
/// use tower_conn_lint::{ConnLint, report::Metrics};
///
/// let lint = ConnLint::builder().build();                    // with it
/// let lint = ConnLint::builder().without_metrics().build();  // without it
/// # _ = Metrics::default();
/// ```
#[derive(Debug, Default)]
pub struct Metrics {
    findings: Mutex<HashMap<Key, Counter>>,
    suppressed: Mutex<HashMap<Lint, Counter>>,
}

/// What tells one counter of findings from another; labels and lints bound their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    lint: Lint,
    level: Level,
    action: &'static str,
    would: Option<Level>,
    /// The route inbound, the upstream's address outbound.
    place: (&'static str, Label),
}

// === impl Metrics ===

impl Metrics {
    fn count(&self, finding: &Finding) {
        let key = Key::of(finding);
        let mut findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        findings.entry(key).or_insert_with(|| key.register()).increment(1);
    }
}

impl Reporter for Metrics {
    fn finding(&self, finding: &Finding) {
        self.count(finding);
    }

    fn accepted(&self, finding: &Finding) {
        self.count(finding);
    }

    fn suppressed(&self, lint: Lint) {
        let mut suppressed = self.suppressed.lock().unwrap_or_else(PoisonError::into_inner);
        let register =
            || metrics::counter!("conn_lint_findings_suppressed", "conn_lint_lint" => lint.name());
        suppressed.entry(lint).or_insert_with(register).increment(1);
    }
}

// === impl Key ===

impl Key {
    fn of(finding: &Finding) -> Key {
        Key {
            lint: finding.lint,
            level: finding.level,
            action: finding.action.as_str(),
            would: finding.would,
            place: match finding.place.is_inbound() {
                true => ("http_route", finding.route),
                false => ("server_address", finding.server.unwrap_or(Label::OTHER)),
            },
        }
    }

    fn register(self) -> Counter {
        let mut labels = vec![
            ("conn_lint_lint", self.lint.name()),
            ("conn_lint_level", self.level.as_str()),
            ("conn_lint_action", self.action),
            (self.place.0, self.place.1.as_str()),
        ];
        if let Some(would) = self.would {
            labels.push(("conn_lint_would", would.as_str()));
        }
        metrics::counter!("conn_lint_findings", &labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::{self, Place};

    #[test]
    fn a_finding_is_counted_by_route_inbound_and_by_upstream_outbound() {
        let (route, server) = (Label::new("/upload"), Some(Label::new("gateway:443")));
        for place in Place::ALL.iter().copied() {
            let finding = Finding::new(lint::LOW_REUSE, place, Level::Warn, None);
            let finding = Finding { route, server, ..finding };
            let expected = match place.as_str() {
                "received request" | "outgoing response" => ("http_route", route),
                text if text.contains("inbound") || text.contains("caller") => {
                    ("http_route", route)
                }
                _ => ("server_address", Label::new("gateway:443")),
            };
            assert_eq!(Key::of(&finding).place, expected, "{place}");
        }
    }
}
