use std::fmt;
use std::ops::Range;

use crate::policy::{Origin, PolicyError};

/// How much of a line is shown, in characters.
const WIDTH: usize = 100;

/// A mistake as a compiler would tell it, for people: with the line, and a mark under what is wrong.
/// Made by [`PolicyError::diagnostic`].
///
/// ```
/// use tower_conn_lint::Policy;
///
/// let file = "version = 1\ncap = \"fx\"\n";
/// let errors = Policy::stack().text("conn-lint.toml", file).try_load().unwrap_err();
/// let error = errors.iter().next().unwrap();
/// assert_eq!(error.diagnostic(file).to_string(), r#"
/// error[value]: `fx` is not a level: allow, warn, fix or deny: did you mean `fix`?
///   --> conn-lint.toml:2:7
///    |  cap = "fx"
///    |        ^^^^
/// "#.trim_start());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PolicyDiagnostic<'a> {
    error: &'a PolicyError,
    source: &'a str,
}

/// The line of a file at a place in it, and a mark under what stands there; made by
/// [`Origin::excerpt`]. Nothing where the place is none of the file's.
///
/// ```
/// use tower_conn_lint::policy::Query;
/// use tower_conn_lint::{Policy, lint};
///
/// let file = "version = 1\n[lints]\nclient-sends-close = \"fix\"\n";
/// let policy = Policy::stack().text("conn-lint.toml", file).load_or_builtin();
/// let effective = policy.effective(&Query::everywhere());
/// let origin = &effective.get(lint::CLIENT_SENDS_CLOSE).unwrap().origin;
/// assert_eq!(origin.excerpt(file).to_string(), r#"
///    |  client-sends-close = "fix"
///    |  ^^^^^^^^^^^^^^^^^^
/// "#.trim_start_matches('\n'));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Excerpt<'a> {
    origin: &'a Origin,
    source: &'a str,
}

// === impl PolicyError ===

impl PolicyError {
    /// The mistake as a compiler would tell it. `source` is the text of the file that its
    /// [`origin`](Self::origin) names.
    pub fn diagnostic<'a>(&'a self, source: &'a str) -> PolicyDiagnostic<'a> {
        PolicyDiagnostic { error: self, source }
    }
}

// === impl PolicyDiagnostic ===

impl fmt::Display for PolicyDiagnostic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PolicyDiagnostic { error, source } = self;
        writeln!(f, "error[{}]: {}", error.kind(), error.message())?;
        writeln!(f, "  --> {}", error.origin())?;
        write!(f, "{}", error.origin().excerpt(source))?;
        match error.other() {
            Some(other) => writeln!(f, "   = note: against {other}"),
            None => Ok(()),
        }
    }
}

// === impl Origin ===

impl Origin {
    /// The line that it names, for people. `source` is the text of the [file](Self::file_name).
    pub fn excerpt<'a>(&'a self, source: &'a str) -> Excerpt<'a> {
        Excerpt { origin: self, source }
    }
}

// === impl Excerpt ===

impl Excerpt<'_> {
    /// The line as far as it is shown, and which of its characters are marked.
    fn line(&self) -> Option<(String, Range<usize>)> {
        let (line, column) = self.origin.line_column()?;
        let source = self.source.trim_start_matches('\u{feff}');
        let line = source.lines().nth(line as usize - 1)?;
        let column = column as usize - 1;
        let before = column.saturating_sub(WIDTH / 2);
        let mark: String = line.chars().skip(column).collect();
        let mark = token(&mark);
        let shown: String = line.chars().skip(before).take(WIDTH).map(printable).collect();
        let start = column - before;
        let room = WIDTH.saturating_sub(start).max(1);
        Some((shown, start..start + mark.chars().count().clamp(1, room)))
    }
}

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((line, mark)) = self.line() else { return Ok(()) };
        writeln!(f, "   |  {line}")?;
        writeln!(f, "   |  {:1$}{2}", "", mark.start, "^".repeat(mark.len()))
    }
}

/// What stands at the start of the text: a key, a text in quotes, a table's header, or a word.
fn token(text: &str) -> &str {
    let end = match text.chars().next() {
        Some(quote @ ('"' | '\'')) => text[1..].find(quote).map(|length| length + 2),
        Some('[') => text.rfind(']').map(|last| last + 1),
        Some('{') => text.rfind('}').map(|last| last + 1),
        _ => text.find(|c: char| c.is_whitespace() || matches!(c, '=' | ',' | ']' | '}' | '.')),
    };
    text[..end.unwrap_or(text.len())].trim_end()
}

/// A terminal obeys control characters.
fn printable(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}
