use std::fmt;

use super::{Action, Finding, Label, Level};

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

#[derive(Clone, Copy)]
enum Style {
    Bold = 1,
    Red = 31,
    Yellow = 33,
    Blue = 34,
}

/// Where the text of a note begins, and where it is wrapped.
const INDENT: usize = "   = unknown: ".len();
const WIDTH: usize = 100;

// === impl Diagnostic ===

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
        write!(f, "   {} {title:<width$}", self.paint(Style::Blue, "="))?;
        let mut column = INDENT;
        for word in text.to_string().split(' ') {
            let length = word.chars().count();
            if column == INDENT {
                column += length;
            } else if column + 1 + length > WIDTH {
                write!(f, "\n{:INDENT$}", "")?;
                column = INDENT + length;
            } else {
                f.write_str(" ")?;
                column += 1 + length;
            }
            f.write_str(word)?;
        }
        writeln!(f)
    }
}

impl fmt::Display for Diagnostic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { lint, message, level, action, evidence, .. } = self.finding;
        let bar = self.paint(Style::Blue, "|");
        let kind = match (action, level) {
            (Action::Denied, _) => self.paint(Style::Red, format_args!("error[{lint}]")),
            (_, Level::Allow) => self.paint(Style::Blue, format_args!("allowed[{lint}]")),
            _ => self.paint(Style::Yellow, format_args!("warning[{lint}]")),
        };
        writeln!(f, "{kind}: {}", self.paint(Style::Bold, lint.summary()))?;

        let arrow = self.paint(Style::Blue, "-->");
        match &self.finding.client {
            Some(client) => {
                write!(f, "  {arrow} client `{}`, built at {}", client.name, client.built_at)?
            }
            None => write!(f, "  {arrow} route `{}`", self.finding.route)?,
        }
        if let Some(caller) = &self.finding.caller {
            write!(f, ", called by {caller}")?;
        }
        writeln!(f)?;
        write!(f, "   {bar}  {}", self.finding.short_method())?;
        if let Some(server) = self.finding.server {
            write!(f, " {server}")?;
        }
        if self.finding.route != Label::OTHER {
            write!(f, " {}", self.finding.route)?;
        }
        writeln!(f)?;
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
        let by_policy = if lint.can_fix(*message) && *level < Level::Fix {
            format!(", or `.fix(lint::{constant})`")
        } else {
            String::new()
        };
        self.note(f, "fix", format_args!("{}{by_policy}", lint.fix()))?;
        self.note(
            f,
            "accept",
            format_args!("`.allow(lint::{constant}, \"reason\")` if {}", lint.accept()),
        )
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, Method, Version, header};

    use super::*;
    use crate::lint::{self, Evidence, Message};

    fn finding(route: Label, caller: Option<&str>) -> Finding {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONNECTION, HeaderValue::from_static("te, close"));
        Finding {
            lint: lint::CALLER_SENDS_CLOSE,
            message: Message::ReceivedRequest,
            level: Level::Warn,
            action: Action::None,
            would: None,
            reason: None,
            method: Method::POST,
            route,
            client: None,
            server: None,
            caller: caller.map(Into::into),
            version: Some(Version::HTTP_11),
            evidence: Evidence::of(lint::CALLER_SENDS_CLOSE, &headers),
        }
    }

    #[test]
    fn it_reads_like_a_compiler_and_names_the_caller() {
        let finding = finding(Label::new("/v1/login"), Some("192.0.2.1"));
        let text = r#"
warning[caller-sends-close]: the caller asks to close after its request
  --> route `/v1/login`, called by 192.0.2.1
   |  POST /v1/login
   |  connection: te, close
   |                  ^^^^^ on 430 received requests
   = seen:    `connection: te, close` in the HTTP/1.1 received request
   = likely:  the caller opens a connection for each request
   = unknown: who closes first
   = fix:     switch keep-alive on in the caller: nothing that this server answers can undo its
              `close`
   = accept:  `.allow(lint::CALLER_SENDS_CLOSE, "reason")` if the caller is a command-line tool or a
              check that sends one request
"#;
        let shown = Diagnostic::new(&finding).times(430).to_string();
        assert_eq!(shown, text.trim_start_matches('\n'));
    }

    #[test]
    fn colours_change_no_text_and_no_column() {
        let finding = finding(Label::new("/v1/login"), None);
        let plain = Diagnostic::new(&finding).to_string();
        let colored = Diagnostic::new(&finding).colored(true).to_string();
        let stripped = ["1", "33", "34", "0"]
            .iter()
            .fold(colored, |text, code| text.replace(&format!("\x1b[{code}m"), ""));
        assert_eq!(stripped, plain);
    }

    #[test]
    fn a_path_that_no_route_names_is_not_shown_as_a_path() {
        let text = Diagnostic::new(&finding(Label::OTHER, None)).to_string();
        assert!(text.contains("   |  POST\n"), "`other` is no path: {text}");
    }
}
