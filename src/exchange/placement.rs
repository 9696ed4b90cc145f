use std::panic::Location;
use std::sync::{Arc, OnceLock};

use super::in_force::Brief;
use super::shared::Shared;
use crate::connection::Record;
use crate::lint::{Client, Label, Lint, LintSet};
use crate::policy::Table;

/// Where a layer stands: what it judges there, and for which client.
#[derive(Clone, Debug)]
pub(crate) struct Placement {
    pub(crate) shared: Arc<Shared>,
    /// Whether every lint is on, at an endpoint, and nothing else is asked for.
    plain: bool,
    /// The policy in force when it was made, and what is asked of it with each request.
    pub(crate) table: Arc<Table>,
    pub(super) brief: Brief,
    /// All lints, or only those that an exception is about.
    judged: LintSet,
    exceptions: Vec<(Lint, Arc<str>)>,
    /// Those on connections of callers, as bits of the record.
    excepted: u64,
    pub(crate) outlet: Option<Outlet>,
}

/// A client of ours, seen from its layer.
#[derive(Clone, Debug)]
pub(crate) struct Outlet {
    pub(crate) client: Client,
    pub(crate) one_shot: bool,
    /// Whether the connection of a request is to be known before its response.
    pub(crate) captures: bool,
    /// Whether requests say when they are sent.
    pub(crate) stamps: bool,
    /// The `Connection` that the client below adds where a request has none, as it was declared.
    #[cfg(feature = "reqwest")]
    pub(crate) default_connection: Option<http::HeaderValue>,
    #[cfg(feature = "reqwest")]
    pub(crate) under_way: Arc<std::sync::atomic::AtomicUsize>,
    servers: Arc<Servers>,
}

/// The upstreams of one client, found again without a lock. Beyond the bound they are `other`.
#[derive(Debug, Default)]
struct Servers([OnceLock<(Box<str>, Label)>; Servers::BOUND]);

// === impl Placement ===

impl Placement {
    pub(crate) fn inbound(shared: Arc<Shared>) -> Placement {
        let exceptions = Vec::new();
        let table = shared.in_force.table();
        let plain = shared.plain && shared.before_arrival.is_none();
        let brief = shared.in_force.brief_of(&table);
        let (judged, excepted) = (LintSet::ALL, 0);
        Placement { shared, plain, table, brief, judged, exceptions, excepted, outlet: None }
    }

    /// Whether another policy is in force.
    #[inline]
    pub(super) fn is_outdated(&self) -> bool {
        self.brief != self.shared.in_force.brief()
    }

    /// The same under the policy in force.
    pub(super) fn renewed(&self) -> Placement {
        let table = self.shared.in_force.table();
        let brief = self.shared.in_force.brief_of(&table);
        Placement { table, brief, ..self.clone() }
    }

    pub(crate) fn outbound(
        shared: Arc<Shared>,
        name: &str,
        built_at: &'static Location<'static>,
    ) -> Placement {
        let client = Client { name: Label::new(name), built_at };
        let outlet = Outlet {
            client,
            one_shot: false,
            captures: false,
            stamps: false,
            #[cfg(feature = "reqwest")]
            default_connection: None,
            #[cfg(feature = "reqwest")]
            under_way: Arc::default(),
            servers: Arc::default(),
        };
        let plain = shared.plain;
        Placement { outlet: Some(outlet), plain, ..Placement::inbound(shared) }
    }

    /// A placement that judges nothing but its exceptions.
    pub(crate) fn exceptions_only(shared: Arc<Shared>) -> Placement {
        Placement { judged: LintSet::EMPTY, ..Placement::inbound(shared) }
    }

    /// Allows a lint here, whatever the policy says.
    pub(crate) fn except(&mut self, lint: Lint, reason: &str) {
        let reason: Arc<str> = reason.into();
        self.shared.note_exception(lint, &reason);
        if !lint.is_of_messages() {
            self.except_beside_messages(lint, &reason);
        }
        self.judged = self.judged.with(lint);
        self.exceptions.push((lint, reason));
    }

    /// When a connection has ended no layer is asked any more, so they tell before: a client by its
    /// name, which its connections have, too; a server with each request.
    fn except_beside_messages(&mut self, lint: Lint, reason: &Arc<str>) {
        let exceptions = &self.shared.exceptions;
        if let Some(outlet) = &self.outlet {
            return exceptions.of_client(outlet.client.name, lint, reason);
        }
        self.excepted |= exceptions.of_requests(lint, reason);
        if self.judged == LintSet::ALL {
            exceptions.of_callers(lint, reason);
        }
    }

    /// Whether a clean request needs no more than a look.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.plain
    }

    /// Has the connection of a client's request known before its response.
    #[cfg(feature = "hyper-util")]
    pub(crate) fn capture_connection(&mut self) {
        if let Some(outlet) = &mut self.outlet {
            (outlet.captures, self.plain) = (true, false);
        }
    }

    /// Has the requests of a client say when they are sent.
    pub(crate) fn stamp_send_time(&mut self) {
        if let Some(outlet) = &mut self.outlet {
            (outlet.stamps, self.plain) = (true, false);
        }
    }

    /// Whether the environment switched every lint off.
    pub(crate) fn is_off(&self) -> bool {
        self.shared.off
    }

    pub(crate) fn judged(&self) -> LintSet {
        self.judged
    }

    /// The reason for which a lint is to be allowed here.
    pub(crate) fn exception(&self, lint: Lint) -> Option<&Arc<str>> {
        self.exceptions.iter().find(|(excepted, _)| *excepted == lint).map(|(_, reason)| reason)
    }

    /// Excepts the lints of connections that are allowed here, for the request under way and the
    /// route that it was counted for.
    #[inline]
    pub(crate) fn except_on(&self, record: &Record) {
        if self.excepted == 0 {
            return;
        }
        record.except(self.excepted);
        if let Some(route) = record.last().route() {
            self.shared.connections.routes.except(route, self.excepted);
        }
    }
}

// === impl Outlet ===

impl Outlet {
    /// The label of an upstream, by its host and port.
    pub(crate) fn server(&self, authority: &str) -> Label {
        self.servers.label(authority)
    }
}

// === impl Servers ===

impl Servers {
    const BOUND: usize = 16;

    fn label(&self, authority: &str) -> Label {
        for slot in &self.0 {
            let (known, label) = slot.get_or_init(|| (authority.into(), Label::new(authority)));
            if **known == *authority {
                return *label;
            }
        }
        Label::OTHER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_knows_its_first_upstreams_and_calls_the_rest_other() {
        let servers = Servers::default();
        let upstream = |number| format!("upstream-{number}.example");
        for number in 0..Servers::BOUND {
            assert_eq!(servers.label(&upstream(number)).as_str(), upstream(number));
        }
        assert_eq!(servers.label(&upstream(Servers::BOUND)), Label::OTHER, "the table is full");
        assert_eq!(servers.label(&upstream(0)).as_str(), upstream(0), "what was known stays known");
    }
}
