//! What connections and windows show, as lints of the catalogue: pure functions of what was seen.

mod blame;
mod end;
mod ports;
mod request;
mod window;

use std::time::Duration;

pub(crate) use self::blame::is_loss;
pub(crate) use self::ports::TIME_WAIT;
use super::EndCause;
use crate::lint::Lint;

/// A lint that fired on a connection or a window, with what was seen.
#[derive(Clone, Debug)]
pub(crate) struct Symptom {
    pub(crate) lint: Lint,
    /// Whether it is ours to change.
    pub(crate) ours: bool,
    pub(crate) seen: String,
    /// What to change in this very case.
    pub(crate) help: Option<String>,
}

/// How often something has to happen in a window before it is a habit.
const HABIT: u32 = 5;

// === impl Symptom ===

impl Symptom {
    fn new(lint: Lint, ours: bool, seen: String) -> Symptom {
        Symptom { lint, ours, seen, help: None }
    }

    fn helped_by(self, help: impl Into<String>) -> Symptom {
        Symptom { help: Some(help.into()), ..self }
    }
}

/// What ends connections for this cause, and what to do.
pub(crate) fn advice(cause: EndCause) -> &'static str {
    match cause {
        EndCause::RequestClose => "let the client send no `close`",
        EndCause::ResponseClose => "let the server send no `close`",
        EndCause::Http10 => "speak HTTP/1.1, or ask for `keep-alive`",
        EndCause::CloseDelimited => "give responses a length",
        EndCause::UnreadRequestBody => "read request bodies before answering",
        EndCause::DroppedResponseBody => "read response bodies to their end",
        EndCause::DroppedRequest => "give calls more time, or speak HTTP/2",
        EndCause::HandlerFailed => "answer 500 instead of failing",
        EndCause::HeaderTimeout => {
            "raise the server's header read timeout above the clients' pauses"
        }
        EndCause::BadRequest => "find who sends what is no HTTP",
        EndCause::MaxRequests | EndCause::MaxAge => {
            "nothing: the server shares its connections out; or raise the maximum"
        }
        EndCause::Retired => "nothing: it was about to end; or raise the upstream's idle timeout",
        EndCause::Drain => "nothing: the process shuts down",
        EndCause::GracefulClose => "ask for the end of connections less often",
        EndCause::GoAway => "ask the peer's owner to keep connections for longer",
        EndCause::Upgrade => "nothing: the protocol changed",
        EndCause::PeerClosedIdle | EndCause::PeerClosedActive => {
            "ask the peer's owner to keep connections, or share one client there"
        }
        EndCause::Reset | EndCause::IoError => "look at the peer, and at what stands between",
        EndCause::ClosedIdleLocal => {
            "raise the pool's idle timeout and its number of idle connections"
        }
        EndCause::IdleTimeout => "raise the declared idle timeout, of a pool below the upstream's",
        EndCause::PoolFull => "raise the pool's number of idle connections",
        EndCause::ClientDropped => "build the client once, and share it",
        EndCause::NeverUsed => "nothing: a dial that lost its race, or a check",
        EndCause::Unknown => "wire the listener, the connector and the bodies, to see more",
    }
}

/// What a pool's timeout should be, to be on the safe side of the upstream's.
fn below(timeout: Duration) -> String {
    let safe = timeout.saturating_sub(Duration::from_secs(1)).max(timeout / 2);
    format!("`pool_idle_timeout` of {} or less, with a `pool_timer`", short(safe))
}

/// One of them, or so many.
fn count(times: impl Into<u64>, what: &str) -> String {
    match times.into() {
        1 => format!("1 {what}"),
        times => format!("{times} {what}s"),
    }
}

/// A duration as people read it: three digits and a unit.
fn short(duration: Duration) -> String {
    match duration.as_secs_f64() {
        seconds if seconds >= 60.0 => format!("{:.0} min", seconds / 60.0),
        seconds if seconds >= 1.0 => format!("{seconds:.1} s"),
        seconds if seconds >= 0.001 => format!("{:.1} ms", seconds * 1e3),
        seconds => format!("{:.0} us", seconds * 1e6),
    }
}
