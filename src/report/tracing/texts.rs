/// How long texts may be as a line shows them, in bytes: a subscriber escapes quotes and
/// backslashes once more, of which a caller may send any number.
pub(super) const LABEL: usize = 96;
pub(super) const CALLER: usize = 64;

/// As much of a text as takes `most` bytes once it is escaped.
pub(super) fn cut(text: &str, most: usize) -> &str {
    let mut len = 0;
    let too_long = |(_, c): &(usize, char)| {
        len += escaped(*c);
        len > most
    };
    text.char_indices().find(too_long).map_or(text, |(at, _)| &text[..at])
}

/// How long a text is once it is escaped.
pub(super) fn shown(text: &str) -> usize {
    text.chars().map(escaped).sum()
}

fn escaped(c: char) -> usize {
    c.escape_debug().map(char::len_utf8).sum()
}
