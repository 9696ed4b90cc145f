//! What all commands have in common.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, Read, Write};

use lexopt::{Arg, Parser};

pub(crate) struct Command {
    pub(crate) name: &'static str,
    /// Its name and its arguments.
    pub(crate) usage: &'static str,
    pub(crate) does: &'static str,
    /// What else is to be said of it, and the shape of its JSON; empty or whole lines.
    pub(crate) details: &'static str,
    pub(crate) run: fn(&mut Parser, &mut Streams<'_>) -> Result<Verdict, Failure>,
}

/// What a command reads, where it is told to, and writes.
pub(crate) struct Streams<'a> {
    /// Nothing once it was read.
    pub(crate) input: Option<&'a mut dyn Read>,
    pub(crate) out: &'a mut dyn Write,
}

/// What a command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Fine,
    /// It was done, and what it was asked about is not in order.
    Problems,
}

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Usage(String),
    #[error("can't write: {0}")]
    Output(#[from] io::Error),
}

/// What stands behind a command.
pub(crate) struct Arguments {
    pub(crate) values: Vec<OsString>,
    pub(crate) json: bool,
    options: BTreeMap<&'static str, OsString>,
}

// === impl Failure ===

impl Failure {
    pub(crate) fn usage(text: impl Display) -> Failure {
        Failure::Usage(text.to_string())
    }
}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Failure {
        Failure::usage(error)
    }
}

// === impl Arguments ===

impl Arguments {
    /// Reads all that is left; `options` are those that have a value.
    pub(crate) fn read(
        parser: &mut Parser,
        options: &[&'static str],
    ) -> Result<Arguments, Failure> {
        let mut arguments = Arguments { values: Vec::new(), json: false, options: BTreeMap::new() };
        while let Some(argument) = parser.next()? {
            let known = match &argument {
                Arg::Long(name) => options.iter().find(|option| *option == name),
                _ => None,
            };
            match (known, argument) {
                (Some(option), _) => {
                    if arguments.options.insert(option, parser.value()?).is_some() {
                        return Err(Failure::usage(format_args!("`--{option}` is there twice")));
                    }
                }
                (None, Arg::Long("json")) => arguments.json = true,
                (None, Arg::Value(value)) => arguments.values.push(value),
                (None, option) => return Err(option.unexpected().into()),
            }
        }
        Ok(arguments)
    }

    /// The value of an option.
    pub(crate) fn option(&self, name: &str) -> Option<&OsString> {
        self.options.get(name)
    }

    /// The value of an option that is no path.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.option(name).map(|value| value.to_string_lossy().into_owned())
    }
}
