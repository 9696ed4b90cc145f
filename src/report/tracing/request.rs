use super::TARGET;
use super::texts::{LABEL, cut};
use crate::arrival::Unusable;
use crate::report::{ArrivalTime, Phase, RequestPhases};

/// A request that was long on its way, or whose stamp is nonsense of someone who should know better.
pub(super) fn arrived(time: &ArrivalTime) {
    let ArrivalTime { of, connection, request, before, slow } = time;
    let route = cut(of.as_str(), LABEL);
    match before {
        Ok(before) if *slow => ::tracing::debug!(
            target: TARGET,
            route,
            connection,
            request,
            before_arrival_seconds = before.as_secs_f64(),
            "a request was long on its way",
        ),
        Ok(_) | Err(Unusable::UndeclaredPeer) => {}
        Err(why) => ::tracing::debug!(
            target: TARGET,
            route,
            connection,
            request,
            reason = why.as_str(),
            "a request's stamp tells nothing",
        ),
    }
}

/// The parts of a request of ours. Of what is not known there is no field.
pub(super) fn passed(phases: &RequestPhases<'_>) {
    let seconds = |phase| phases.of(phase).map(|took| took.as_secs_f64());
    ::tracing::debug!(
        target: TARGET,
        client = phases.client.map(|client| cut(client.name.as_str(), LABEL)),
        server = phases.upstream.map(|upstream| cut(upstream.name(), LABEL)),
        connection = phases.connection,
        reused = phases.reused,
        wait_seconds = seconds(Phase::Wait),
        dial_seconds = seconds(Phase::Dial),
        tls_seconds = seconds(Phase::Tls),
        first_byte_seconds = seconds(Phase::FirstByte),
        body_seconds = seconds(Phase::Body),
        "a request passed",
    );
}

#[cfg(test)]
mod tests {
    use std::panic::Location;
    use std::time::Duration;

    use super::*;
    use crate::connection::Party;
    use crate::lint::{Client, Label};
    use crate::report::tracing::log;

    #[test]
    fn a_late_request_and_nonsense_have_a_line_and_nothing_else_has() {
        let (of, connection, request) = (Label::new("/login"), Some(17), Some(3));
        let line = |before, slow| {
            log::of(|| arrived(&ArrivalTime { of, connection, request, before, slow }))
        };
        let late = line(Ok(Duration::from_millis(3_010)), true);
        assert!(late.contains("DEBUG tower_conn_lint: a request was long on its way"), "{late}");
        let fields = "route=\"/login\" connection=17 request=3 before_arrival_seconds=3.01";
        assert!(late.contains(fields), "{late}");
        let nonsense = line(Err(Unusable::TooOld), false);
        assert!(nonsense.contains("tells nothing"), "{nonsense}");
        assert!(nonsense.contains("reason=\"too-old\""), "{nonsense}");
        assert_eq!(line(Ok(Duration::ZERO), false), "", "it came at once");
        assert_eq!(line(Err(Unusable::UndeclaredPeer), false), "", "anyone may send it");
    }

    #[test]
    fn a_requests_line_has_the_parts_that_are_known() {
        let client = Client { name: Label::new("gateway"), built_at: Location::caller() };
        let upstream = Party::upstream(client.name, "gateway:81");
        let mut took = [None; Phase::ALL.len()];
        took[Phase::Wait as usize] = Some(Duration::from_millis(3_010));
        took[Phase::Body as usize] = Some(Duration::ZERO);
        let (client, upstream) = (Some(client), Some(&upstream));
        let phases = RequestPhases { client, upstream, connection: 17, reused: false, took };
        let line = log::of(|| passed(&phases));
        for part in [
            "DEBUG tower_conn_lint: a request passed client=\"gateway\" server=\"gateway:81\"",
            "connection=17 reused=false wait_seconds=3.01 body_seconds=0.0",
        ] {
            assert!(line.contains(part), "{part} is missing in {line}");
        }
        assert!(!line.contains("dial_seconds"), "nobody knows it: {line}");
    }
}
