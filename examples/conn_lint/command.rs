//! What all commands have in common.

use std::fmt::Display;
use std::io::{self, Write};

use lexopt::{Arg, Parser};

pub(crate) struct Command {
    pub(crate) name: &'static str,
    /// Its name and its arguments.
    pub(crate) usage: &'static str,
    pub(crate) does: &'static str,
    pub(crate) run: fn(&mut Parser, &mut dyn Write) -> Result<Verdict, Failure>,
}

/// What a command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Fine,
}

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Usage(String),
    #[error("can't write: {0}")]
    Output(#[from] io::Error),
}

/// What stands behind a command that has one switch.
pub(crate) struct Arguments {
    pub(crate) values: Vec<String>,
    pub(crate) json: bool,
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
    pub(crate) fn read(parser: &mut Parser) -> Result<Arguments, Failure> {
        let mut arguments = Arguments { values: Vec::new(), json: false };
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Long("json") => arguments.json = true,
                Arg::Value(value) => arguments.values.push(value.to_string_lossy().into_owned()),
                option => return Err(option.unexpected().into()),
            }
        }
        Ok(arguments)
    }
}
