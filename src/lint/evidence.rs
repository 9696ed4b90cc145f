use std::fmt::{self, Write as _};
use std::ops::Range;

use http::{HeaderMap, header};

use super::entry::Shows;
use super::{Lint, printable};
use crate::field::{
    CONNECTION_SPECIFIC, CameIn, Nomination, connection_options, is_misspelled, token,
};

/// What was seen of a message: one line of its head, escaped and cut at 256 bytes, so that it may
/// stand in a log as it is, and the part of it that matters. Of a connection, or a window of them:
/// one line about it, of which no part is marked.
///
/// ```
/// use http::{HeaderMap, header};
/// use tower_conn_lint::lint::{self, Evidence};
///
/// let mut headers = HeaderMap::new();
/// headers.insert(header::CONNECTION, "te, Close".parse().unwrap());
///
/// let evidence = Evidence::of(lint::CALLER_SENDS_CLOSE, &headers);
/// assert_eq!(evidence.as_str(), "connection: te, Close");
/// assert_eq!(evidence.marked(), Some("Close"));
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    text: String,
    mark: Range<usize>,
}

const MAX_LEN: usize = 256;
const ELLIPSIS: &str = "...";

impl Evidence {
    /// What `headers` show of `lint`; empty where the lint rests on something else, such as the
    /// protocol version.
    pub fn of(lint: Lint, headers: &HeaderMap) -> Evidence {
        let element = |wanted: &dyn Fn(&[u8]) -> bool| Evidence::of_element(headers, wanted);
        match lint.entry().shows {
            Shows::Option(option) => element(&|text| text.eq_ignore_ascii_case(option.as_bytes())),
            Shows::Malformed => element(&|text| !text.is_empty() && token(text).is_none()),
            Shows::ObsText => element(&|text| !text.is_ascii()),
            Shows::Misspelled => element(&|text| is_misspelled(text, headers)),
            Shows::Nominates(wanted) => connection_options(headers)
                .find(|option| Nomination::of(*option) == wanted)
                .map(|option| element(&|text| text == option.as_str().as_bytes()))
                .unwrap_or_default(),
            Shows::Field(name) => Evidence::of_field(headers, name),
            Shows::ConnectionSpecific => CONNECTION_SPECIFIC
                .into_iter()
                .find(|name| headers.contains_key(*name))
                .map_or_else(Evidence::default, |name| Evidence::of_field(headers, name)),
            Shows::NominatedPassedOn | Shows::HopByHopPassedOn => Evidence::default(),
            Shows::Version | Shows::Unframed | Shows::Connection => Evidence::default(),
        }
    }

    /// The same, where a gateway may pass on what came in.
    pub(crate) fn of_passed_on(lint: Lint, headers: &HeaderMap, came: Option<&CameIn>) -> Evidence {
        let shown = match (lint.entry().shows, came) {
            (Shows::NominatedPassedOn, Some(came)) => came.nominated_in(headers).map(|name| {
                let is_name = |text: &[u8]| text.eq_ignore_ascii_case(name.as_str().as_bytes());
                Evidence::of_element(came.fields_of_hop(), &is_name)
            }),
            (Shows::HopByHopPassedOn, Some(came)) => {
                came.hop_by_hop_in(headers).map(|name| Evidence::of_field(headers, name.as_str()))
            }
            _ => None,
        };
        shown.unwrap_or_else(|| Evidence::of(lint, headers))
    }

    /// A line about a connection or a window.
    pub(crate) fn text(text: &str) -> Evidence {
        Evidence { text: printable(text, MAX_LEN).into_owned(), mark: 0..0 }
    }

    /// The line; empty where there is none to show.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part of it that the lint fired on.
    pub fn marked(&self) -> Option<&str> {
        self.text.get(self.mark.clone()).filter(|text| !text.is_empty())
    }

    pub(super) fn mark(&self) -> Range<usize> {
        self.mark.clone()
    }

    /// The `Connection` line that holds the element that is wanted.
    fn of_element(headers: &HeaderMap, wanted: &dyn Fn(&[u8]) -> bool) -> Evidence {
        let lines = headers.get_all(header::CONNECTION).iter();
        lines
            .filter_map(|line| Some((line.as_bytes(), element(line.as_bytes(), wanted)?)))
            .map(|(line, mark)| Evidence::new("connection", line, mark))
            .next()
            .unwrap_or_default()
    }

    /// All lines of a field, as one.
    fn of_field(headers: &HeaderMap, name: &str) -> Evidence {
        let lines: Vec<&[u8]> =
            headers.get_all(name).iter().map(|line| line.as_bytes()).take(MAX_LEN).collect();
        if lines.is_empty() {
            return Evidence::default();
        }
        // Lines are told apart by a bar, which a list of tokens can hold only inside a token.
        let value = lines.join(&b" | "[..]);
        Evidence::new(name, &value, 0..value.len())
    }

    fn new(name: &str, value: &[u8], mark: Range<usize>) -> Evidence {
        let mut text = format!("{name}: ");
        // What matters is shown, however much stands before it.
        let from = if mark.start < MAX_LEN / 8 { 0 } else { mark.start - MAX_LEN / 16 };
        if from > 0 {
            text.push_str(ELLIPSIS);
        }
        let mut shown = text.len()..text.len();
        for (at, byte) in value.iter().enumerate().skip(from) {
            if at == mark.start {
                shown.start = text.len();
            }
            // An escaped byte takes up to four characters.
            if text.len() + 4 + ELLIPSIS.len() > MAX_LEN {
                text.push_str(ELLIPSIS);
                break;
            }
            match byte {
                b' '..=b'~' => text.push(char::from(*byte)),
                _ => _ = write!(text, "{}", byte.escape_ascii()),
            }
            if at < mark.end {
                shown.end = text.len();
            }
        }
        Evidence { text, mark: shown }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

/// Where the first element that is wanted stands in a line, without the space around it.
fn element(line: &[u8], wanted: &dyn Fn(&[u8]) -> bool) -> Option<Range<usize>> {
    let mut start = 0;
    for part in line.split(|byte| *byte == b',') {
        let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t');
        let from = part.iter().position(is_text).unwrap_or(0);
        let to = part.iter().rposition(is_text).map_or(0, |last| last + 1);
        if from < to && wanted(&part[from..to]) {
            return Some(start + from..start + to);
        }
        start += part.len() + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::lint;

    #[test]
    fn the_mark_is_on_what_the_lint_fired_on() {
        let mut headers = HeaderMap::new();
        headers.insert("closer", HeaderValue::from_static("a field, which is nominated"));
        let line = HeaderValue::from_bytes(b"closer, a b, \xe9, closed").expect("a field value");
        headers.insert(header::CONNECTION, line);
        for (lint, marked) in [
            (lint::CONNECTION_BAD_TOKEN, "a b"),
            (lint::OBS_TEXT_IN_CONNECTION, "\\xe9"),
            (lint::MISSPELLED_OPTION, "closed"),
        ] {
            assert_eq!(Evidence::of(lint, &headers).marked(), Some(marked), "{lint}");
        }
    }

    #[test]
    fn a_line_about_a_connection_is_printable_and_cut() {
        let evidence = Evidence::text("closed here 0.2 ms after the response");
        assert_eq!(evidence.as_str(), "closed here 0.2 ms after the response");
        assert_eq!(evidence.marked(), None, "nothing of it is marked");
        let hostile = Evidence::text(&"\u{1b}\n".repeat(500));
        assert!(hostile.as_str().len() <= MAX_LEN, "{} bytes", hostile.as_str().len());
        assert!(!hostile.as_str().contains(char::is_control), "{hostile:?}");
    }
}
