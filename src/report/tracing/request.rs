use super::TARGET;
use super::texts::{LABEL, cut};
use crate::arrival::Unusable;
use crate::report::ArrivalTime;

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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::lint::Label;
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
}
