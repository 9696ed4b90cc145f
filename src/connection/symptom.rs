use std::fmt::Write as _;
use std::time::Duration;

use super::window::Sums;
use super::{Bounds, Closer, EndCause, Ended, Side};
use crate::lint::{self, Lint};

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

    /// What the end of a connection tells, by itself and in its window.
    pub(crate) fn of_end(
        ended: &Ended,
        window: &Sums,
        pool_idle: Option<Duration>,
        bounds: &Bounds,
    ) -> Vec<Symptom> {
        let (end, seen) = (&ended.end, describe(ended));
        let by_cause = match end.cause {
            EndCause::UnreadRequestBody => Some((lint::UNREAD_REQUEST_BODY, true)),
            EndCause::DroppedResponseBody => Some((lint::DROPPED_RESPONSE_BODY, true)),
            EndCause::DroppedRequest => Some((lint::DROPPED_REQUEST, true)),
            EndCause::HandlerFailed => Some((lint::HANDLER_FAILED, true)),
            EndCause::PeerClosedIdle | EndCause::ClosedIdleLocal if is_silent(ended, window) => {
                Some((lint::SILENT_CLOSE, end.closer == Closer::Local))
            }
            _ => None,
        };
        let mut symptoms: Vec<Symptom> = by_cause
            .into_iter()
            .map(|(lint, ours)| Symptom::new(lint, ours, seen.clone()))
            .collect();
        if end.idle >= bounds.idle && ended.requests > 0 {
            symptoms.push(Symptom::new(lint::NO_IDLE_TIMEOUT, true, seen.clone()));
        }
        symptoms.extend(pool_idle.and_then(|idle| outlived(ended, window, idle, seen)));
        symptoms
    }

    /// Whether a window shows missing reuse. Connections that rising concurrency needed are not
    /// held against it.
    pub(crate) fn low_reuse(
        sums: &Sums,
        known_for: Duration,
        ours: bool,
        bounds: &Bounds,
    ) -> Option<Symptom> {
        if sums.requests < bounds.min_requests || known_for < bounds.warm_up {
            return None;
        }
        let reuse = sums.reuse_excused()?;
        if reuse >= bounds.min_reuse {
            return None;
        }
        let Sums { requests, fresh, .. } = sums;
        let mut seen = format!("{fresh} of {requests} requests opened a connection");
        let (cause, times) = most_common(sums);
        if times > 0 {
            let closers = Closer::ALL.iter().max_by_key(|closer| sums.closers[**closer as usize]);
            let closer = closers.copied().unwrap_or(Closer::Unknown);
            _ = write!(seen, "; {times} ended by {cause}, most closed by {closer}");
        }
        let mut symptom = Symptom::new(lint::LOW_REUSE, ours, seen);
        symptom.help = (times > 0).then(|| format!("{}: {}", cause, advice(cause)));
        Some(symptom)
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
        let mut symptom = Symptom::new(lint::POOL_TOO_SMALL, true, seen);
        symptom.help = Some(format!("`pool_max_idle_per_host({peak})` or more"));
        Some(symptom)
    }

    /// Whether clients are built and dropped again and again, at one place.
    pub(crate) fn client_per_request(ended: &Ended, sums: &Sums) -> Option<Symptom> {
        let dropped = sums.ended[EndCause::ClientDropped as usize];
        let all: u32 = sums.ended.iter().sum();
        if ended.end.cause != EndCause::ClientDropped || dropped < HABIT || dropped * 2 < all {
            return None;
        }
        // One client that ends drops all its connections at once.
        if u64::from(dropped) * 2 < sums.requests {
            return None;
        }
        let seen = format!(
            "{dropped} clients were dropped with their connections, for {} requests",
            sums.requests
        );
        Some(Symptom::new(lint::CLIENT_PER_REQUEST, true, seen))
    }

    /// A connection that was used again after longer than it should have been kept.
    pub(crate) fn kept_idle(idle: Duration) -> Symptom {
        let seen = format!("nothing passed for {}, and nothing ended it", short(idle));
        Symptom::new(lint::NO_IDLE_TIMEOUT, true, seen)
    }

    /// A second connection of HTTP/2 beside one that is usable.
    pub(crate) fn extra_http2(usable: usize) -> Symptom {
        let beside = if usable == 1 { "one that is" } else { "some that are" };
        let seen = format!("another connection of HTTP/2 was dialled beside {beside} usable");
        Symptom::new(lint::EXTRA_HTTP2_CONNECTION, true, seen)
    }

    /// A request failed on a connection that had served others.
    pub(crate) fn stale_reuse(requests: u64, idle: Duration) -> Symptom {
        let seen = format!(
            "no byte of a response came on a connection that had served {requests} and was idle \
             for {}",
            short(idle)
        );
        Symptom::new(lint::STALE_REUSE, true, seen)
    }

    /// A request came, or was sent, after a message had said that the connection ends.
    pub(crate) fn reused_after_close(side: Side) -> Symptom {
        let seen = match side {
            Side::Inbound => "the caller sent another request after `close`",
            Side::Outbound => "our client sent another request after `close`",
        };
        Symptom::new(lint::REUSED_AFTER_CLOSE, side == Side::Outbound, seen.to_owned())
    }

    /// The upstream says for how long it keeps a connection, and the pool keeps it longer.
    pub(crate) fn advertised_less(timeout: Duration, pool_idle: Duration) -> Symptom {
        let seen = format!(
            "the upstream says `timeout={}`, the pool keeps connections for {}",
            timeout.as_secs(),
            short(pool_idle)
        );
        Symptom {
            help: Some(below(timeout)),
            ..Symptom::new(lint::POOL_IDLE_ABOVE_SERVER_TIMEOUT, true, seen)
        }
    }
}

