use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::connection::{Bounds, Closer, EndCause, Known, Party, Requests, advice, is_loss};
use crate::lint::Label;

/// How the requests of a route came.
///
/// ```
/// use tower_conn_lint::snapshot::RouteReuse;
///
/// fn line(route: &RouteReuse) -> String {
///     format!("{}: {:.0} % reused", route.route, 100.0 * route.reuse.unwrap_or(1.0))
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RouteReuse {
    /// The route: the policy's template, else the router's matched path; `other` is all others.
    pub route: Label,
    /// Requests.
    pub requests: u64,
    /// Requests that came first on their connection.
    pub fresh: u64,
    /// Fresh requests whose connection rising concurrency needed.
    pub excused: u64,
    /// The share of requests on reused connections, 0 to 1; `None` without requests.
    pub reuse: Option<f64>,
    /// The same share of those that could have been on one: without the excused ones; `None`
    /// where no request could.
    pub reuse_excused: Option<f64>,
}

/// How a caller, or an upstream of one of our clients, uses connections.
///
/// ```
/// use tower_conn_lint::connection::EndCause;
/// use tower_conn_lint::snapshot::PartyReuse;
///
/// fn says_close(caller: &PartyReuse) -> bool {
///     caller.causes.contains_key(&EndCause::RequestClose)
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PartyReuse {
    /// The caller's name or address, or the upstream's host and port; `other` is all others.
    pub name: String,
    /// The client of ours that calls the upstream; `None` for a caller, and for `other`.
    pub client: Option<Label>,
    /// Requests: outbound those that were answered.
    pub requests: u64,
    /// Requests that came first on their connection.
    pub fresh: u64,
    /// Fresh requests whose connection rising concurrency needed.
    pub excused: u64,
    /// The share of requests on reused connections, 0 to 1; `None` without requests.
    pub reuse: Option<f64>,
    /// The same share of those that could have been on one: without the excused ones; `None`
    /// where no request could.
    pub reuse_excused: Option<f64>,
    /// Connections that were opened: inbound those that a request came on.
    pub connections: u64,
    /// Connections that are open now and used.
    pub active: u64,
    /// Connections that are open now and wait for a request.
    pub idle: u64,
    /// Dials, with those that failed; zero for a caller.
    pub dials: u64,
    /// Dials that failed; zero for a caller.
    pub failed_dials: u64,
    /// Slow dials whose SYN had been sent again, as far as the kernel told; zero for a caller.
    pub syn_retransmitted: u64,
    /// Why connections ended, and how many for each cause: without those of none.
    pub causes: BTreeMap<EndCause, u64>,
    /// Who closed them first, and how many each: without those of none.
    pub closers: BTreeMap<Closer, u64>,
    /// What to change, by the most common cause; `None` where connections are reused well, where no
    /// one of them ended of a cause that was seen, and below the least requests that tell anything
    /// ([`Bounds`](crate::connection::Bounds)).
    pub change: Option<&'static str>,
}

/// The worst first: who opened most connections that were not needed. All others together last.
pub(super) type Rank = (bool, Reverse<u64>, Reverse<u64>, String);

// === impl RouteReuse ===

impl RouteReuse {
    pub(super) fn new(route: Label, of: Requests) -> RouteReuse {
        let Requests { requests, fresh, excused } = of;
        let (reuse, reuse_excused) = (of.reuse(), of.reuse_excused());
        RouteReuse { route, requests, fresh, excused, reuse, reuse_excused }
    }

    pub(super) fn rank(&self) -> Rank {
        let needless = self.fresh.saturating_sub(self.excused);
        let name = self.route.as_str().to_owned();
        (self.route == Label::OTHER, Reverse(needless), Reverse(self.requests), name)
    }
}

// === impl PartyReuse ===

impl PartyReuse {
    const OTHER: &str = Label::OTHER.as_str();

    /// Of a party, or of all others.
    pub(super) fn new(party: Option<&Party>, known: &Known, bounds: &Bounds) -> PartyReuse {
        let Known { sums, active, idle } = known;
        let Requests { requests, fresh, excused } = sums.of_requests();
        let reuse_excused = sums.reuse_excused();
        let causes = counted(EndCause::ALL, &sums.ended);
        let losses = causes.iter().filter(|(cause, _)| is_loss(**cause));
        let most_common = losses.max_by_key(|(_, times)| **times).map(|(cause, _)| *cause);
        let too_few = requests < bounds.min_requests;
        let reuses_well = too_few || reuse_excused.is_none_or(|reuse| reuse >= bounds.min_reuse);
        PartyReuse {
            name: party.map_or(PartyReuse::OTHER, |party| party.name()).to_owned(),
            client: party.and_then(Party::client),
            requests,
            fresh,
            excused,
            reuse: sums.reuse(),
            reuse_excused,
            connections: sums.connections.into(),
            active: *active,
            idle: *idle,
            dials: sums.dials.into(),
            failed_dials: sums.failed_dials.into(),
            syn_retransmitted: sums.syn_retransmitted.into(),
            causes,
            closers: counted(&Closer::ALL, &sums.closers),
            change: most_common.filter(|_| !reuses_well).map(advice),
        }
    }

    /// Whether there is nothing to tell.
    pub(super) fn is_silent(&self) -> bool {
        let PartyReuse { requests, connections, active, idle, failed_dials, causes, .. } = self;
        requests + connections + active + idle + failed_dials == 0 && causes.is_empty()
    }

    pub(super) fn rank(&self) -> Rank {
        let needless = self.fresh.saturating_sub(self.excused);
        let is_other = self.client.is_none() && self.name == PartyReuse::OTHER;
        (is_other, Reverse(needless), Reverse(self.requests), self.name.clone())
    }
}

/// Those that there are some of.
fn counted<K: Copy + Ord>(all: &[K], counts: &[u32]) -> BTreeMap<K, u64> {
    let counts = counts.iter().map(|count| u64::from(*count));
    all.iter().copied().zip(counts).filter(|(_, count)| *count > 0).collect()
}
