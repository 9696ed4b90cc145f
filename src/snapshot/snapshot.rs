use std::time::{Duration, SystemTime};

use super::{DrainProgress, PartyReuse, PortUse, RouteReuse};
use crate::connection::{Bounds, Known, Party, Side, Survey};
use crate::kernel::{Ports, time_wait};
use crate::lint::{Level, Lint};
use crate::policy::{ExpectationStatus, Preset};
use crate::report::{Part, Startup};

/// What is known of connections, made by [`ConnLint::snapshot`](crate::ConnLint::snapshot). What
/// is counted is of the window that ends now; a connection is counted in its party's window, and
/// its requests while it lives and after.
///
/// Windows are bounded, and keep the heavy ones: 255 routes, 256 callers and 256 upstreams. All
/// others are in one entry of the name `other`, the last of its list, so that sums over a list
/// are exact. A connection that ends as the snapshot is taken may be missing from it.
///
/// ```
/// use tower_conn_lint::{ConnLint, Preset};
///
/// let snapshot = ConnLint::builder().policy(Preset::Strict1).build().snapshot();
/// assert_eq!(snapshot.preset, Preset::Strict1);
/// assert!(snapshot.callers.is_empty(), "nobody called");
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Snapshot {
    /// When it was taken, by the system's clock: seconds since the beginning of 1970 (UTC).
    pub taken_at: f64,
    /// How long the window is, in seconds.
    pub window: f64,
    /// The preset that the policy refines.
    pub preset: Preset,
    /// No level acts above this one, by the policy or by `CONN_LINT`.
    pub cap: Level,
    /// The lints whose floor doesn't hold, by the policy's cap or by `CONN_LINT`.
    pub capped_floors: Vec<Lint>,
    /// The parts that are wired.
    pub wired: Vec<Part>,
    /// What is therefore unknown, in a few words each.
    pub unknown: Vec<&'static str>,
    /// Inbound, by route: the worst first.
    pub routes: Vec<RouteReuse>,
    /// Inbound, by caller: the worst first.
    pub callers: Vec<PartyReuse>,
    /// Outbound, by client and upstream: the worst first.
    pub upstreams: Vec<PartyReuse>,
    /// How many sockets of this host, or of its container, are in TIME_WAIT, and how many ports
    /// there are for dials towards one address; `None` where the system doesn't tell, or without the
    /// feature `linux`.
    pub time_wait: Option<u64>,
    /// See [`time_wait`](Snapshot::time_wait).
    pub ports: Option<u32>,
    /// The ports that are held towards upstreams, as they were last read
    /// ([`ConnLint::port_use`](crate::ConnLint::port_use)).
    pub port_use: Option<PortUse>,
    /// The violations that the policy knows and expects, in the order in which it has them.
    pub expectations: Vec<ExpectationStatus>,
    /// How far the drain is, where the process drains
    /// ([`ConnLint::drain`](crate::ConnLint::drain)).
    pub drain: Option<DrainProgress>,
}

// === impl Snapshot ===

impl Snapshot {
    pub(crate) fn new(
        survey: Survey,
        startup: &Startup,
        expectations: Vec<ExpectationStatus>,
        window: Duration,
        bounds: &Bounds,
        port_use: Option<PortUse>,
        drains_for: Option<Duration>,
    ) -> Snapshot {
        let Survey { routes, parties, other_callers, other_upstreams, .. } = survey;
        let drain = drains_for.map(|since| DrainProgress::new(since, survey.callers));
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let mut routes: Vec<_> =
            routes.into_iter().map(|(route, requests)| RouteReuse::new(route, requests)).collect();
        routes.sort_by_key(RouteReuse::rank);
        let (callers, upstreams): (Vec<_>, Vec<_>) =
            parties.into_iter().partition(|(party, _)| party.side() == Side::Inbound);
        let wired = startup.wired;
        Snapshot {
            taken_at: since_1970.unwrap_or_default().as_secs_f64(),
            window: window.as_secs_f64(),
            preset: startup.preset,
            cap: startup.cap,
            capped_floors: startup.capped_floors.iter().collect(),
            wired: wired.iter().collect(),
            unknown: wired.unknown().collect(),
            routes,
            callers: ranked(callers, other_callers, bounds),
            upstreams: ranked(upstreams, other_upstreams, bounds),
            time_wait: time_wait(),
            ports: Ports::of_system().map(|ports| ports.count),
            port_use,
            expectations,
            drain,
        }
    }
}

/// Those of whom there is something to tell, the worst first, and the others last.
fn ranked(parties: Vec<(Party, Known)>, other: Known, bounds: &Bounds) -> Vec<PartyReuse> {
    let mut ranked: Vec<_> =
        parties.iter().map(|(party, known)| PartyReuse::new(Some(party), known, bounds)).collect();
    ranked.push(PartyReuse::new(None, &other, bounds));
    ranked.retain(|party| !party.is_silent());
    ranked.sort_by_key(PartyReuse::rank);
    ranked
}
