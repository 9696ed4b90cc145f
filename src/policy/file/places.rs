use std::ops::Range;
use std::sync::Arc;

use crate::policy::Origin;

/// How many bytes lie between two samples of the count of characters.
const STEP: usize = 64;

/// Tells of an offset in a text which line and column it is, in a time that doesn't depend on how
/// long the line is.
pub(super) struct Places<'a> {
    name: Arc<str>,
    text: &'a str,
    /// Where each line starts.
    lines: Vec<usize>,
    /// How many characters start before each `STEP`-th byte.
    characters: Vec<usize>,
}

// === impl Places ===

impl<'a> Places<'a> {
    pub(super) fn new(name: Arc<str>, text: &'a str) -> Places<'a> {
        let line_starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(line_starts.map(|(at, _)| at + 1)).collect();
        let starts = |bytes: &[u8]| bytes.iter().filter(|byte| starts_character(**byte)).count();
        let mut before = 0;
        let characters = text.as_bytes().chunks(STEP).map(|chunk| {
            let here = before;
            before += starts(chunk);
            here
        });
        let characters = characters.collect();
        Places { name, text, lines, characters }
    }

    /// What stands there; nothing where the range is none of the text.
    pub(super) fn text(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or_default()
    }

    pub(super) fn origin(&self, at: usize) -> Origin {
        let at = at.min(self.text.len());
        let line = self.lines.partition_point(|start| *start <= at);
        let column = self.character(at) - self.character(self.lines[line - 1]) + 1;
        Origin::file(self.name.clone(), line as u32, column as u32)
    }

    /// How many characters start before this byte.
    fn character(&self, at: usize) -> usize {
        let chunk = at / STEP;
        let Some(before) = self.characters.get(chunk) else {
            // The text's end, where that is a multiple of the step.
            return chunk
                .checked_sub(1)
                .map_or(0, |last| self.characters[last] + self.between(last * STEP, at));
        };
        before + self.between(chunk * STEP, at)
    }

    fn between(&self, from: usize, to: usize) -> usize {
        self.text.as_bytes()[from..to].iter().filter(|byte| starts_character(**byte)).count()
    }
}

/// Whether a byte of UTF-8 is the first of its character.
fn starts_character(byte: u8) -> bool {
    byte & 0b1100_0000 != 0b1000_0000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offset_has_the_place_that_counting_finds() {
        for text in ["", "a", "a\n", "ä\nöü", &"grüße, 100 %\r\n".repeat(40), &"ö".repeat(200)]
        {
            let places = Places::new("x.toml".into(), text);
            for (at, _) in text.char_indices().chain([(text.len(), ' ')]) {
                let before = &text[..at];
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
                let expected = Some((line as u32, column as u32));
                assert_eq!(places.origin(at).line_column(), expected, "byte {at} of {text:?}");
            }
        }
    }

    #[test]
    fn an_offset_behind_the_end_is_the_end() {
        let places = Places::new("x.toml".into(), "ab\nc");
        assert_eq!(places.origin(99).to_string(), "x.toml:2:2");
    }
}
