//! `list`: all lints, a line each.

use std::io::Write;

use lexopt::Parser;
use serde_json::Value;
use tower_conn_lint::Preset;
use tower_conn_lint::lint;

use crate::command::{Arguments, Command, Failure, Streams, Verdict};
use crate::entry;

pub(crate) const COMMAND: Command = Command {
    name: "list",
    usage: "list [--json]",
    does: "all lints, and the level of each in each preset",
    details: "",
    run,
};

fn run(arguments: &mut Parser, streams: &mut Streams<'_>) -> Result<Verdict, Failure> {
    let Arguments { values, json, .. } = Arguments::read(arguments, &[])?;
    if let [first, ..] = &values[..] {
        let first = first.to_string_lossy();
        return Err(Failure::usage(format_args!("`list` takes no `{first}`")));
    }
    match json {
        true => writeln!(streams.out, "{:#}", Value::from_iter(lint::all().map(entry::object)))?,
        false => write(streams.out)?,
    }
    Ok(Verdict::Fine)
}

fn write(out: &mut dyn Write) -> Result<(), Failure> {
    let width = lint::all().map(|lint| lint.name().len()).max().unwrap_or(0);
    let [observe, recommended, strict] = Preset::ALL.map(Preset::as_str);
    writeln!(out, "{:<width$}  {observe}  {recommended}  {strict}  fires when", "lint")?;
    for lint in lint::all() {
        write!(out, "{lint:<width$}")?;
        for (preset, level) in entry::levels(lint) {
            write!(out, "  {level:<0$}", preset.len())?;
        }
        writeln!(out, "  {}", lint.summary())?;
    }
    Ok(())
}