/// Closed right after a response that did not say so, and not only now and then: a client that
/// ends does the same, once, with all its connections.
fn is_silent(ended: &Ended, window: &Sums) -> bool {
    let habit = window.silent >= HABIT && window.silent * 2 >= window.ended.iter().sum::<u32>();
    let costs = u64::from(window.silent) * 10 >= window.requests;
    habit && costs && Sums::is_silent(ended.requests, &ended.end)
}

/// The upstream closed what the pool would have kept for longer, and not for the first time.
fn outlived(ended: &Ended, window: &Sums, pool_idle: Duration, seen: String) -> Option<Symptom> {
    let idle = ended.end.idle;
    let times = window.ended[EndCause::PeerClosedIdle as usize];
    let is_timeout = ended.end.cause == EndCause::PeerClosedIdle && idle >= Duration::from_secs(1);
    (is_timeout && idle < pool_idle && times >= 3).then(|| Symptom {
        help: Some(below(idle)),
        ..Symptom::new(lint::POOL_IDLE_ABOVE_SERVER_TIMEOUT, true, seen)
    })
}

/// What a pool's timeout should be, to be on the safe side of the upstream's.
fn below(timeout: Duration) -> String {
    let safe = timeout.saturating_sub(Duration::from_secs(1)).max(timeout / 2);
    format!("`pool_idle_timeout` of {} or less, with a `pool_timer`", short(safe))
}

fn most_common(sums: &Sums) -> (EndCause, u32) {
    let times = |cause: &EndCause| sums.ended[*cause as usize];
    let cause = EndCause::ALL.iter().copied().max_by_key(times).unwrap_or(EndCause::Unknown);
    (cause, times(&cause))
}

/// What ended it, in one line.
fn describe(ended: &Ended) -> String {
    let Ended { requests, bytes_in, bytes_out, end, .. } = ended;
    let by = match end.closer {
        Closer::Local => "closed here",
        Closer::Peer => "closed by the peer",
        Closer::Both => "closed by both",
        Closer::Unknown => "closed",
    };
    let mut seen = format!(
        "{by} {} after the last exchange: {}; {requests} request{}, {bytes_in} bytes in, \
         {bytes_out} out",
        short(end.idle),
        end.cause.text(),
        if *requests == 1 { "" } else { "s" },
    );
    if !end.beside.is_empty() {
        _ = write!(seen, "; beside it {}", end.beside);
    }
    seen
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
        EndCause::Drain => "nothing: the process shuts down",
        EndCause::Upgrade => "nothing: the protocol changed",
        EndCause::PeerClosedIdle | EndCause::PeerClosedActive => {
            "ask the peer's owner to keep connections, or share one client there"
        }
        EndCause::Reset | EndCause::IoError => "look at the peer, and at what stands between",
        EndCause::ClosedIdleLocal => {
            "raise the pool's idle timeout and its number of idle connections"
        }
        EndCause::IdleTimeout => "raise the pool's idle timeout, below the upstream's",
        EndCause::PoolFull => "raise the pool's number of idle connections",
        EndCause::ClientDropped => "build the client once, and share it",
        EndCause::NeverUsed => "nothing: a dial that lost its race, or a check",
        EndCause::Unknown => "wire the listener, the connector and the bodies, to see more",
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
