use std::{fmt, iter};

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

    /// On how many messages, connections or windows it was seen. Default: 1.
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

    /// The line of a message's head, and the mark under it.
    fn message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { place, evidence, .. } = self.finding;
        let bar = self.paint(Style::Blue, "|");
        writeln!(f, "   {bar}  {}", self.request())?;
        if !evidence.as_str().is_empty() {
            writeln!(f, "   {bar}  {evidence}")?;
        }
        let mark = evidence.mark();
        let carets = self.paint(Style::Yellow, "^".repeat(mark.len().max(1)));
        let places = if self.times == 1 { place.as_str() } else { place.plural() };
        writeln!(f, "   {bar}  {:1$}{carets} on {2} {places}", "", mark.start, self.times)
    }

    /// Which connection or window it is: what was seen of it is a sentence, for the notes.
    fn connection(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { place, connection, request, .. } = self.finding;
        let bar = self.paint(Style::Blue, "|");
        let which = match (connection, request) {
            (Some(connection), Some(request)) => {
                format!("connection {connection}, request {request}")
            }
            (Some(connection), None) => format!("connection {connection}"),
            (None, _) => place.to_string(),
        };
        let about = match self.request() {
            none if none.is_empty() => none,
            request => format!(": {request}"),
        };
        writeln!(f, "   {bar}  {which}{about}")?;
        if self.times > 1 {
            writeln!(f, "   {bar}  and on {} other {}", self.times - 1, place.plural())?;
        }
        Ok(())
    }

    /// The method, the upstream and the route, as far as they are known.
    fn request(&self) -> String {
        let route = Some(self.finding.route).filter(|route| *route != Label::OTHER);
        let words = [
            self.finding.short_method(),
            self.finding.server.map(Label::as_str),
            route.map(Label::as_str),
        ];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    fn note(
        &self,
        f: &mut fmt::Formatter<'_>,
        title: &str,
        text: impl fmt::Display,
    ) -> fmt::Result {
        let title = self.paint(Style::Bold, format_args!("{title}:"));
        let width = 9 + if self.colored { "\x1b[1m\x1b[0m".len() } else { 0 };
        let bullet = self.paint(Style::Blue, "=");
        writeln!(f, "   {bullet} {title:<width$}{}", wrapped(&text.to_string()))
    }
}

impl fmt::Display for Diagnostic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { lint, place, level, action, .. } = self.finding;
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
        match place.message() {
            Some(_) => self.message(f)?,
            None => self.connection(f)?,
        }

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
        let by_policy = if lint.can_fix(*place) && *level < Level::Fix {
            format!(", or `.fix(lint::{constant})`")
        } else {
            String::new()
        };
        self.note(f, "fix", format_args!("{}{by_policy}", self.finding.fix()))?;
        self.note(
            f,
            "accept",
            format_args!("`.allow(lint::{constant}, \"reason\")` if {}", lint.accept()),
        )
    }
}

/// The text of a note, on as many lines as it needs.
pub(crate) fn wrapped(text: &str) -> String {
    let mut lines = String::with_capacity(text.len());
    let mut column = INDENT;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column == INDENT {
            column += length;
        } else if column + 1 + length > WIDTH {
            lines.push('\n');
            lines.extend(iter::repeat_n(' ', INDENT));
            column = INDENT + length;
        } else {
            lines.push(' ');
            column += 1 + length;
        }
        lines.push_str(word);
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::panic::Location;

    use http::{HeaderMap, HeaderValue, Method, Version, header};

    use super::*;
    use crate::lint::{self, Client, Evidence, Place};

    fn finding(route: Label, caller: Option<&str>) -> Finding {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONNECTION, HeaderValue::from_static("te, close"));
        let (lint, place) = (lint::CALLER_SENDS_CLOSE, Place::ReceivedRequest);
        Finding {
            method: Some(Method::POST),
            route,
            caller: caller.map(Into::into),
            version: Some(Version::HTTP_11),
            evidence: Evidence::of(lint, &headers),
            ..Finding::new(lint, place, Level::Warn, None)
        }
    }

    fn on_connection() -> Finding {
        let (lint, place) = (lint::UNREAD_REQUEST_BODY, Place::InboundConnection);
        Finding {
            method: Some(Method::POST),
            route: Label::new("/upload"),
            caller: Some("192.0.2.7".into()),
            connection: Some(17),
            request: Some(3),
            evidence: Evidence::text(
                "closed here 0.2 ms after the response, 65536 bytes of the request unread",
            ),
            ours: true,
            ..Finding::new(lint, place, Level::Warn, None)
        }
    }

    fn in_window() -> Finding {
        let (lint, place) = (lint::POOL_TOO_SMALL, Place::OutboundWindow);
        Finding {
            client: Some(Client { name: Label::new("gateway"), built_at: Location::caller() }),
            server: Some(Label::new("gateway:443")),
            evidence: Evidence::text("96 dials in 60 s, 80 of them for bursts of 8"),
            help: Some("set `pool_max_idle_per_host(8)`".into()),
            ours: true,
            ..Finding::new(lint, place, Level::Warn, None)
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
    fn of_a_connection_it_tells_which_and_what_was_seen_of_it() {
        let text = r#"
warning[unread-request-body]: the handler answered without reading the request's body, and the connection ended for it
  --> route `/upload`, called by 192.0.2.7
   |  connection 17, request 3: POST /upload
   |  and on 11 other connections of callers
   = seen:    closed here 0.2 ms after the response, 65536 bytes of the request unread
"#;
        let shown = Diagnostic::new(&on_connection()).times(12).to_string();
        assert!(shown.starts_with(text.trim_start_matches('\n')), "{shown}");
        assert!(!shown.contains("version"), "a connection's finding waits for no version: {shown}");

        let unnumbered = Finding { connection: None, method: None, ..on_connection() };
        let shown = Diagnostic::new(&unnumbered).to_string();
        assert!(shown.contains("   |  connection of a caller: /upload\n   = seen: "), "{shown}");
    }

    #[test]
    fn of_a_window_it_tells_the_upstream_and_the_change_for_this_very_case() {
        let shown = Diagnostic::new(&in_window()).to_string();
        for part in [
            "  --> client `gateway`, built at src/lint/diagnostic.rs:",
            "   |  window of outbound requests: gateway:443\n",
            "   = seen:    96 dials in 60 s, 80 of them for bursts of 8\n",
            "   = fix:     set `pool_max_idle_per_host(8)`\n",
        ] {
            assert!(shown.contains(part), "{part} is missing in\n{shown}");
        }
        let seen = Finding { evidence: Evidence::default(), ..in_window() }.seen();
        let summary = lint::POOL_TOO_SMALL.summary();
        assert_eq!(seen, format!("window of outbound requests: {summary}"));
    }

    #[test]
    fn colours_change_no_text_and_no_column() {
        for finding in [finding(Label::new("/v1/login"), None), on_connection(), in_window()] {
            let plain = Diagnostic::new(&finding).to_string();
            let colored = Diagnostic::new(&finding).colored(true).to_string();
            let stripped = ["1", "33", "34", "0"]
                .iter()
                .fold(colored, |text, code| text.replace(&format!("\x1b[{code}m"), ""));
            assert_eq!(stripped, plain);
        }
    }

    #[test]
    fn a_path_that_no_route_names_is_not_shown_as_a_path() {
        let text = Diagnostic::new(&finding(Label::OTHER, None)).to_string();
        assert!(text.contains("   |  POST\n"), "`other` is no path: {text}");
    }
}
