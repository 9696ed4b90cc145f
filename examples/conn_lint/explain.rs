//! `explain`: everything that is to be said of a lint.

use std::io::Write;

use lexopt::Parser;
use tower_conn_lint::lint::Lint;
use tower_conn_lint::policy::LintName;

use crate::command::{Arguments, Command, Failure, Streams, Verdict};
use crate::entry;

pub(crate) const COMMAND: Command = Command {
    name: "explain",
    usage: "explain LINT [--json]",
    does: "everything that is to be said of a lint",
    details: "",
    run,
};

/// Of a line, in columns.
const WIDTH: usize = 100;

/// Where texts begin.
const INDENT: usize = 17;

fn run(arguments: &mut Parser, streams: &mut Streams<'_>) -> Result<Verdict, Failure> {
    let Arguments { values, json, .. } = Arguments::read(arguments, &[])?;
    let [name] = &values[..] else {
        return Err(Failure::usage("name one lint: `conn_lint list` shows all"));
    };
    let lint =
        LintName::from(name.to_string_lossy().into_owned()).resolve().map_err(Failure::usage)?;
    match json {
        true => writeln!(streams.out, "{:#}", entry::object(lint))?,
        false => write(lint, streams.out)?,
    }
    Ok(Verdict::Fine)
}

fn write(lint: Lint, out: &mut dyn Write) -> Result<(), Failure> {
    let levels: Vec<_> =
        entry::levels(lint).map(|(preset, level)| format!("{preset}: {level}")).collect();
    let or_nowhere = |places: Vec<&str>| match places.is_empty() {
        true => "nowhere".to_owned(),
        false => places.join(", "),
    };
    writeln!(out, "{lint}")?;
    for (title, text) in [
        ("fires when", lint.summary()),
        ("why", lint.why()),
        ("looks like", lint.example()),
        ("fix", lint.fix()),
        ("accept it if", lint.accept()),
        ("likely", lint.likely()),
        ("unknown", lint.unknown()),
        ("looked for in", &or_nowhere(entry::places(|place| lint.applies_to(place)))),
        ("fixed in", &or_nowhere(entry::places(|place| lint.can_fix(place)))),
        ("denied in", &or_nowhere(entry::places(|place| lint.can_deny(place)))),
        ("level", &levels.join(", ")),
        ("source", lint.source()),
        ("url", &lint.url()),
    ] {
        writeln!(out, "  {title:<15}{}", wrapped(text))?;
    }
    Ok(())
}

/// The text over lines that begin below each other.
fn wrapped(text: &str) -> String {
    let (mut wrapped, mut column) = (String::new(), INDENT);
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > INDENT {
            if column + 1 + length > WIDTH {
                wrapped += "\n";
                wrapped += &" ".repeat(INDENT);
                column = INDENT;
            } else {
                wrapped.push(' ');
                column += 1;
            }
        }
        wrapped += word;
        column += length;
    }
    wrapped
}
