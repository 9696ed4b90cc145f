use metrics::Counter;

use super::kept::Kept;
use super::{ADDRESS, ROUTE};
use crate::lint::{Finding, Label, Level, Lint};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct FindingMetrics {
    findings: Kept<Key, Counter>,
    suppressed: Kept<Lint, Counter>,
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

// === impl FindingMetrics ===

impl FindingMetrics {
    pub(super) fn count(&self, finding: &Finding) {
        let key = Key::of(finding);
        self.findings.with(key, || key.register(), |counter| counter.increment(1));
    }

    pub(super) fn suppressed(&self, lint: Lint) {
        let labels = [("conn_lint_lint", lint.name())];
        let register = || metrics::counter!("conn_lint_findings_suppressed", &labels);
        self.suppressed.with(lint, register, |counter| counter.increment(1));
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
                true => (ROUTE, finding.route),
                false => (ADDRESS, finding.server.unwrap_or(Label::OTHER)),
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
