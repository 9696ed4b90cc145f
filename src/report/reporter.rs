use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::{ArrivalTime, Notice, PolicyStatus, RequestPhases, RequestTime, Startup};
use crate::connection::{DialError, Ended, OpenChange, Opened, Party};
use crate::heal::Act;
use crate::lint::{Client, Finding, Lint};
use crate::policy::{PolicyErrors, Reload};
use crate::snapshot::PortUse;

/// Takes what was found. Methods are called on the path of a request that has a finding, so they
/// must not block, and as it is dropped, so they must not panic; others as a connection is opened or
/// ends. All have a default that does
/// nothing.
///
/// Implemented for `()`, which drops everything, for closures, which get every finding, and for
/// tuples and `Arc`s of reporters.
///
/// ```
/// use tower_conn_lint::{ConnLint, lint::Finding};
///
/// let lint = ConnLint::builder()
///     .reporter(|finding: &Finding| println!("{finding}"))
///     .build();
/// ```
pub trait Reporter: Send + Sync + 'static {
    /// Every finding of level `warn` and above, and every one that the preview would heed.
    fn finding(&self, finding: &Finding) {
        _ = finding;
    }

    /// A finding that an exception in code silenced, or an expectation of the policy
    /// ([`Finding::expected`]).
    fn accepted(&self, finding: &Finding) {
        _ = finding;
    }

    /// A finding that passed the rate limit, so that a line about it may be written.
    fn notice(&self, notice: &Notice<'_>) {
        _ = notice;
    }

    /// A finding of this lint was held back by the rate limit.
    fn suppressed(&self, lint: Lint) {
        _ = lint;
    }

    /// How the policy stands: as the lint is built, in each
    /// [`ConnLint::snapshot`](crate::ConnLint::snapshot), and where it expects violations about once
    /// a minute as connections end.
    fn policy(&self, status: &PolicyStatus) {
        _ = status;
    }

    /// The policy's files were read again: what came of it, or the mistakes for which the policy in
    /// force stays.
    fn reloaded(&self, outcome: Result<Reload, &PolicyErrors>) {
        _ = outcome;
    }

    /// The lint's first connection is about to be opened: what is wired by now.
    fn started(&self, startup: &Startup) {
        _ = startup;
    }

    /// A connection was opened.
    fn opened(&self, connection: &Opened) {
        _ = connection;
    }

    /// A dial was [slow](crate::ConnLintBuilder::slow_dial), and no finding tells of it: once in 60 s for
    /// a client and its upstream, with how many others there were since.
    fn slow_dial(&self, connection: &Opened, suppressed: u64) {
        _ = (connection, suppressed);
    }

    /// The ports that are held towards upstreams, as they were read.
    fn port_use(&self, port_use: &PortUse) {
        _ = port_use;
    }

    /// The number of open connections of a kind changed. That is looked at as one of a party's
    /// connections is opened, is first used or ends, and in each
    /// [`ConnLint::snapshot`](crate::ConnLint::snapshot); not with each request.
    fn open_changed(&self, change: &OpenChange<'_>) {
        _ = change;
    }

    /// Something was done for a connection that a [cure](crate::heal) asks for, or what came of it.
    fn healed(&self, act: &Act) {
        _ = act;
    }

    /// A request that our server received was so long on its way, or its stamp can't be used.
    fn arrived(&self, time: &ArrivalTime) {
        _ = time;
    }

    /// A request took so long.
    fn request_took(&self, time: &RequestTime) {
        _ = time;
    }

    /// In which parts of it a request of ours took its time: told as the response's body ends.
    fn request_passed(&self, phases: &RequestPhases<'_>) {
        _ = phases;
    }

    /// A dial of a client of ours failed, after so long.
    fn dial_failed(&self, client: &Client, upstream: &Party, error: DialError, took: Duration) {
        _ = (client, upstream, error, took);
    }

    /// A connection ended.
    fn ended(&self, connection: &Ended) {
        _ = connection;
    }

    /// A server of `ConnLint::serve` can't accept connections, and tries again in a second: the
    /// process has no file descriptor left, most likely.
    fn accept_failed(&self, error: &io::Error) {
        _ = error;
    }
}

impl Reporter for () {}

impl<F> Reporter for F
where
    F: Fn(&Finding) + Send + Sync + 'static,
{
    fn finding(&self, finding: &Finding) {
        self(finding);
    }
}

macro_rules! forward {
    ($self:ident => $($to:expr),+) => {
        fn finding(&$self, finding: &Finding) {
            $($to.finding(finding);)+
        }

        fn accepted(&$self, finding: &Finding) {
            $($to.accepted(finding);)+
        }

        fn notice(&$self, notice: &Notice<'_>) {
            $($to.notice(notice);)+
        }

        fn suppressed(&$self, lint: Lint) {
            $($to.suppressed(lint);)+
        }

        fn policy(&$self, status: &PolicyStatus) {
            $($to.policy(status);)+
        }

        fn reloaded(&$self, outcome: Result<Reload, &PolicyErrors>) {
            $($to.reloaded(outcome);)+
        }

        fn started(&$self, startup: &Startup) {
            $($to.started(startup);)+
        }

        fn opened(&$self, connection: &Opened) {
            $($to.opened(connection);)+
        }

        fn slow_dial(&$self, connection: &Opened, suppressed: u64) {
            $($to.slow_dial(connection, suppressed);)+
        }

        fn port_use(&$self, port_use: &PortUse) {
            $($to.port_use(port_use);)+
        }

        fn open_changed(&$self, change: &OpenChange<'_>) {
            $($to.open_changed(change);)+
        }

        fn healed(&$self, act: &Act) {
            $($to.healed(act);)+
        }

        fn arrived(&$self, time: &ArrivalTime) {
            $($to.arrived(time);)+
        }

        fn request_took(&$self, time: &RequestTime) {
            $($to.request_took(time);)+
        }

        fn request_passed(&$self, phases: &RequestPhases<'_>) {
            $($to.request_passed(phases);)+
        }

        fn dial_failed(
            &$self,
            client: &Client,
            upstream: &Party,
            error: DialError,
            took: Duration,
        ) {
            $($to.dial_failed(client, upstream, error, took);)+
        }

        fn ended(&$self, connection: &Ended) {
            $($to.ended(connection);)+
        }

        fn accept_failed(&$self, error: &io::Error) {
            $($to.accept_failed(error);)+
        }
    };
}

impl<R: Reporter + ?Sized> Reporter for Arc<R> {
    forward!(self => **self);
}

impl<A: Reporter, B: Reporter> Reporter for (A, B) {
    forward!(self => self.0, self.1);
}

impl<A: Reporter, B: Reporter, C: Reporter> Reporter for (A, B, C) {
    forward!(self => self.0, self.1, self.2);
}

impl<A: Reporter, B: Reporter, C: Reporter, D: Reporter> Reporter for (A, B, C, D) {
    forward!(self => self.0, self.1, self.2, self.3);
}
