use std::fmt::Write as _;
use std::time::Duration;

use super::{Symptom, below, count, short};
use crate::connection::{AtDial, Side};
use crate::lint;

impl Symptom {
    /// A connection that was used again after longer than it should have been kept.
    pub(crate) fn kept_idle(side: Side, idle: Duration) -> Symptom {
        let seen = format!("nothing passed for {}, and nothing ended it", short(idle));
        Symptom::no_idle_timeout(side, seen)
    }

    /// A dial was slow, and its SYN had been sent again.
    pub(crate) fn syn_retransmitted(dial: Duration, at_dial: AtDial) -> Symptom {
        let again = count(at_dial.retransmitted, "time");
        let mut seen = format!("the dial took {}; its SYN was sent again {again}", short(dial));
        if let Some(rtt) = at_dial.rtt {
            _ = write!(seen, ", over a way of {} there and back", short(rtt));
        }
        Symptom::new(lint::SYN_RETRANSMITTED, false, seen)
    }

    /// A request failed on a connection that had served others.
    pub(crate) fn stale_reuse(requests: u64, idle: Duration) -> Symptom {
        let (served, idle) = (count(requests, "request"), short(idle));
        let seen = format!(
            "the upstream closed under a request, and no byte of a response came; the connection \
             had served {served} and was idle for {idle}"
        );
        Symptom::new(lint::STALE_REUSE, true, seen)
    }

    /// A request came, or was sent, after a message had said that the connection ends.
    pub(crate) fn reused_after_close(side: Side) -> Symptom {
        let seen = match side {
            Side::Inbound => "the caller sent another request after `close`",
            Side::Outbound => "our client sent another request after `close`",
        };
        Symptom::new(lint::REUSED_AFTER_CLOSE, side == Side::Outbound, seen.to_owned())
    }

    /// The upstream says for how long it keeps a connection, and the pool keeps it longer.
    pub(crate) fn advertised_less(timeout: Duration, pool_idle: Duration) -> Symptom {
        let seen = format!(
            "the upstream says `timeout={}`, the pool keeps connections for {}",
            timeout.as_secs(),
            short(pool_idle)
        );
        let symptom = Symptom::new(lint::POOL_IDLE_ABOVE_SERVER_TIMEOUT, true, seen);
        symptom.helped_by(below(timeout))
    }

    /// Nothing on our side ends idle connections; what would, each side's builder calls by its own
    /// name.
    pub(super) fn no_idle_timeout(side: Side, seen: String) -> Symptom {
        let help = match side {
            Side::Inbound => {
                "server: `http1().timer(TokioTimer::new()).header_read_timeout(..)`, by hyper-util's \
                 `auto::Builder`"
            }
            Side::Outbound => {
                "client: `pool_idle_timeout(..)`, with `pool_timer(TokioTimer::new())`"
            }
        };
        Symptom::new(lint::NO_IDLE_TIMEOUT, true, seen).helped_by(help)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_evidence_has_the_numbers_and_the_help_a_value() {
        let symptom = Symptom::stale_reuse(1, Duration::from_millis(5_020));
        assert!(
            symptom.seen.ends_with("had served 1 request and was idle for 5.0 s"),
            "{symptom:?}"
        );

        let symptom = Symptom::advertised_less(Duration::from_secs(5), Duration::from_secs(90));
        assert_eq!(
            symptom.seen,
            "the upstream says `timeout=5`, the pool keeps connections for 2 min"
        );
        let help = symptom.help.expect("it names a value");
        assert!(help.starts_with("`pool_idle_timeout` of 4.0 s or less"), "{help}");

        let rtt = Some(Duration::from_micros(120));
        let at_dial = AtDial { retransmitted: 2, syn_retransmitted: Some(true), rtt };
        let symptom = Symptom::syn_retransmitted(Duration::from_millis(3_040), at_dial);
        assert_eq!(
            symptom.seen,
            "the dial took 3.0 s; its SYN was sent again 2 times, over a way of 120 us there and back"
        );

        let symptom = Symptom::kept_idle(Side::Inbound, Duration::from_secs(660));
        assert_eq!(symptom.seen, "nothing passed for 11 min, and nothing ended it");
    }

    #[test]
    fn a_value_below_a_timeout_is_below_it_and_above_nothing() {
        for (timeout, value) in
            [(0.0, "0 us"), (0.5, "250.0 ms"), (1.0, "500.0 ms"), (2.0, "1.0 s")]
        {
            let help = below(Duration::from_secs_f64(timeout));
            assert!(help.contains(&format!("of {value} or less")), "{timeout}: {help}");
        }
    }

    #[test]
    fn a_close_that_is_not_heeded_is_the_fault_of_who_sent_the_request() {
        for side in [Side::Inbound, Side::Outbound] {
            assert_eq!(Symptom::reused_after_close(side).ours, side == Side::Outbound, "{side}");
        }
    }
}
