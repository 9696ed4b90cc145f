//! What is left of a text that is not TOML in places. A parser that goes on after a mistake puts what
//! follows an open bracket into the wrong table; so each statement is looked at by itself, and one that
//! is none is left out: with all that a broken header would have held.

use std::ops::Range;

use toml::de::{DeTable, Error};

/// How often a text may be looked through for the ends of statements that don't end.
const LOOKS: usize = 4;

/// The text with spaces where statements are none, so that what is left keeps its place. `refuse` is
/// given the first mistake of each, and where the text starts that the mistake counts from.
pub(super) fn sound(text: &str, mut refuse: impl FnMut(usize, &Error)) -> String {
    let statements: Vec<_> = Statements::new(text).collect();
    let broken = statements.iter().map(|statement| {
        // At a text's start the parser takes a byte order mark for one; so it is given what is before.
        let marked = text[statement.clone()].starts_with('\u{feff}');
        let start = statement.start - usize::from(marked && statement.start > 0);
        let error = first_mistake(&text[start..statement.end])?;
        refuse(start, &error);
        Some(())
    });
    let broken: Vec<_> = broken.map(|mistake| mistake.is_some()).collect();
    let sound = without(text, &statements, &broken);

    // Each is sound by itself, and may still be there twice. A key that is drops only itself, but a
    // header would take the place of what was there before.
    let (_, errors) = DeTable::parse_recoverable(&sound);
    let mut twice = broken;
    for error in &errors {
        let at = error.span().map_or(0, |span| span.start);
        let index = statements.partition_point(|statement| statement.end <= at);
        let header = statements.get(index).is_some_and(|range| is_opening(&text[range.clone()]));
        if header && !twice[index] {
            twice[index] = true;
            refuse(0, error);
        }
    }
    without(text, &statements, &twice)
}

/// What is wrong with a statement by itself, but for keys that are there twice.
fn first_mistake(statement: &str) -> Option<Error> {
    DeTable::parse(statement).err()?;
    let (_, errors) = DeTable::parse_recoverable(statement);
    errors.into_iter().find(|error| !is_duplicate(error))
}

/// Whether it is about a key that is there already, by that name or as a part of a dotted one.
pub(super) fn is_duplicate(error: &Error) -> bool {
    let message = error.message();
    message == "duplicate key" || message.starts_with("cannot extend value of type ")
}

/// The text without the broken statements, and without what stands under a broken header.
fn without(text: &str, statements: &[Range<usize>], broken: &[bool]) -> String {
    let mut left = text.as_bytes().to_vec();
    let mut in_broken_table = false;
    for (statement, broken) in statements.iter().zip(broken) {
        if is_opening(&text[statement.clone()]) {
            in_broken_table = *broken;
        }
        if in_broken_table || *broken {
            let bytes = left[statement.clone()].iter_mut();
            bytes.filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        }
    }
    // Whole characters were replaced, by ASCII.
    String::from_utf8(left).unwrap_or_default()
}

/// Whether a statement is the header of a table, or was meant to be.
fn is_opening(statement: &str) -> bool {
    statement.trim_start().starts_with('[')
}

/// The statements of a text, in whole lines.
struct Statements<'a> {
    text: &'a str,
    at: usize,
    /// How many bytes may still be looked at.
    budget: usize,
}

/// In what a byte stands.
enum State {
    Open,
    Comment,
    Text { quote: u8, long: bool },
}

// === impl Statements ===

impl<'a> Statements<'a> {
    fn new(text: &'a str) -> Statements<'a> {
        Statements { text, at: 0, budget: LOOKS * text.len() }
    }

    fn line_end(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |length| at + length + 1)
    }

