use std::fmt;

use super::{Action, Finding};

/// A finding as a compiler would tell it, for people: test failures, examples, command lines.
///
/// ```
/// use tower_conn_lint::lint::{Diagnostic, Finding};
///
/// fn tell(finding: &Finding) {
///     eprintln!("{}", Diagnostic::new(finding).times(430).colored(true));
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Diagnostic<'a> {
    finding: &'a Finding,
    times: u64,
    colored: bool,
}

impl<'a> Diagnostic<'a> {
    /// The diagnostic of one finding, seen once, in black and white.
    pub const fn new(finding: &'a Finding) -> Diagnostic<'a> {
        Diagnostic { finding, times: 1, colored: false }
    }

    /// On how many messages it was seen. Default: 1.
    #[must_use]
    pub const fn times(self, times: u64) -> Diagnostic<'a> {
        Diagnostic { times, ..self }
    }

    /// Whether to colour it by ANSI escapes. Default: no.
    #[must_use]
    pub const fn colored(self, colored: bool) -> Diagnostic<'a> {
        Diagnostic { colored, ..self }
    }

    fn paint(&self, style: Style, text: impl fmt::Display) -> String {
        if self.colored { format!("\x1b[{}m{text}\x1b[0m", style as u8) } else { text.to_string() }
    }

    fn note(
        &self,
        f: &mut fmt::Formatter<'_>,
        title: &str,
        text: impl fmt::Display,
    ) -> fmt::Result {
        let title = self.paint(Style::Bold, format_args!("{title}:"));
        let width = 9 + if self.colored { "\x1b[1m\x1b[0m".len() } else { 0 };
        writeln!(f, "   {} {title:<width$}{text}", self.paint(Style::Blue, "="))
    }
}

#[derive(Clone, Copy)]
enum Style {
    Bold = 1,
    Yellow = 33,
    Blue = 34,
}

impl fmt::Display for Diagnostic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { lint, message, level, action, evidence, .. } = self.finding;
        let bar = self.paint(Style::Blue, "|");
        let kind = self.paint(Style::Yellow, format_args!("warning[{lint}]"));
        writeln!(f, "{kind}: {}", self.paint(Style::Bold, lint.summary()))?;

        let arrow = self.paint(Style::Blue, "-->");
        match &self.finding.client {
            Some(client) => {
                writeln!(f, "  {arrow} client `{}`, built at {}", client.name, client.built_at)?
            }
            None => writeln!(f, "  {arrow} route `{}`", self.finding.route)?,
        }
        write!(f, "   {bar}  {}", self.finding.short_method())?;
        if let Some(server) = self.finding.server {
            write!(f, " {server}")?;
        }
        writeln!(f, " {}", self.finding.route)?;
        if !evidence.as_str().is_empty() {
            writeln!(f, "   {bar}  {evidence}")?;
        }
        let mark = evidence.mark();
        let carets = self.paint(Style::Yellow, "^".repeat(mark.len().max(1)));
        let messages = if self.times == 1 { "" } else { "s" };
        writeln!(
            f,
            "   {bar}  {:1$}{carets} on {2} {message}{messages}",
            "", mark.start, self.times
        )?;

        self.note(f, "seen", self.finding.seen())?;
        self.note(f, "likely", self.finding.likely())?;
        self.note(f, "unknown", self.finding.unknown())?;
        if *action != Action::None {
            self.note(f, "done", action)?;
        }
        if let Some(would) = self.finding.would {
            self.note(f, "preview", format_args!("would {would}"))?;
        }
        let constant = lint.constant();
        let by_policy = if lint.can_fix(*message) && *level < super::Level::Fix {
            format!(", or `.fix(lint::{constant})`")
        } else {
            String::new()
        };
        self.note(f, "fix", format_args!("{}{by_policy}", lint.fix()))?;
        self.note(
            f,
            "accept",
            format_args!("{}: `.allow(lint::{constant}, \"reason\")`", lint.accept()),
        )
    }
}
