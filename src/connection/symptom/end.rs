use std::fmt::Write as _;
use std::time::Duration;

use super::{HABIT, Symptom, below, count, short};
use crate::connection::window::Sums;
use crate::connection::{Bounds, Closer, EndCause, Ended, Side};
use crate::lint::{self, Lint};

impl Symptom {
    /// What the end of a connection tells, by itself and in its window.
    pub(crate) fn of_end(
        ended: &Ended,
        window: &Sums,
        pool_idle: Option<Duration>,
        bounds: &Bounds,
    ) -> Vec<Symptom> {
        let by_cause = by_cause(ended.end.cause);
        let by_cause = by_cause.map(|lint| Symptom::new(lint, true, describe(ended)));
        let others = [
            by_cause,
            silent_close(ended, window, bounds),
            no_idle_timeout(ended, bounds),
            outlived(ended, window, pool_idle),
        ];
        others.into_iter().flatten().collect()
    }
}

fn by_cause(cause: EndCause) -> Option<Lint> {
    match cause {
        EndCause::UnreadRequestBody => Some(lint::UNREAD_REQUEST_BODY),
        EndCause::DroppedResponseBody => Some(lint::DROPPED_RESPONSE_BODY),
        EndCause::DroppedRequest => Some(lint::DROPPED_REQUEST),
        EndCause::HandlerFailed => Some(lint::HANDLER_FAILED),
        _ => None,
    }
}

/// The peer closed right after a response that did not say so, and comes again for more. One that
/// ends closes all its connections like that, however many they are: it opens no others, or used
/// them well.
fn silent_close(ended: &Ended, window: &Sums, bounds: &Bounds) -> Option<Symptom> {
    let is_habit = window.silent >= HABIT
        && window.opened_anew() >= HABIT
        && u64::from(window.silent) * 2 >= window.ends()
        && window.reuse().is_some_and(|reuse| reuse < bounds.min_reuse);
    if !is_habit || !Sums::is_silent(ended) {
        return None;
    }
    let seen = format!("{}; as {} of {}", describe(ended), window.silent, window.ends());
    let help = match ended.side {
        Side::Inbound => "let the caller keep its connections, or say `close` in its last request",
        Side::Outbound => {
            "let the upstream keep connections, or say `close`; look at what stands between"
        }
    };
    Some(Symptom::new(lint::SILENT_CLOSE, false, seen).helped_by(help))
}

/// Nothing but the peer ended what was idle for long. What is no HTTP any more is not idle.
fn no_idle_timeout(ended: &Ended, bounds: &Bounds) -> Option<Symptom> {
    let by_peer = ended.end.cause == EndCause::PeerClosedIdle;
    let is_kept = by_peer && ended.requests > 0 && ended.end.idle >= bounds.idle;
    is_kept.then(|| Symptom::no_idle_timeout(ended.side, describe(ended)))
}

/// The upstream closes idle connections that the pool would have kept: after its timeout, as it
/// seems.
fn outlived(ended: &Ended, window: &Sums, pool_idle: Option<Duration>) -> Option<Symptom> {
    if ended.side == Side::Inbound || ended.end.cause != EndCause::PeerClosedIdle {
        return None;
    }
    let timeout = window.idle_ends.timeout()?;
    // A pool that is past its own timeout gives a connection to no request.
    if timeout > ended.end.idle || pool_idle.is_some_and(|idle| idle <= timeout) {
        return None;
    }
    let seen = format!("{}; the upstream keeps them for {}", describe(ended), short(timeout));
    let symptom = Symptom::new(lint::POOL_IDLE_ABOVE_SERVER_TIMEOUT, true, seen);
    Some(symptom.helped_by(below(timeout)))
}

/// What ended it, in one line.
fn describe(ended: &Ended) -> String {
    let Ended { requests, bytes_in, bytes_out, end, .. } = ended;
    let by = match end.closer {
        Closer::Local => "closed here",
        Closer::Peer => "closed by the peer",
        Closer::Both => "closed by both",
        Closer::Unknown => "closed",
    };
    let after = match end.cause {
        // Of what was under way it is known when it began at best.
        EndCause::DroppedRequest | EndCause::HandlerFailed => String::new(),
        _ => format!(" {} after the last exchange", short(end.idle)),
    };
    let (cause, requests) = (end.cause.text(), count(*requests, "request"));
    let mut seen =
        format!("{by}{after}: {cause}; {requests}, {bytes_in} bytes in, {bytes_out} out");
    if !end.beside.is_empty() {
        _ = write!(seen, "; beside it {}", end.beside);
    }
    seen
}