    /// Where the statement that starts here ends: behind a line with no bracket and no text open, or
    /// before one that can't be a part of it.
    fn end(&mut self) -> usize {
        let bytes = self.text.as_bytes();
        let first_line = self.line_end(self.at);
        let mut brackets = Vec::new();
        let mut state = State::Open;
        let mut header = None;
        let mut at = self.at;
        while at < bytes.len() {
            if self.budget == 0 {
                return first_line;
            }
            let byte = bytes[at];
            let mut width = 1;
            match state {
                State::Open => match byte {
                    b'#' => state = State::Comment,
                    b'[' | b'{' => brackets.push(byte),
                    b']' | b'}' => _ = brackets.pop(),
                    b'"' | b'\'' => {
                        let long = bytes[at..].starts_with(&[byte; 3]);
                        width = if long { 3 } else { 1 };
                        state = State::Text { quote: byte, long };
                    }
                    _ => {}
                },
                // What ends the line ends the text, too, or is looked at as a line's end.
                State::Text { quote: b'"', .. } if byte == b'\\' => {
                    width = if bytes.get(at + 1) == Some(&b'\n') { 1 } else { 2 };
                }
                State::Text { quote, long: true } if bytes[at..].starts_with(&[quote; 3]) => {
                    // Up to two quotes more are the text's.
                    width = bytes[at..].iter().take(5).take_while(|byte| **byte == quote).count();
                    state = State::Open;
                }
                State::Text { quote, long: false } if byte == quote => state = State::Open,
                _ => {}
            }
            at += width;
            self.budget = self.budget.saturating_sub(width);
            if byte != b'\n' {
                continue;
            }
            let long = matches!(state, State::Text { long: true, .. });
            if !long {
                state = State::Open;
            }
            if !long && brackets.is_empty() {
                return at;
            }
            let line = self.text[at..self.line_end(at)].trim();
            if is_header(line) {
                header = header.or(Some(at));
            }
            match brackets.last() {
                _ if long => {}
                Some(b'[') if header.is_some() || is_assignment(line) => return at,
                Some(b'{') if header.is_some() => return first_line,
                _ => {}
            }
        }
        match (state, brackets.last()) {
            (State::Text { long: true, .. }, _) => header.unwrap_or(bytes.len()),
            (_, Some(b'{')) => first_line,
            _ => bytes.len(),
        }
    }
}

impl Iterator for Statements<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        if self.at >= self.text.len() {
            return None;
        }
        let start = self.at;
        // An escape may have jumped over the text's end.
        self.at = self.end().min(self.text.len());
        Some(start..self.at)
    }
}

/// `[lints]`, `[[route]]`, and what may stand behind it; no element of an array looks like this.
fn is_header(line: &str) -> bool {
    let Some(name) = line.strip_prefix('[') else { return false };
    let name = name.strip_prefix('[').unwrap_or(name);
    let name = name.split('#').next().unwrap_or_default().trim_end();
    let key = name.trim_end_matches(']');
    key.len() < name.len() && is_key(key)
}

/// `owner = ...`
fn is_assignment(line: &str) -> bool {
    line.split_once('=').is_some_and(|(key, _)| is_key(key.trim()))
}

