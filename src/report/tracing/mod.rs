//! The sink to `tracing`.

mod connection;
#[cfg(test)]
pub(crate) mod log;
mod notice;
mod policy;
mod request;
mod span;
mod texts;

use std::io;
use std::time::Duration;

use super::{ArrivalTime, Notice, PolicyStatus, Reporter, RequestPhases, Startup};
use crate::connection::{DialError, Ended, Opened, Party};
use crate::heal::Act;
use crate::lint::Client;
use crate::policy::{PolicyErrors, Reload};

pub use self::span::make_span;

/// The target of every event: `tower_conn_lint`.
pub const TARGET: &str = "tower_conn_lint";

/// Writes events of `tracing`. On by default;
/// [`ConnLintBuilder::without_tracing`](crate::ConnLintBuilder::without_tracing) takes it out.
///
/// | what | level |
/// |---|---|
/// | a finding that passed the rate limit | WARN where the fault is ours, INFO where it is a caller's or an upstream's |
/// | what is wired, and what is therefore unknown: once, as the first connection is opened | INFO |
/// | floors of the policy that don't hold: once, as the lint is built | WARN |
/// | expectations that expire soon, expired, or seem needless: once each | WARN |
/// | a server of `ConnLint::serve` that can't accept connections: once a second at most | ERROR |
/// | a dial that was [slow](crate::ConnLintBuilder::slow_dial), and that no finding tells of: at most one line in 60 s for a client and its upstream | INFO |
/// | the record of a connection that ended | DEBUG |
/// | a dial that failed | DEBUG |
/// | in which parts of it a request of ours took its time, where [that is on](crate::ConnLintBuilder::phases) | DEBUG |
/// | a request that was [long on its way](crate::arrival), and a stamp of a declared peer that tells nothing | DEBUG |
/// | what a [cure](crate::heal) did for a connection | DEBUG |
///
/// ```
/// use tower_conn_lint::{ConnLint, report::Tracing};
///
/// // The same as the default.
/// let lint = ConnLint::builder().without_tracing().reporter(Tracing).build();
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Tracing;

impl Reporter for Tracing {
    fn notice(&self, notice: &Notice<'_>) {
        notice::tell(notice);
    }

    fn policy(&self, status: &PolicyStatus) {
        policy::tell(status);
    }

    fn reloaded(&self, outcome: Result<Reload, &PolicyErrors>) {
        policy::tell_reload(outcome);
    }

    fn started(&self, startup: &Startup) {
        ::tracing::info!(
            target: TARGET,
            wired = %startup.wired,
            unknown = %startup.unknown(),
            policy = startup.source.as_str(),
            preset = startup.preset.as_str(),
            cap = startup.cap.as_str(),
            cures = %startup.cures,
            capped_floors = (!startup.capped_floors.is_empty()).then(|| policy::list(startup.capped_floors.iter())),
            "connections are watched",
        );
    }

    fn dial_failed(&self, client: &Client, upstream: &Party, error: DialError, took: Duration) {
        connection::dial_failed(client, upstream, error, took);
    }

    fn slow_dial(&self, connection: &Opened, suppressed: u64) {
        connection::slow_dial(connection, suppressed);
    }

    fn arrived(&self, time: &ArrivalTime) {
        request::arrived(time);
    }

    fn request_passed(&self, phases: &RequestPhases<'_>) {
        request::passed(phases);
    }

    fn healed(&self, act: &Act) {
        ::tracing::debug!(
            target: TARGET,
            cure = act.cure.as_str(),
            outcome = act.outcome.as_str(),
            side = act.side.as_str(),
            connection = act.connection,
            "a connection was helped",
        );
    }

    fn ended(&self, connection: &Ended) {
        connection::ended(connection);
    }

    fn accept_failed(&self, error: &io::Error) {
        ::tracing::error!(target: TARGET, %error, "no connection can be accepted: tried again in a second");
    }
}