#[cfg(test)]
mod tests {
    use http::Version;

    use super::*;
    use crate::connection::End;

    const SOON: Duration = Duration::from_millis(1);

    fn ended(side: Side, cause: EndCause, idle: Duration) -> Ended {
        let closer = match cause {
            EndCause::PeerClosedIdle | EndCause::Reset => Closer::Peer,
            _ => Closer::Local,
        };
        Ended::example(side, 3, Version::HTTP_11, End::example(cause, closer, idle))
    }

    /// A window in which so many ended like this, and so many were opened anew.
    fn window(ended: &Ended, times: u32, opened_anew: u32) -> Sums {
        let (connections, requests) = (opened_anew + 50, u64::from(times));
        let (fresh, rising) = (requests, 50);
        let mut sums = Sums { connections, rising, requests, fresh, ..Sums::default() };
        // In two slices.
        for times in [times / 2, times - times / 2] {
            let mut slice = Sums::default();
            (0..times).for_each(|_| slice.end(ended, None));
            sums += &slice;
        }
        sums
    }

    fn found(ended: &Ended, window: &Sums, pool_idle: Option<Duration>) -> Vec<Symptom> {
        Symptom::of_end(ended, window, pool_idle, &Bounds::default())
    }

    fn names(symptoms: &[Symptom]) -> Vec<&'static str> {
        symptoms.iter().map(|symptom| symptom.lint.name()).collect()
    }

    #[test]
    fn each_cause_fires_its_own_lint_and_no_other() {
        let lints = [
            (EndCause::UnreadRequestBody, Side::Inbound, "unread-request-body"),
            (EndCause::DroppedResponseBody, Side::Outbound, "dropped-response-body"),
            (EndCause::DroppedRequest, Side::Outbound, "dropped-request"),
            (EndCause::HandlerFailed, Side::Inbound, "handler-failed"),
        ];
        for cause in EndCause::ALL.iter().copied() {
            let of_cause = lints.iter().find(|(of, ..)| *of == cause);
            let side = of_cause.map_or(Side::Inbound, |(_, side, _)| *side);
            let ended = ended(side, cause, SOON);
            let found = found(&ended, &window(&ended, 1, 1), None);
            let expected: Vec<&str> = of_cause.iter().map(|(.., name)| *name).collect();
            assert_eq!(names(&found), expected, "{cause}");
            for symptom in found {
                assert!(symptom.ours, "{cause}: our code does it");
                assert!(symptom.seen.contains(cause.text()), "{cause}: {}", symptom.seen);
            }
        }
    }

    #[test]
    fn a_silent_close_is_a_habit_of_a_peer_that_comes_again() {
        use EndCause::{ClosedIdleLocal, PeerClosedIdle};
        use Side::{Inbound, Outbound};

        let late = Duration::from_millis(300);
        for (what, side, cause, idle, times, opened_anew, fires) in [
            ("a caller that closes each", Inbound, PeerClosedIdle, SOON, 20, 20, true),
            ("an upstream that closes each", Outbound, PeerClosedIdle, SOON, 20, 20, true),
            ("now and then", Inbound, PeerClosedIdle, SOON, 4, 20, false),
            ("a client of 50 connections that ends", Inbound, PeerClosedIdle, SOON, 50, 0, false),
            ("the same, and races were lost before", Inbound, PeerClosedIdle, SOON, 50, 4, false),
            ("for idleness", Inbound, PeerClosedIdle, late, 20, 20, false),
            ("ours: hyper may have said so", Inbound, ClosedIdleLocal, SOON, 20, 20, false),
            ("ours: the pool's", Outbound, ClosedIdleLocal, SOON, 20, 20, false),
        ] {
            let ended = ended(side, cause, idle);
            let found = found(&ended, &window(&ended, times, opened_anew), None);
            let expected: &[&str] = if fires { &["silent-close"] } else { &[] };
            assert_eq!(names(&found), expected, "{what}");
            for symptom in found {
                assert!(!symptom.ours, "{what}: the peer's fault");
                assert!(symptom.seen.ends_with("; as 20 of 20"), "{what}: {}", symptom.seen);
            }
        }
    }

    #[test]
    fn who_used_connections_well_may_close_them() {
        let silent = ended(Side::Inbound, EndCause::PeerClosedIdle, SOON);
        let sums = Sums { requests: 600, ..window(&silent, 20, 20) };
        assert_eq!(names(&found(&silent, &sums, None)), [""; 0], "thirty requests on each");
    }

    #[test]
    fn a_few_silent_closes_among_many_others_are_no_habit() {
        let silent = ended(Side::Inbound, EndCause::PeerClosedIdle, SOON);
        let mut sums = window(&silent, 20, 100);
        let closing = ended(Side::Inbound, EndCause::RequestClose, SOON);
        (0..21).for_each(|_| sums.end(&closing, None));
        assert_eq!(names(&found(&silent, &sums, None)), [""; 0]);
    }

    #[test]
    fn an_end_by_the_peer_after_long_idleness_shows_that_no_timeout_is_set() {
        let bound = Bounds::default().idle;
        for (side, cause, idle, fires) in [
            (Side::Inbound, EndCause::PeerClosedIdle, bound, true),
            (Side::Outbound, EndCause::PeerClosedIdle, bound, true),
            (Side::Inbound, EndCause::PeerClosedIdle, bound - SOON, false),
            // A timeout ended it, longer than the bound.
            (Side::Inbound, EndCause::HeaderTimeout, bound, false),
            (Side::Outbound, EndCause::IdleTimeout, bound, false),
            (Side::Outbound, EndCause::ClosedIdleLocal, bound, false),
            // Not idle: a WebSocket, a long answer.
            (Side::Inbound, EndCause::Upgrade, bound, false),
            (Side::Inbound, EndCause::PeerClosedActive, bound, false),
            (Side::Inbound, EndCause::Drain, bound, false),
        ] {
            let ended = ended(side, cause, idle);
            let found = found(&ended, &window(&ended, 1, 1), None);
            let expected: &[&str] = if fires { &["no-idle-timeout"] } else { &[] };
            assert_eq!(names(&found), expected, "{cause}, {side}");
            let call = match side {
                Side::Inbound => "header_read_timeout",
                Side::Outbound => "pool_idle_timeout",
            };
            let names_call = |symptom: &Symptom| symptom.help.as_ref().unwrap().contains(call);
            assert!(found.iter().all(names_call), "{side}: it names the builder's call");
        }
        let unused = Ended { requests: 0, ..ended(Side::Inbound, EndCause::PeerClosedIdle, bound) };
        assert_eq!(names(&found(&unused, &Sums::default(), None)), [""; 0], "never used");
    }

    #[test]
    fn a_pool_that_keeps_connections_longer_than_the_upstream_learns_a_value() {
        let five = Duration::from_secs(5);
        let minute = Some(Duration::from_secs(60));
        for (what, side, cause, idle, times, pool_idle, fires) in [
            ("declared", Side::Outbound, EndCause::PeerClosedIdle, five, 4, minute, true),
            ("not declared", Side::Outbound, EndCause::PeerClosedIdle, five, 4, None, true),
            ("ended sooner", Side::Outbound, EndCause::PeerClosedIdle, five, 4, Some(five), false),
            ("once or twice", Side::Outbound, EndCause::PeerClosedIdle, five, 2, minute, false),
            ("a caller's pool", Side::Inbound, EndCause::PeerClosedIdle, five, 4, None, false),
            ("the pool's own", Side::Outbound, EndCause::IdleTimeout, five, 4, minute, false),
            ("at once", Side::Outbound, EndCause::PeerClosedIdle, SOON, 4, minute, false),
        ] {
            let ended = ended(side, cause, idle);
            let found = found(&ended, &window(&ended, times, 1), pool_idle);
            let expected: &[&str] = if fires { &["pool-idle-above-server-timeout"] } else { &[] };
            assert_eq!(names(&found), expected, "{what}");
            for symptom in found {
                let help = symptom.help.expect("it names a value");
                assert!(help.contains("`pool_idle_timeout` of 4.0 s"), "{what}: {help}");
                assert!(symptom.seen.contains("keeps them for 5.0 s"), "{what}: {}", symptom.seen);
            }
        }
    }

    #[test]
    fn the_end_is_told_in_one_line() {
        let mut ended = ended(Side::Inbound, EndCause::UnreadRequestBody, SOON);
        ended.end.beside = [EndCause::ResponseClose].into_iter().collect();
        assert_eq!(
            describe(&ended),
            "closed here 1.0 ms after the last exchange: the handler answered without reading the \
             request's body; 3 requests, 80 bytes in, 120 out; beside it response-close"
        );
        ended.end = End::example(EndCause::DroppedRequest, Closer::Unknown, SOON);
        ended.requests = 1;
        assert_eq!(
            describe(&ended),
            "closed: our code gave the request up before its response came; 1 request, 80 bytes \
             in, 120 out"
        );
    }
}
