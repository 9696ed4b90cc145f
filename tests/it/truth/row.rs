//! A row of the table: what was done, and whether the crate named that.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::net::SocketAddr;

use tower_conn_lint::connection::{Closer, EndCause, Ended, Side};

use super::kernel::{self, Keeper, Waiting};
use super::scene::{Scene, Site};
use crate::within::within;

/// What was done, and so has to be named.
pub(super) struct Done {
    pub(super) what: String,
    pub(super) requests: usize,
    /// What the server has to say, where it is ours.
    pub(super) server: Option<&'static [EndCause]>,
    /// What the client has to say, where it is ours.
    pub(super) client: Option<&'static [EndCause]>,
    pub(super) first: First,
    /// Connections that no client of ours opened, beside.
    pub(super) raw: usize,
    /// Whether the client hides who closes, as reqwest does: then it may name nobody.
    pub(super) hides: bool,
    /// Whether who closes says so before, under TLS: the other side may be faster. The answer to an
    /// end may be a reset, and then the kernel keeps nothing.
    pub(super) announced: bool,
    /// Whether TLS stands between the lint and the socket: then who says first that it ends is meant,
    /// which the kernel doesn't know, and where nobody heard it, it has to be unknown.
    pub(super) veiled: bool,
}

/// Who closed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    Server,
    Client,
    /// Both know that it ends: the kernel has to say of each connection who was first.
    Race,
    /// Both know, and a reset leaves the kernel nothing: each has to say of the other what that
    /// says of itself.
    Told,
}

/// A line of the table.
pub(super) struct Row {
    pub(super) cells: [String; 6],
    pub(super) is_race: bool,
    pub(super) mistakes: Vec<String>,
}

pub(super) const HEAD: [&str; 6] =
    ["what was done", "requests", "connections", "the server says", "the client says", "the truth"];

/// How many of a hundred have to agree where a race decides.
const OF_A_HUNDRED: usize = 98;

/// Where who closes says so before, by `close_notify`, both end at nearly the same time: one in so
/// many may be taken for the other's.
const ONE_OF_ANNOUNCED: usize = 20;

// === impl Done ===

impl Done {
    pub(super) fn new(what: impl Into<String>, requests: usize, first: First) -> Done {
        let what = what.into();
        Done {
            what,
            requests,
            server: None,
            client: None,
            first,
            raw: 0,
            hides: false,
            announced: false,
            veiled: false,
        }
    }

    /// The causes that the server has to name: the first of them at least once, and none beside.
    pub(super) fn server(self, causes: &'static [EndCause]) -> Done {
        Done { server: Some(causes), ..self }
    }

    /// As [`server`](Done::server).
    pub(super) fn client(self, causes: &'static [EndCause]) -> Done {
        Done { client: Some(causes), ..self }
    }

    /// The same of a client of reqwest.
    pub(super) fn hidden(self, causes: &'static [EndCause]) -> Done {
        Done { client: Some(causes), hides: true, ..self }
    }

    /// Compares with what was named, once all connections ended.
    pub(super) async fn row(self, scene: &Scene, site: &Site) -> Row {
        self.row_at(scene, site.addr, || site.accepted()).await
    }

    /// With a server that is not ours.
    pub(super) async fn row_at(
        self,
        scene: &Scene,
        addr: SocketAddr,
        accepted: impl Fn() -> usize,
    ) -> Row {
        let waiting = within(&self.what, kernel::waiting(addr)).await;
        self.compared(scene, Some(waiting), accepted).await
    }

    /// The same on Unix sockets, of which the kernel keeps nothing: the truth is by construction.
    pub(super) async fn row_of_unix(self, scene: &Scene, connections: usize) -> Row {
        self.compared(scene, None, || connections).await
    }

