use super::{Notice, Reporter};
use crate::lint::Action;

/// The target of every event: `tower_conn_lint`.
pub const TARGET: &str = "tower_conn_lint";

/// Writes notices as events of `tracing`: our own faults at WARN, those of callers and upstreams
/// at INFO. On by default; [`ConnLintBuilder::without_tracing`](crate::ConnLintBuilder::without_tracing)
/// takes it out.
///
/// ```
/// use tower_conn_lint::{ConnLint, report::Tracing};
///
/// // The same as the default.
/// let lint = ConnLint::builder().without_tracing().reporter(Tracing).build();
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Tracing;

/// An event's level must be known when the code is compiled, so it stands here twice.
macro_rules! event {
    ($level:ident, $notice:expr) => {{
        let finding = $notice.finding;
        let reason = match finding.action {
            Action::StoodAside(reason) => Some(::tracing::field::display(reason)),
            _ => None,
        };
        ::tracing::$level!(
            target: TARGET,
            lint = finding.lint.name(),
            level = finding.level.as_str(),
            action = finding.action.as_str(),
            reason,
            would = finding.would.map(|level| level.as_str()),
            method = finding.short_method(),
            route = finding.route.as_str(),
            client = finding.client.map(|client| client.name.as_str()),
            built_at = finding.client.map(|client| ::tracing::field::display(client.short_built_at())),
            server = finding.server.map(|server| server.as_str()),
            caller = finding.caller.as_deref(),
            evidence = finding.evidence.as_str(),
            help = finding.lint.fix(),
            suppressed = $notice.suppressed,
            callers = (!$notice.callers.is_empty()).then(|| ::tracing::field::display($notice.callers())),
            "{}", finding.lint.summary(),
        );
    }};
}

impl Reporter for Tracing {
    fn notice(&self, notice: &Notice<'_>) {
        if notice.finding.message.is_outgoing() {
            event!(warn, notice);
        } else {
            event!(info, notice);
        }
    }
}
