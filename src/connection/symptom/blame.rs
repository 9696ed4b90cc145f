use crate::connection::{EndCause, Side};

/// Whether an end of this cause costs anyone a connection that could have been used on.
pub(crate) fn is_loss(cause: EndCause) -> bool {
    !matches!(
        cause,
        EndCause::Drain
            | EndCause::MaxRequests
            | EndCause::MaxAge
            | EndCause::Retired
            | EndCause::Upgrade
            | EndCause::NeverUsed
    )
}

/// Whether what ends connections for this cause is ours to change.
pub(super) fn is_ours(side: Side, cause: EndCause) -> bool {
    match cause {
        EndCause::RequestClose
        | EndCause::DroppedResponseBody
        | EndCause::DroppedRequest
        | EndCause::PoolFull
        | EndCause::Retired
        | EndCause::ClientDropped => side == Side::Outbound,
        EndCause::ResponseClose
        | EndCause::CloseDelimited
        | EndCause::UnreadRequestBody
        | EndCause::HandlerFailed
        | EndCause::HeaderTimeout
        | EndCause::MaxRequests
        | EndCause::MaxAge
        | EndCause::Drain
        | EndCause::GracefulClose => side == Side::Inbound,
        EndCause::ClosedIdleLocal | EndCause::IdleTimeout | EndCause::Unknown => true,
        EndCause::Http10
        | EndCause::BadRequest
        | EndCause::GoAway
        | EndCause::Upgrade
        | EndCause::PeerClosedIdle
        | EndCause::PeerClosedActive
        | EndCause::Reset
        | EndCause::IoError
        | EndCause::NeverUsed => false,
    }
}