fn is_key(key: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
    key.starts_with(|c: char| c.is_ascii_alphabetic()) && key.chars().all(part)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    /// The text without spaces and empty lines, and how many mistakes were told.
    fn left_of(text: &str) -> (String, usize) {
        let mut mistakes = 0;
        let sound = sound(text, |_, _| mistakes += 1);
        assert_eq!(sound.len(), text.len(), "every place stays as it was");
        let lines = sound.lines().map(str::trim).filter(|line| !line.is_empty());
        (lines.collect::<Vec<_>>().join("; "), mistakes)
    }

    #[test]
    fn a_mistake_drops_its_statement_and_no_other() {
        for (text, left, mistakes) in [
            ("a = 1\nb = \nc = 3\n", "a = 1; c = 3", 1),
            ("a = 1\nb\nc = 3\n", "a = 1; c = 3", 1),
            ("a = 'x\nb = 2", "b = 2", 1),
            ("a = \"x\\\nb = 2", "b = 2", 1),
            ("a = [1,\n 2\nb = 2\n", "b = 2", 1),
            ("a = [1,\n 2\n[t]\nb = 2\n", "[t]; b = 2", 1),
            ("a = [\n 1,\n 2, # two\n]\nb = \nc = 3", "a = [; 1,; 2, # two; ]; c = 3", 1),
            ("a = { x = 1, y = \nb = 2\n[t]\nc = 3\n", "b = 2; [t]; c = 3", 1),
            ("a = { x = 1,\n y = 2 }\nb = \n", "a = { x = 1,; y = 2 }", 1),
            ("a = '''x\n[t]\nb = 2\n", "[t]; b = 2", 1),
            ("a = '''\n[t]\n'''\nb = \n", "a = '''; [t]; '''", 1),
            ("a = \"\"\"x\"\"\"\"\"\nb\nc = 1", "a = \"\"\"x\"\"\"\"\"; c = 1", 1),
            ("[a\nb = 1\nc = 2\n[d]\ne = 3\n", "[d]; e = 3", 1),
            ("[a\nb = \n[[d]]\ne = 3\n", "[[d]]; e = 3", 2),
            ("[a]] # x\nb = 1\n[c]\nd = 1", "[c]; d = 1", 1),
            ("a = 1\n[a]\nb = 1\n[c]\nd = 1\n", "a = 1; [c]; d = 1", 1),
            ("[a]\nb = 1\n[a]\nb = 2\n[c]\nd = 1\n", "[a]; b = 1; [c]; d = 1", 1),
            ("a = { b = 1, b = 2 }\na = 2\n", "a = { b = 1, b = 2 }; a = 2", 0),
            ("a = { b = 1, b.c = 2 }\n", "a = { b = 1, b.c = 2 }", 0),
            ("a = { b = 1, b = 2, c = d }\n", "", 1),
            ("a = 1\na.b = 1\nc = 1\n", "a = 1; a.b = 1; c = 1", 0),
            ("[a]\nb = 1\n[a.b.c]\nd = 1\n", "[a]; b = 1", 1),
            ("<<<<<<< HEAD\na = 1\n=======\na = 2\n", "a = 1; a = 2", 2),
            ("a = 1\n\u{feff}b = 2\nc = 3\n", "a = 1; c = 3", 1),
            ("ä\nö = \"ü\"\n\"ö\" = \"ü\"\n", "\"ö\" = \"ü\"", 2),
        ] {
            assert_eq!(left_of(text), (left.to_owned(), mistakes), "of {text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_left_is_toml_but_for_keys_that_are_there_twice(
            pieces in vec(select(PIECES), 0..30),
        ) {
            let text = pieces.concat();
            let (_, errors) = DeTable::parse_recoverable(&sound(&text, |_, _| {}));
            let others: Vec<_> = errors.iter().filter(|error| !is_duplicate(error)).collect();
            prop_assert!(others.is_empty(), "in {text:?}: {others:?}");
        }
    }

    const PIECES: &[&str] = &[
        "\n",
        "\n",
        "\n",
        "\r\n",
        "\r",
        " ",
        "=",
        " = 1",
        ".",
        ",",
        "#",
        "[",
        "]",
        "[[",
        "]]",
        "{",
        "}",
        "\"",
        "'",
        "\"\"\"",
        "'''",
        "\\",
        "\u{feff}",
        "\0",
        "ü",
        "a",
        "b",
        "a = 1\n",
        "b = [\n",
        "c = {\n",
        "[a]\n",
        "[[a]]\n",
        "[a.b]\n",
        "a.b = 2\n",
    ];

    #[test]
    fn a_text_that_never_closes_is_looked_through_a_few_times_only() {
        let text = "a = {\n".repeat(10_000);
        let mut statements = Statements::new(&text);
        assert_eq!(statements.by_ref().count(), 10_000, "it falls apart into lines");
        assert_eq!(statements.budget, 0, "what may be looked at is used up");
    }
}
