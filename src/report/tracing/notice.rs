use super::TARGET;
use super::texts::{CALLER, LABEL, cut, shown};
use crate::lint::Action;
use crate::report::Notice;

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
            connection = finding.connection,
            request = finding.request,
            evidence = evidence($notice),
            help = cut(finding.fix(), HELP),
            suppressed = $notice.suppressed,
            callers = (!$notice.callers.is_empty()).then(|| ::tracing::field::display($notice.callers())),
            "{}", finding.lint.summary(),
        );
    }};
}

/// The line about a finding: our own faults at WARN, those of callers and upstreams at INFO.
pub(super) fn tell(notice: &Notice<'_>) {
    if notice.finding.is_ours() {
        event!(warn, notice);
    } else {
        event!(info, notice);
    }
}

/// How long the others may be.
const EVIDENCE: usize = 320;
const HELP: usize = 160;
/// All of these together, and the callers: what else is on a line takes up to 400.
const TEXTS: usize = 620;

/// As much of the evidence as the other texts leave room for: they say where, and what to change.
fn evidence<'a>(notice: &Notice<'a>) -> &'a str {
    let finding = notice.finding;
    let client = finding.client.map(|client| client.name);
    let labels = [Some(finding.route), client, finding.server].into_iter().flatten();
    let labels = labels.map(|label| cut(label.as_str(), LABEL));
    let others =
        [cut(finding.caller.as_deref().unwrap_or_default(), CALLER), cut(finding.fix(), HELP)];
    let built_at = finding.client.map_or(0, |client| client.short_built_at().len());
    let callers = notice.callers().to_string().len();
    let taken = labels.chain(others).map(shown).sum::<usize>() + built_at + callers;
    cut(finding.evidence.as_str(), EVIDENCE.min(TEXTS.saturating_sub(taken)))
}

#[cfg(test)]
mod tests {
    use std::panic::Location;

    use http::Method;

    use super::*;
    use crate::lint::{self, Client, Evidence, Finding, Label, Level, Lint, Place};
    use crate::report::tracing::log;

    /// The line about a finding, of which so many were held back before.
    fn line(finding: &Finding, suppressed: u64) -> String {
        let callers = finding.caller.iter().map(|caller| (caller.clone(), suppressed));
        let notice = Notice { finding, suppressed, callers: callers.collect() };
        log::of(|| tell(&notice))
    }

    fn silent_close() -> Finding {
        Finding {
            caller: Some("192.0.2.7".into()),
            connection: Some(17),
            request: Some(3),
            evidence: Evidence::text(
                "closed by the caller 0.2 ms after a response without `close`",
            ),
            ..Finding::new(lint::SILENT_CLOSE, Place::InboundConnection, Level::Warn, None)
        }
    }

    #[test]
    fn a_line_about_a_connection_names_it_and_says_whose_fault_it_is() {
        let of_caller = line(&silent_close(), 0);
        for part in [
            " INFO tower_conn_lint: ",
            "lint=\"silent-close\"",
            "caller=\"192.0.2.7\"",
            "connection=17 request=3",
            "evidence=\"closed by the caller 0.2 ms",
            "help=\"say `close` in the last message",
        ] {
            assert!(of_caller.contains(part), "{part} is missing in {of_caller}");
        }
        assert!(!of_caller.contains("method="), "no request is named: {of_caller}");

        let help = Some("set `pool_idle_timeout` to 4 s".into());
        let ours = line(&Finding { ours: true, help, ..silent_close() }, 0);
        assert!(ours.contains(" WARN tower_conn_lint: "), "{ours}");
        assert!(ours.contains("help=\"set `pool_idle_timeout` to 4 s\""), "{ours}");
    }

    #[test]
    fn a_line_about_a_connection_is_bounded() {
        let long = "\u{200b}\"\\".repeat(200);
        let full = |lint: Lint, place| Finding {
            method: Method::from_bytes(&[b'M'; 100]).ok(),
            route: Label::new(&long),
            connection: Some(1 << 40),
            request: Some(1 << 20),
            evidence: Evidence::text(&long),
            help: Some(long.as_str().into()),
            ours: true,
            ..Finding::new(lint, place, Level::Warn, Some(Level::Warn))
        };
        for lint in lint::all().filter(|lint| !lint.is_of_messages()) {
            let of_server = full(lint, Place::InboundConnection);
            let of_server = Finding { caller: Some("c".repeat(64).into()), ..of_server };
            let of_client = full(lint, Place::OutboundConnection);
            let client = Client { name: Label::new(&long), built_at: Location::caller() };
            let server = Some(Label::new(&long));
            let of_client = Finding { client: Some(client), server, ..of_client };
            for finding in [of_server, of_client] {
                let line = line(&finding, 1 << 40);
                assert!(line.len() <= 1024, "{} bytes: {line}", line.len());
            }
        }
    }
}