    async fn compared(
        self,
        scene: &Scene,
        waiting: Option<Waiting>,
        accepted: impl Fn() -> usize,
    ) -> Row {
        let has_ports = waiting.is_some();
        let mut waiting = waiting.unwrap_or_default();
        let connections = accepted();
        let (mut server, mut client) = (Vec::new(), Vec::new());
        if self.server.is_some() {
            server = scene.server.ends(&self.what, connections).await;
        }
        if self.client.is_some() {
            client = scene.client.ends(&self.what, connections - self.raw).await;
        }
        // Of a port that had another server a minute ago, there may be more.
        let ours = server.iter().chain(&client).filter_map(client_port);
        let ours: Vec<u16> = ours.collect();
        waiting.retain(|port, _| ours.contains(port));

        let mut judge = Judge {
            done: &self,
            has_ports,
            waiting: &waiting,
            told: HashMap::new(),
            mistakes: Vec::new(),
        };
        let mut truth = judge.kernel();
        let mut said = [const { String::new() }; 2];
        if self.first == First::Told {
            judge.told = told(&server, &client);
        }
        let views = [(server, self.server, "server", 0), (client, self.client, "client", self.raw)];
        for (said, (ended, expected, name, others)) in said.iter_mut().zip(views) {
            let Some(expected) = expected else {
                said.push('-');
                continue;
            };
            if ended.len() != connections - others {
                judge.mistakes.push(format!("the {name} told of {} ends", ended.len()));
            }
            *said = summary(&ended);
            judge.causes(name, expected, &ended);
            _ = write!(truth, "; {name} {}", judge.closers(name, &ended));
        }
        let Judge { mistakes, .. } = judge;
        let [server, client] = said;
        let counts = [self.requests.to_string(), connections.to_string()];
        let [requests, connections] = counts;
        let cells = [self.what, requests, connections, server, client, truth];
        Row { cells, is_race: matches!(self.first, First::Race | First::Told), mistakes }
    }
}

// === impl Judge ===

struct Judge<'a> {
    done: &'a Done,
    has_ports: bool,
    waiting: &'a Waiting,
    told: HashMap<u16, First>,
    mistakes: Vec<String>,
}

impl Judge<'_> {
    /// What the kernel kept; by construction it has to be with whom we made close.
    fn kernel(&mut self) -> String {
        let of = |keeper| self.waiting.values().filter(|kept| **kept == keeper).count();
        let (server, client, both) = (of(Keeper::Server), of(Keeper::Client), of(Keeper::Both));
        let wrong = match self.done.first {
            _ if self.done.announced => 0,
            First::Server => client + both,
            First::Client => server + both,
            First::Race | First::Told => 0,
        };
        if wrong > 0 {
            let first = self.done.first;
            self.mistakes
                .push(format!("{first:?} was to close, the kernel kept {:?}", self.waiting));
        }
        let mut text = match self.done.first {
            First::Race => "a race".to_owned(),
            First::Told => "by each other".to_owned(),
            First::Server => "server".to_owned(),
            First::Client => "client".to_owned(),
        };
        if self.has_ports {
            _ = write!(text, ", TIME_WAIT {server}:{client}");
        }
        if both > 0 {
            _ = write!(text, " and {both} on both");
        }
        text
    }

    fn causes(&mut self, name: &str, expected: &[EndCause], ended: &[Ended]) {
        for Ended { end, requests, .. } in ended {
            if !expected.contains(&end.cause) {
                self.mistakes.push(format!("the {name} said {end:?} after {requests} requests"));
            }
        }
        if !ended.iter().any(|ended| expected.first() == Some(&ended.end.cause)) {
            self.mistakes.push(format!("the {name} never said {:?}", expected.first()));
        }
    }

    /// How many agree with the truth, of those that there is one of.
    fn closers(&mut self, name: &str, ended: &[Ended]) -> String {
        if name == "client" && self.done.hides {
            let named = ended.iter().filter(|ended| ended.end.closer != Closer::Unknown);
            let named: Vec<_> =
                named.map(|ended| format!("the {name} said {:?}", ended.end)).collect();
            self.mistakes.extend(named);
            return "hidden".to_owned();
        }
        let (mut known, mut agreed) = (0_usize, 0);
        let mut wrong = Vec::new();
        for connection in ended {
            let Some(first) = self.truth(connection) else { continue };
            let ours = match name {
                "server" => First::Server,
                _ => First::Client,
            };
            if self.done.veiled && connection.end.closer == Closer::Unknown {
                continue;
            }
            let closer = if first == ours { Closer::Local } else { Closer::Peer };
            known += 1;
            if connection.end.closer == closer {
                agreed += 1;
            } else {
                wrong.push(format!("the {name} said {:?}, {first:?} was first", connection.end));
            }
        }
        let needed = match self.done.first {
            _ if self.done.announced => known.saturating_sub(ended.len() / ONE_OF_ANNOUNCED),
            First::Race => (known * OF_A_HUNDRED).div_ceil(100).max(1),
            First::Told => known.max(1),
            _ => known,
        };
        if agreed < needed {
            self.mistakes.push(format!("{agreed} of {known} agree"));
            self.mistakes.extend(wrong);
        }
        format!("{agreed}/{known}")
    }

    /// Who closed a connection first; none knows after a race that ended in a reset, and both
    /// are right where the kernel kept both.
    fn truth(&self, connection: &Ended) -> Option<First> {
        if !self.has_ports {
            return Some(self.done.first);
        }
        let client = client_port(connection)?;
        let kept = self.waiting.get(&client);
        match (kept.filter(|_| !self.done.veiled), self.done.first) {
            (Some(Keeper::Server), _) => Some(First::Server),
            (Some(Keeper::Client), _) => Some(First::Client),
            (Some(Keeper::Both), _) | (None, First::Race) => None,
            (None, First::Told) => self.told.get(&client).copied(),
            (None, first) => Some(first),
        }
    }
}

