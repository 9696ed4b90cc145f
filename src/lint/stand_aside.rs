use super::{Circumstances, Head, RequestBody};
use crate::field::Signs;

/// Why a fix or a denial that the policy asks for was not carried out. `Display` says it in words.
///
/// ```
/// use tower_conn_lint::lint::StandAside;
///
/// assert_eq!(StandAside::Draining.to_string(), "the process is draining");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum StandAside {
    /// A cap of the policy or of `CONN_LINT` lies below a floor of the policy, which asks for it.
    #[error("a cap lies below the policy's floor")]
    Capped,
    /// The handler or the client declared that it means to close.
    #[error("the close is declared as intended")]
    Intended,
    /// The process drains.
    #[error("the process is draining")]
    Draining,
    /// The connection reached its declared maximum of age or requests.
    #[error("the connection reached its maximum")]
    LastRequest,
    /// The client is declared to send one request only.
    #[error("the client is declared one-shot")]
    OneShot,
    /// The status is one after which closing is right: 400, 408, 411, 413, 414, 417, 431, 5xx.
    #[error("closing is right after this status")]
    Status,
    /// 429 or 503: the lint `close-as-backpressure` judges it.
    #[error("the close may be backpressure")]
    Backpressure,
    /// The request's body was not read to its end.
    #[error("the request's body was not read to its end")]
    RequestBodyUnread,
    /// Nothing that is wired sees whether the request's body was read.
    #[error("nothing that is wired sees whether the request's body was read")]
    RequestBodyUnknown,
    /// The request said `close` itself.
    #[error("the request said close")]
    RequestSaidClose,
    /// The request's framing was broken.
    #[error("the request's framing is broken")]
    BrokenFraming,
    /// Nothing but the end of the connection ends the content.
    #[error("the content ends with the connection")]
    CloseDelimited,
    /// The peer speaks HTTP/1.0.
    #[error("the wire speaks HTTP/1.0")]
    Http10,
    /// The response switches protocols, or a tunnel follows.
    #[error("an upgrade or a tunnel follows")]
    Tunnel,
    /// The version on the wire is known only when the response comes.
    #[error("the version on the wire is not known before the response")]
    VersionUnknown,
    /// The field could not be rewritten without touching what the fix must not touch.
    #[error("the field can't be rewritten safely")]
    Unsafe,
    /// The response's body type can't carry an answer of ours.
    #[error("the response's body type can't carry an answer: name one by `deny_with`")]
    NoAnswer,
}

/// Whether closing is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    /// Nothing that is known forces it.
    Needless,
    /// It is right: no lint fires, and no fix removes `close`.
    Right(StandAside),
    /// It may be right: the lint warns, and the fix stands aside.
    Unsure(StandAside),
}

// === impl Closing ===

impl Closing {
    pub(crate) fn is_right(self) -> bool {
        matches!(self, Closing::Right(_))
    }

    /// Why a fix must not remove `close`.
    pub(crate) fn reason(self) -> Option<StandAside> {
        match self {
            Closing::Needless => None,
            Closing::Right(reason) | Closing::Unsure(reason) => Some(reason),
        }
    }
}

/// Judges a `close` in an outgoing message: "Stand-aside" of the catalogue.
pub(crate) fn closing(head: &Head) -> Closing {
    if let Some(reason) = meant_or_forced(head) {
        return Closing::Right(reason);
    }
    match head.status.map_or(0, |status| status.as_u16()) {
        429 | 503 => Closing::Right(StandAside::Backpressure),
        400 | 408 | 411 | 413 | 414 | 417 | 431 | 500..600 => Closing::Right(StandAside::Status),
        _ => unread_body(head),
    }
}

/// Why this message has to close, whatever its status: it is meant, or the protocol demands it.
pub(crate) fn meant_or_forced(head: &Head) -> Option<StandAside> {
    let Circumstances { intended, draining, last_request, one_shot, body: _ } = head.circumstances;
    let is_request = head.message.is_request();
    let reasons = [
        (intended, StandAside::Intended),
        (draining, StandAside::Draining),
        (last_request, StandAside::LastRequest),
        (one_shot, StandAside::OneShot),
        (head.has(Signs::HTTP10), StandAside::Http10),
        (is_request && head.has(Signs::CONNECT), StandAside::Tunnel),
        (!is_request && head.request.contains(Signs::CLOSE_OPTION), StandAside::RequestSaidClose),
        (!is_request && head.request.framing_is_broken(), StandAside::BrokenFraming),
        (head.has(Signs::CLOSE_DELIMITED), StandAside::CloseDelimited),
        (head.is_interim() || head.opens_tunnel(), StandAside::Tunnel),
    ];
    reasons.into_iter().find(|(holds, _)| *holds).map(|(_, reason)| reason)
}

/// What the state of the request's body makes of a response's `close`.
pub(crate) fn unread_body(head: &Head) -> Closing {
    match head.request_body() {
        RequestBody::Unread => Closing::Right(StandAside::RequestBodyUnread),
        RequestBody::Unknown => Closing::Unsure(StandAside::RequestBodyUnknown),
        RequestBody::Read => Closing::Needless,
    }
}
