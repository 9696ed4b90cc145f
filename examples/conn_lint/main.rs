//! What the lints are, and what a policy says of them.
//!
//! ```sh
//! cargo run --example conn_lint --features config -- explain low-reuse
//! cargo run --example conn_lint --features config -- check base-policy.toml conn-lint.toml
//! cargo run --example conn_lint --features config -- check --help
//! ```
#![expect(clippy::print_stderr, reason = "a program for a terminal")]

mod check;
mod command;
mod diff;
mod effective;
mod entry;
mod explain;
mod files;
mod list;
mod paths;
mod problem;
mod schema;
mod seen;
#[cfg(test)]
mod tests;
mod touched;
mod words;

use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::{env, fmt};

use lexopt::Arg;

use crate::command::{Command, Failure, Streams, Verdict};

/// A file each, in the order in which help lists them.
const COMMANDS: [Command; 6] = [
    explain::COMMAND,
    list::COMMAND,
    check::COMMAND,
    effective::COMMAND,
    diff::COMMAND,
    schema::COMMAND,
];

/// Of all commands, or of one.
struct Help(Option<&'static Command>);

/// Takes everything where who reads has had enough: what was found stands all the same.
struct Piped<W>(W);

fn main() -> ExitCode {
    let (mut input, mut out) = (io::stdin().lock(), Piped(io::stdout().lock()));
    let mut streams = Streams { input: Some(&mut input), out: &mut out };
    let code = match run(env::args_os().skip(1), &mut streams) {
        Ok(Verdict::Fine) => 0,
        Ok(Verdict::Problems) => 1,
        Err(failure) => {
            eprintln!("conn_lint: {failure}");
            2
        }
    };
    ExitCode::from(code)
}

fn run(
    arguments: impl Iterator<Item = OsString>,
    streams: &mut Streams<'_>,
) -> Result<Verdict, Failure> {
    let arguments: Vec<_> = arguments.collect();
    let find = |name: &OsString| COMMANDS.iter().find(|command| command.name == name);
    if arguments.iter().any(|argument| argument == "-h" || argument == "--help") {
        write!(streams.out, "{}", Help(arguments.first().and_then(find)))?;
        return Ok(Verdict::Fine);
    }
    let mut arguments = lexopt::Parser::from_args(arguments);
    let name = match arguments.next()? {
        Some(Arg::Value(name)) => name,
        Some(Arg::Short('V') | Arg::Long("version")) => {
            writeln!(streams.out, "conn_lint {}", env!("CARGO_PKG_VERSION"))?;
            return Ok(Verdict::Fine);
        }
        Some(option) => return Err(option.unexpected().into()),
        None => {
            return Err(Failure::usage(format_args!("a command is missing\n\n{}", Help(None))));
        }
    };
    let Some(command) = find(&name) else {
        let (name, names) = (name.to_string_lossy(), COMMANDS.map(|command| command.name));
        let text = format_args!("no command `{name}`: there are {}", names.join(", "));
        return Err(Failure::usage(text));
    };
    (command.run)(&mut arguments, streams)
}

// === impl Help ===

impl fmt::Display for Help {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Command { usage, does, details, .. }) = self.0 {
            writeln!(f, "usage: conn_lint {usage}\n\n{does}")?;
            return if details.is_empty() { Ok(()) } else { write!(f, "\n{details}") };
        }
        writeln!(f, "What the lints of tower-conn-lint are, and what a policy says of them.\n")?;
        writeln!(f, "usage: conn_lint COMMAND\n")?;
        for Command { usage, does, .. } in COMMANDS {
            writeln!(f, "  {usage}\n      {does}")?;
        }
        writeln!(f, "\n`--json` is for programs; its shape is told by `conn_lint COMMAND --help`")?;
        writeln!(f, "exit codes: 0 fine, 1 problems were found, 2 what was asked can't be done")
    }
}

// === impl Piped ===

impl<W: Write> Write for Piped<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(bytes.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
