use std::borrow::Cow;

/// The text without control characters, at most `most` bytes of it, as it may go to a log. It is
/// cut before and after: what replaces a control character is longer.
pub(crate) fn printable(text: &str, most: usize) -> Cow<'_, str> {
    let text = cut(text, most);
    if !text.contains(char::is_control) {
        return text.into();
    }
    let printable = text.replace(char::is_control, "\u{fffd}");
    cut(&printable, most).to_owned().into()
}

fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
