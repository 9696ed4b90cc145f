use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::{fmt, ptr};

use http::request::Parts;

use super::in_force::{Brief, InForce};
use super::request::connect_info;
use super::{Exceptions, Watch};
use crate::arrival::BeforeArrival;
use crate::clock::{Calendar, Clock};
use crate::connection::Connections;
use crate::heal::Heal;
use crate::kernel::Kernel;
use crate::lint::{Finding, Level, printable};
use crate::report::{Limiter, Reporter, Wiring};
use crate::snapshot::PortUse;
#[cfg(feature = "hyper")]
use crate::wired::Room;

/// What every clone of a [`ConnLint`](crate::ConnLint) and every layer of it share.
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) calendar: Calendar,
    pub(crate) connections: Connections,
    pub(crate) in_force: InForce,
    /// Whether the environment switched every lint off.
    pub(crate) off: bool,
    /// Whether it is an endpoint's, and not off.
    pub(crate) plain: bool,
    /// Whose word is taken on when a request was sent.
    pub(crate) before_arrival: Option<BeforeArrival>,
    /// Whether it is a gateway's, and not off.
    pub(crate) is_gateway: bool,
    /// When it was last looked at how the policy stands.
    pub(crate) watch: Watch,
    pub(crate) secret: u64,
    pub(crate) reporter: Arc<dyn Reporter>,
    pub(crate) limiter: Limiter,
    pub(crate) caller: Option<CallerFn>,
    pub(crate) exceptions: Exceptions,
    pub(crate) heal: Heal,
    pub(crate) kernel: Kernel,
    /// The ports that were held towards upstreams when they were last asked for.
    pub(crate) port_use: Mutex<Option<PortUse>>,
    /// Whether the times of requests are taken: for how long they took, or for their phases.
    pub(crate) times_requests: bool,
    pub(crate) durations: bool,
    pub(crate) phases: bool,
    pub(crate) wiring: Wiring,
    /// For the handles of requests.
    #[cfg(feature = "hyper")]
    pub(crate) room: Room,
    /// Where the requests of tonic's servers find their connections.
    #[cfg(feature = "tonic")]
    pub(crate) peers: crate::inbound::Peers,
    /// Whether it was told with what the lint starts.
    pub(crate) started: AtomicBool,
}

/// Tells callers apart, by the head of their request.
pub(crate) type CallerFn = Box<dyn Fn(&Parts) -> Option<String> + Send + Sync>;

impl Shared {
    pub(crate) fn report(&self, finding: &Finding) {
        if let Some(expected) = &finding.expected {
            expected.count(self.clock.now());
        }
        let is_silent = finding.level == Level::Allow && finding.would.is_none();
        if is_silent && finding.reason.is_some() {
            return self.reporter.accepted(finding);
        }
        self.reporter.finding(finding);
        match self.limiter.admit(finding) {
            Some(notice) => self.reporter.notice(&notice),
            None => self.reporter.suppressed(finding.lint),
        }
    }

    /// The key of the hashes of paths: a secret, and another one for each policy, so that what is
    /// kept of routes under one serves no other.
    #[inline]
    pub(crate) fn path_key(&self, policy: Brief) -> u64 {
        self.secret ^ u64::from(policy.version()).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// What no other lint of the process has, as long as this one lives.
    #[inline]
    pub(crate) fn mark(&self) -> usize {
        ptr::from_ref(self).addr()
    }

    /// Tells with what the lint starts, once. Relaxed: nothing hangs on it.
    pub(crate) fn start(&self) {
        if self.started.load(Ordering::Relaxed) || self.started.swap(true, Ordering::Relaxed) {
            return;
        }
        self.reporter.started(&self.startup());
        // By now a service has installed its recorder, which the lint may be older than.
        self.look_at_policy(false);
    }

    /// The caller of a request: what the user's function says, else its IP address where the
    /// server tells it. Cut at 64 bytes and free of control characters.
    pub(crate) fn caller(&self, parts: &Parts) -> Option<Arc<str>> {
        let text = match &self.caller {
            Some(caller) => caller(parts)?,
            None => connect_info(&parts.extensions)?.ip().to_string(),
        };
        Some(printable(&text, 64).into())
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared {
            clock: _,
            calendar: _,
            connections,
            in_force,
            reporter: _,
            limiter,
            caller,
            ..
        } = self;
        let Shared { exceptions, heal, times_requests, wiring, watch: _, started: _, .. } = self;
        let Shared { kernel, before_arrival, .. } = self;
        f.debug_struct("Shared")
            .field("in_force", in_force)
            .field("connections", connections)
            .field("limiter", limiter)
            .field("caller", &caller.is_some())
            .field("exceptions", exceptions)
            .field("heal", heal)
            .field("kernel", kernel)
            .field("before_arrival", before_arrival)
            .field("times_requests", times_requests)
            .field("wired", &wiring.wired())
            .finish_non_exhaustive()
    }
}
