//! What the assertions check: pure functions of what was kept.

use super::failure::Failure;
use super::kept::{Fired, Kept};
use super::traffic::{Traffic, counted};
use crate::connection::{Closer, EndCause, advice};
use crate::lint::{LOW_REUSE, Label, Lint};

/// Whose connections are to be reused.
#[derive(Clone, Copy)]
enum Whose {
    Client(Label),
    Callers,
}

pub(super) fn reused(kept: &Kept, client: Label, share: f64) -> Result<(), Failure> {
    Whose::Client(client).reused(kept, share)
}

pub(super) fn served_reused(kept: &Kept, share: f64) -> Result<(), Failure> {
    Whose::Callers.reused(kept, share)
}

pub(super) fn no_findings(kept: &Kept) -> Result<(), Failure> {
    let lints = match kept.fired().count() {
        0 => return Ok(()),
        1 => "a lint".to_owned(),
        lints => format!("{lints} lints"),
    };
    let failure = Failure::new("assert_no_findings", format!("{lints} fired: {}", kept.counted()));
    Err(kept.fired().fold(failure, Failure::with))
}

/// The findings of a lint.
pub(super) fn found<'a>(
    kept: &'a Kept,
    assertion: &'static str,
    lint: Lint,
) -> Result<&'a Fired, Failure> {
    kept.find_fired(lint).ok_or_else(|| {
        let wire = match lint.is_of_messages() {
            true => "the layers `inbound` and `outbound`",
            false => "the listener, the service maker, the connector and the response's bodies",
        };
        let failure = Failure::new(assertion, format!("`{lint}` did not fire"));
        let failure = match (kept.accepted(lint), kept.counted()) {
            (0, fired) if fired.is_empty() => failure.seen("no finding"),
            (0, fired) => failure.seen(format!("other findings: {fired}")),
            (times, _) => failure.seen(format!("silenced by an exception in code: {times}")),
        };
        failure
            .likely("its level is `allow`, or what would see it is not wired")
            .unknown(format!("whether there was what it looks for: {}", lint.summary()))
            .fix(format!("set its level to `warn` or above, and wire {wire}"))
    })
}

pub(super) fn rewritten(kept: &Kept, lint: Lint) -> Result<(), Failure> {
    const ASSERTION: &str = "assert_rewritten";

    let fired = found(kept, ASSERTION, lint)?;
    if fired.was_rewritten() {
        return Ok(());
    }
    let headline = format!("`{lint}` fired, and no message was rewritten for it");
    Err(Failure::new(ASSERTION, headline).with(fired))
}

pub(super) fn ended(kept: &Kept, cause: EndCause, closer: Closer) -> Result<(), Failure> {
    if kept.ends().contains_key(&(cause, closer)) {
        return Ok(());
    }
    let headline = format!("no connection ended by `{cause}` and was closed by `{closer}`");
    let failure = Failure::new("assert_ended", headline);
    let open = kept.open_connections();
    let ends: Vec<_> = kept
        .ends()
        .iter()
        .map(|((cause, closer), times)| (format!("{cause} closed by {closer}"), *times))
        .collect();
    let failure = match counted(ends.iter().map(|(end, times)| (end.as_str(), *times))) {
        none if none.is_empty() => failure.seen(format!("no connection ended; {open} still open")),
        ends => failure.seen(format!("ended: {ends}; {open} still open")),
    };
    Err(match open {
        0 => failure
            .likely("both sides close where a message says so: who is first may be a race")
            .fix("wire the listener and the connector, so that ends are seen"),
        _ => failure
            .likely("it has not ended yet")
            .fix("drop the client with its clones, and await `all_ended()` of the recorder"),
    })
}

// === impl Whose ===

impl Whose {
    fn reused(self, kept: &Kept, share: f64) -> Result<(), Failure> {
        let traffic = match self {
            Whose::Client(client) => kept.traffic(Some(client)),
            Whose::Callers => kept.traffic(None),
        };
        match traffic.reuse() {
            _ if !(0.0..=1.0).contains(&share) => {
                let headline = format!("a share is from 0 to 1, and {share} was asserted");
                Err(self.failure(headline, &traffic))
            }
            Some(reuse) if reuse >= share => Ok(()),
            Some(reuse) => Err(self.too_little(&traffic, reuse, share)),
            None if traffic.connections == 0 => Err(self.not_wired(kept)),
            None if traffic.requests == 0 => Err(self.not_counted(&traffic)),
            None => Err(self.too_few(&traffic)),
        }
    }

    fn too_little(self, traffic: &Traffic, reuse: f64, share: f64) -> Failure {
        let who = self.who();
        let headline = format!("{who} reused too little: {reuse:.2}, and {share:.2} was asserted");
        let failure = self.failure(headline, traffic).likely(LOW_REUSE.likely());
        let failure = match self {
            Whose::Callers => failure.unknown(LOW_REUSE.unknown()),
            Whose::Client(_) => failure.unknown("whether what stands between closed them"),
        };
        match traffic.cause() {
            Some(cause) => failure.fix(format!("{cause}: {}", advice(cause))),
            None => failure.fix(
                "none ended, so they were not found free: share one client, and read a response to \
                 its end before the next request",
            ),
        }
        .accept("assert a smaller share")
    }

    fn too_few(self, traffic: &Traffic) -> Failure {
        let who = self.who();
        let headline = format!("no request of {who} could have come on a reused connection");
        self.failure(headline, traffic)
            .likely("there was one request only, or all of them were under way at once")
            .fix("send more, one after the other")
    }

    fn not_counted(self, traffic: &Traffic) -> Failure {
        let failure = self.failure(format!("no request of {} was counted", self.who()), traffic);
        match self {
            Whose::Callers => failure.likely("no connection carried one"),
            Whose::Client(client) => failure
                .likely("none was answered, or no layer counts them")
                .fix(format!("put `lint.outbound(\"{client}\")` around the client")),
        }
    }

    fn not_wired(self, kept: &Kept) -> Failure {
        let clients = match kept.clients() {
            none if none.is_empty() => "no connection of any client".to_owned(),
            clients => format!("connections of the clients {clients}"),
        };
        let callers = kept.traffic(None).connections;
        let failure =
            Failure::new(self.assertion(), format!("no connection of {} was recorded", self.who()))
                .seen(format!("{clients}, and {callers} of callers"));
        match self {
            Whose::Client(client) => failure
                .likely("the client is not wired with this recorder's lint, or has another name")
                .fix(format!(
                    "build it on `lint.connector(\"{client}\", ..)`, for reqwest with \
                     `lint.connector_layer(\"{client}\")`, and `lint.outbound(\"{client}\")` around it"
                )),
            Whose::Callers => failure
                .likely("the server is not wired with this recorder's lint")
                .fix("serve by `lint.listener(..)` and `lint.make_service(..)`, or `lint.accept(..)`"),
        }
    }

    fn failure(self, headline: String, traffic: &Traffic) -> Failure {
        Failure::new(self.assertion(), headline).of(traffic.client).seen(traffic.to_string())
    }

    const fn assertion(self) -> &'static str {
        match self {
            Whose::Client(_) => "assert_reused",
            Whose::Callers => "assert_served_reused",
        }
    }

    fn who(self) -> String {
        match self {
            Whose::Client(client) => format!("`{client}`"),
            Whose::Callers => "the callers".to_owned(),
        }
    }
}