/// Who was first, by what the two ends of a connection say of themselves.
fn told(server: &[Ended], client: &[Ended]) -> HashMap<u16, First> {
    let client: HashMap<_, _> = client.iter().map(|it| (client_port(it), it.end.closer)).collect();
    let pairs = server.iter().filter_map(|server| {
        let port = client_port(server)?;
        match (server.end.closer, client.get(&Some(port))?) {
            (Closer::Local, Closer::Peer) => Some((port, First::Server)),
            (Closer::Peer, Closer::Local) => Some((port, First::Client)),
            // Their ends crossed: both were.
            (Closer::Local, Closer::Local) => None,
            // One of them is wrong.
            _ => Some((port, First::Server)),
        }
    });
    pairs.collect()
}

fn client_port(connection: &Ended) -> Option<u16> {
    let client = match connection.side {
        Side::Inbound => connection.peer,
        _ => connection.local,
    };
    client.map(|client| client.port())
}

/// `cause, by closer`, the most frequent first, with their numbers where there are several.
fn summary(ended: &[Ended]) -> String {
    let mut said = BTreeMap::<(&str, &str), usize>::new();
    for Ended { end, .. } in ended {
        *said.entry((end.cause.as_str(), end.closer.as_str())).or_default() += 1;
    }
    let mut said: Vec<_> = said.into_iter().collect();
    said.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let one = said.len() == 1;
    let parts = said.iter().map(|((cause, closer), count)| match one {
        true => format!("{cause}, {closer}"),
        false => format!("{cause}, {closer} x{count}"),
    });
    parts.collect::<Vec<_>>().join("; ")
}

// === impl Row ===

impl Row {
    /// A case that did not come to its end.
    pub(super) fn failed(what: String, error: &tokio::task::JoinError) -> Row {
        let mut cells = [const { String::new() }; HEAD.len()];
        cells[0] = what;
        Row { cells, is_race: true, mistakes: vec![error.to_string()] }
    }

    pub(super) fn complaints(&self) -> impl Iterator<Item = String> {
        // The first ones tell enough.
        self.mistakes.iter().take(4).map(|mistake| format!("{}: {mistake}", self.cells[0]))
    }
}
