use std::fmt::Write as _;
use std::time::Duration;

use super::blame::{is_loss, is_ours};
use super::{HABIT, Symptom, advice};
use crate::connection::window::Sums;
use crate::connection::{Bounds, Closer, EndCause, Side};
use crate::lint;

impl Symptom {
    /// Whether a window shows missing reuse. Connections that rising concurrency needed are not
    /// held against it.
    pub(crate) fn low_reuse(
        side: Side,
        sums: &Sums,
        known_for: Duration,
        bounds: &Bounds,
    ) -> Option<Symptom> {
        if sums.requests < bounds.min_requests || known_for < bounds.warm_up {
            return None;
        }
        if sums.reuse_excused()? >= bounds.min_reuse {
            return None;
        }
        let Sums { requests, fresh, .. } = sums;
        let mut seen = format!("{fresh} of {requests} requests came first on their connection");
        let Some((cause, times)) = most_common(sums) else {
            // The connections are left open, and others are opened beside them.
            let symptom = Symptom::new(lint::LOW_REUSE, side == Side::Outbound, seen);
            return Some(symptom.helped_by("use a connection again that is open and idle"));
        };
        let closers = Closer::ALL.iter().max_by_key(|closer| sums.closers[**closer as usize]);
        let closer = closers.copied().unwrap_or(Closer::Unknown);
        _ = write!(seen, "; {times} ended by {cause}, most closed by {closer}");
        let symptom = Symptom::new(lint::LOW_REUSE, is_ours(side, cause), seen);
        Some(symptom.helped_by(format!("{cause}: {}", advice(cause))))
    }

    /// The same, of a client that hides why its connections end: nothing says that they are open.
    pub(crate) fn with_ends_hidden(self, sums: &Sums) -> Symptom {
        match most_common(sums) {
            Some(_) => self,
            None => self.helped_by(
                "share one client, and read each response to its end; why connections end is \
                 hidden here, and seen by the server",
            ),
        }
    }

    /// Whether a client dials again what its pool just closed. `peak` is its greatest concurrency
    /// in the window.
    pub(crate) fn pool_too_small(sums: &Sums, peak: u32) -> Option<Symptom> {
        let closed = sums.crowded_out;
        if closed < HABIT || u64::from(closed) * 10 < u64::from(sums.dials) {
            return None;
        }
        let seen = format!(
            "{closed} idle connections were closed here right after use, beside {} dials; up to \
             {peak} connections were in use at once",
            sums.dials
        );
        let symptom = Symptom::new(lint::POOL_TOO_SMALL, true, seen);
        Some(symptom.helped_by(format!("`pool_max_idle_per_host({peak})` or more")))
    }

    /// Whether clients are built and dropped again and again, each for a few requests.
    pub(crate) fn client_per_request(sums: &Sums, bounds: &Bounds) -> Option<Symptom> {
        let Sums { clients, requests, connections, .. } = sums;
        // One client that ends takes all its connections with it.
        if *clients < HABIT || sums.reuse().is_none_or(|reuse| reuse >= bounds.min_reuse) {
            return None;
        }
        let seen = format!(
            "{clients} clients were dropped with their connections; there were {requests} requests \
             on {connections} connections"
        );
        Some(Symptom::new(lint::CLIENT_PER_REQUEST, true, seen))
    }

    /// A second connection of HTTP/2 beside one that is open.
    pub(crate) fn extra_http2(open: usize) -> Symptom {
        let beside = if open == 1 { "one that is" } else { "some that are" };
        let seen = format!("another connection of HTTP/2 was dialled beside {beside} open");
        Symptom::new(lint::EXTRA_HTTP2_CONNECTION, true, seen)
    }
}

