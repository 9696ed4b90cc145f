use super::EndCause;
use crate::field::Signs;

/// Why a connection can't persist after a message with these signs, if it can't; `close` is the
/// cause where the message says so.
pub(crate) fn persistence(signs: Signs, close: EndCause) -> Option<EndCause> {
    let ends = Signs::CLOSE_OPTION.with(Signs::HTTP10);
    if !signs.intersects(ends) || signs.contains(Signs::MULTIPLEXED) {
        return None;
    }
    match () {
        () if signs.contains(Signs::CLOSE_OPTION) => Some(close),
        () if signs.contains(Signs::KEEP_ALIVE_OPTION) => None,
        () => Some(EndCause::Http10),
    }
}
