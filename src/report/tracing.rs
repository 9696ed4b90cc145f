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
            route = cut(finding.route.as_str(), LABEL),
            client = finding.client.map(|client| cut(client.name.as_str(), LABEL)),
            built_at = finding.client.map(|client| ::tracing::field::display(client.short_built_at())),
            server = finding.server.map(|server| cut(server.as_str(), LABEL)),
            caller = finding.caller.as_deref().map(|caller| cut(caller, CALLER)),
            evidence = cut(finding.evidence.as_str(), EVIDENCE),
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

/// How long texts may be as a line shows them, in bytes: a subscriber escapes quotes and
/// backslashes once more, of which a caller may send any number.
const LABEL: usize = 96;
const CALLER: usize = 64;
const EVIDENCE: usize = 320;

/// As much of a text as takes `most` bytes once it is escaped.
fn cut(text: &str, most: usize) -> &str {
    let mut len = 0;
    let too_long = |(_, c): &(usize, char)| {
        len += c.escape_debug().map(char::len_utf8).sum::<usize>();
        len > most
    };
    text.char_indices().find(too_long).map_or(text, |(at, _)| &text[..at])
}