/// What cost most connections, and how many.
fn most_common(sums: &Sums) -> Option<(EndCause, u32)> {
    let times = |cause: EndCause| (cause, sums.ended[cause as usize]);
    let causes = EndCause::ALL.iter().copied().filter(|cause| is_loss(*cause)).map(times);
    // The first of those that are as many.
    causes.rev().max_by_key(|(_, times)| *times).filter(|(_, times)| *times > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WARM: Duration = Duration::from_secs(30);

    fn sums(requests: u64, fresh: u64, excused: u64) -> Sums {
        Sums { requests, fresh, excused, ..Sums::default() }
    }

    fn ended(sums: Sums, cause: EndCause, closer: Closer, times: u32) -> Sums {
        let mut sums = sums;
        sums.ended[cause as usize] = times;
        sums.closers[closer as usize] = times;
        sums
    }

    #[test]
    fn low_reuse_needs_enough_requests_time_and_connections_that_nobody_needed() {
        let bounds = Bounds::default();
        for (what, sums, known_for, fires) in [
            ("a connection for each", sums(100, 100, 1), WARM, true),
            ("too few requests", sums(99, 99, 1), WARM, false),
            ("while it warms up", sums(100, 100, 1), WARM / 2, false),
            ("at the bound", sums(100, 20, 0), WARM, false),
            ("below it", sums(100, 21, 0), WARM, true),
            ("perfect", sums(10_000, 7, 2), WARM, false),
            ("one burst of 100", sums(100, 100, 100), WARM, false),
            ("bursts of 50, kept", sums(10_000, 50, 50), WARM, false),
            ("bursts of 50, dialled each time", sums(200, 200, 50), WARM, true),
            ("most of it needed", sums(100, 60, 50), WARM, false),
        ] {
            let found = Symptom::low_reuse(Side::Outbound, &sums, known_for, &bounds);
            assert_eq!(found.is_some(), fires, "{what}: {found:?}");
        }
    }

    #[test]
    fn low_reuse_names_what_costs_most_connections_and_whose_it_is() {
        let low = |side, cause, closer| {
            let sums = ended(sums(200, 200, 1), cause, closer, 150);
            let sums = ended(sums, EndCause::NeverUsed, Closer::Unknown, 300);
            let found = Symptom::low_reuse(side, &sums, WARM, &Bounds::default());
            found.expect("reuse is low")
        };
        for (side, cause, closer, ours) in [
            (Side::Inbound, EndCause::RequestClose, Closer::Local, false),
            (Side::Inbound, EndCause::ResponseClose, Closer::Local, true),
            (Side::Inbound, EndCause::UnreadRequestBody, Closer::Local, true),
            (Side::Inbound, EndCause::PeerClosedIdle, Closer::Peer, false),
            (Side::Outbound, EndCause::RequestClose, Closer::Local, true),
            (Side::Outbound, EndCause::ResponseClose, Closer::Peer, false),
            (Side::Outbound, EndCause::ClientDropped, Closer::Local, true),
        ] {
            let Symptom { ours: is_ours, seen, help, .. } = low(side, cause, closer);
            assert_eq!(is_ours, ours, "{side}, {cause}");
            assert!(seen.starts_with("200 of 200 requests"), "{seen}");
            assert!(seen.contains(&format!("150 ended by {cause}, most")), "{seen}");
            assert_eq!(help, Some(format!("{cause}: {}", advice(cause))), "{side}");
        }
        let open = Symptom::low_reuse(Side::Inbound, &sums(200, 200, 1), WARM, &Bounds::default());
        let help = open.expect("reuse is low").help;
        assert_eq!(help.as_deref(), Some("use a connection again that is open and idle"));
    }

    #[test]
    fn a_pool_is_too_small_where_it_closes_what_is_dialled_again() {
        for (what, crowded_out, dials, fires) in [
            ("a burst of eight into a pool of one", 7, 8, true),
            ("now and then", 4, 8, false),
            ("a tenth", 10, 100, true),
            ("rarely", 10, 101, false),
            ("no overflow", u32::MAX, u32::MAX, true),
        ] {
            let sums = Sums { crowded_out, dials, ..Sums::default() };
            let found = Symptom::pool_too_small(&sums, 8);
            assert_eq!(found.is_some(), fires, "{what}");
            let help = found.and_then(|symptom| symptom.help);
            assert!(help.is_none_or(|help| help.contains("(8)")), "{what}: it names a value");
        }
    }

    #[test]
    fn clients_are_too_many_where_each_has_a_few_requests() {
        for (what, clients, requests, fresh, fires) in [
            ("one for each request", 20, 20, 20, true),
            ("one for each two", 20, 40, 20, true),
            ("one for each job of a hundred requests", 20, 2_000, 20, false),
            ("one with fifty connections that ends", 1, 50, 50, false),
            ("now and then", 4, 4, 4, false),
            ("nothing is known of requests", 20, 0, 0, false),
        ] {
            let sums = Sums { clients, connections: 20, ..sums(requests, fresh, 0) };
            let found = Symptom::client_per_request(&sums, &Bounds::default());
            assert_eq!(found.is_some(), fires, "{what}: {found:?}");
        }
    }
}
