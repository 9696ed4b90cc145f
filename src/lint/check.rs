use super::catalogue::CATALOGUE;
use super::entry::{Entry, Protocol};
use super::{Head, Lint, LintSet, Message};

use crate::field::Signs;

/// The lints that fire on a message head. On a clean head: one comparison.
///
/// ```
/// use http::{HeaderMap, Method, Version};
/// use tower_conn_lint::lint::{self, Head};
///
/// let head = Head::received_request(&Method::GET, Version::HTTP_11, &HeaderMap::new());
/// assert!(lint::check(&head).is_empty());
/// ```
#[inline]
pub fn check(head: &Head) -> LintSet {
    if head.is_clean() { LintSet::EMPTY } else { check_each(head) }
}

impl Head {
    /// Whether no lint can fire, by one look at the signs.
    #[inline]
    pub(crate) fn is_clean(&self) -> bool {
        let [http1, multiplexed] = INTERESTING[self.message as usize];
        let interesting = if self.has(Signs::MULTIPLEXED) { multiplexed } else { http1 };
        !self.signs.intersects(interesting)
    }
}

impl Entry {
    /// Whether the lint means anything on the wire that `signs` tell of.
    pub(crate) fn speaks(&self, signs: Signs) -> bool {
        match self.protocol {
            Protocol::Any => true,
            Protocol::Http1 => !signs.contains(Signs::MULTIPLEXED),
            Protocol::Multiplexed => signs.contains(Signs::MULTIPLEXED),
        }
    }

    fn fires(&self, head: &Head) -> bool {
        self.places.contains(head.message.place())
            && self.signs.intersects(head.signs)
            && self.speaks(head.signs)
            && (self.check)(head)
    }
}

/// Whether no lint can fire on a response of HTTP/1.1 to our client, by the names of its fields: it
/// tells the length of its content, and nothing of the connection.
#[inline]
pub(crate) fn is_quiet_response(names: Signs) -> bool {
    const {
        let [http1, _] = INTERESTING[Message::ReceivedResponse as usize];
        assert!(!http1.intersects(Signs::CONTENT_LENGTH_FIELD), "a lint asks for a length alone");
    }
    matches!(names, Signs::CONTENT_LENGTH_FIELD)
}

#[cold]
fn check_each(head: &Head) -> LintSet {
    let fires = |index: &usize| CATALOGUE[*index].fires(head);
    (0..CATALOGUE.len()).filter(fires).map(Lint::at).collect()
}

/// By kind of message, the signs without which no lint fires: on HTTP/1, and on later versions.
pub(super) const INTERESTING: [[Signs; 2]; 4] = {
    let kinds = [
        Message::ReceivedRequest,
        Message::OutgoingResponse,
        Message::OutgoingRequest,
        Message::ReceivedResponse,
    ];
    let mut interesting = [[Signs::NONE; 2]; 4];
    let mut kind = 0;
    while kind < kinds.len() {
        let mut index = 0;
        while index < CATALOGUE.len() {
            let entry = CATALOGUE[index];
            if entry.places.contains(kinds[kind].place()) {
                let [http1, multiplexed] = &mut interesting[kinds[kind] as usize];
                if !matches!(entry.protocol, Protocol::Multiplexed) {
                    *http1 = http1.with(entry.signs);
                }
                if !matches!(entry.protocol, Protocol::Http1) {
                    *multiplexed = multiplexed.with(entry.signs);
                }
            }
            index += 1;
        }
        kind += 1;
    }
    interesting
};
