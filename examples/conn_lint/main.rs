//! What the lints are.
//!
//! ```sh
//! cargo run --example conn_lint --features full -- explain low-reuse
//! cargo run --example conn_lint --features full -- list --json
//! ```
#![expect(clippy::print_stderr, reason = "a program for a terminal")]

mod command;
mod entry;
mod explain;
mod list;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::{env, fmt};

use lexopt::Arg;

use crate::command::{Command, Failure, Verdict};

/// A file each, in the order in which help lists them.
const COMMANDS: [Command; 2] = [explain::COMMAND, list::COMMAND];

struct Help;

fn main() -> ExitCode {
    let code = match run(env::args_os().skip(1), &mut io::stdout().lock()) {
        Ok(Verdict::Fine) => 0,
        Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => 0,
        Err(failure) => {
            eprintln!("conn_lint: {failure}");
            2
        }
    };
    ExitCode::from(code)
}

fn run(arguments: impl Iterator<Item = OsString>, out: &mut dyn Write) -> Result<Verdict, Failure> {
    let arguments: Vec<_> = arguments.collect();
    if arguments.iter().any(|argument| argument == "-h" || argument == "--help") {
        write!(out, "{Help}")?;
        return Ok(Verdict::Fine);
    }
    let mut arguments = lexopt::Parser::from_args(arguments);
    let name = match arguments.next()? {
        Some(Arg::Value(name)) => name,
        Some(Arg::Short('V') | Arg::Long("version")) => {
            writeln!(out, "conn_lint {}", env!("CARGO_PKG_VERSION"))?;
            return Ok(Verdict::Fine);
        }
        Some(option) => return Err(option.unexpected().into()),
        None => return Err(Failure::usage(format_args!("a command is missing\n\n{Help}"))),
    };
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        let (name, names) = (name.to_string_lossy(), COMMANDS.map(|command| command.name));
        let text = format_args!("no command `{name}`: there are {}", names.join(", "));
        return Err(Failure::usage(text));
    };
    (command.run)(&mut arguments, out)
}

// === impl Help ===

impl fmt::Display for Help {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("What the lints of tower-conn-lint are.\n\nusage: conn_lint COMMAND\n\n")?;
        for Command { usage, does, .. } in COMMANDS {
            writeln!(f, "  {usage:<24}{does}")?;
        }
        f.write_str("\nexit codes: 0 fine, 1 problems were found, 2 what was asked can't be done\n")
    }
}
