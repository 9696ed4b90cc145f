use super::{Head, Message, RequestBody};
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

/// Judges a `close` in an outgoing message: "Stand-aside" of the catalogue.
pub(crate) fn closing(head: &Head) -> Closing {
    use Closing::{Needless, Right, Unsure};

    let around = &head.circumstances;
    if around.intended {
        return Right(StandAside::Intended);
    }
    if around.draining {
        return Right(StandAside::Draining);
    }
    if around.last_request {
        return Right(StandAside::LastRequest);
    }
    if head.has(Signs::HTTP10) {
        return Right(StandAside::Http10);
    }
    if head.message == Message::OutgoingRequest {
        return match () {
            () if around.one_shot => Right(StandAside::OneShot),
            () if head.has(Signs::CONNECT) => Right(StandAside::Tunnel),
            () => Needless,
        };
    }
    let Some(status) = head.status else { return Needless };
    if head.request.contains(Signs::CLOSE_OPTION) {
        return Right(StandAside::RequestSaidClose);
    }
    if head.request.framing_is_broken() {
        return Right(StandAside::BrokenFraming);
    }
    if head.has(Signs::CLOSE_DELIMITED) {
        return Right(StandAside::CloseDelimited);
    }
    match status.as_u16() {
        100..200 => return Right(StandAside::Tunnel),
        429 | 503 => return Right(StandAside::Backpressure),
        400 | 408 | 411 | 413 | 414 | 417 | 431 | 500..600 => return Right(StandAside::Status),
        _ => {}
    }
    match head.request_body() {
        RequestBody::Read => Needless,
        RequestBody::Unread => Right(StandAside::RequestBodyUnread),
        RequestBody::Unknown => Unsure(StandAside::RequestBodyUnknown),
    }
}

impl Closing {
    pub(crate) fn is_right(self) -> bool {
        matches!(self, Closing::Right(_))
    }
}
