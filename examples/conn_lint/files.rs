//! Policy files that are named on the command line.

use std::ffi::OsString;
use std::fs;
use std::io::Read;

use tower_conn_lint::Policy;
use tower_conn_lint::policy::{Origin, PolicyErrorKind};

use crate::command::{Failure, Streams};

/// The name of what is read from standard input, where a file is called `-`.
const INPUT: &str = "<stdin>";

/// The longest file in bytes; one byte more is refused by the library, with its words.
const LONGEST: u64 = 1 << 20;

/// What was read: what can be read holds, as in a service that starts.
pub(crate) struct Files {
    pub(crate) policy: Policy,
    input: Option<String>,
}

// === impl Files ===

impl Files {
    /// The base first.
    pub(crate) fn read(paths: &[OsString], streams: &mut Streams<'_>) -> Result<Files, Failure> {
        if paths.is_empty() {
            return Err(Failure::usage("name the policy's files, the base first"));
        }
        let (mut stack, mut input) = (Policy::stack(), None);
        for path in paths {
            stack = if path == "-" {
                let text = read_input(streams)?;
                input = Some(text.clone());
                stack.text(INPUT, text)
            } else {
                stack.file(path)
            };
        }
        // Logs nothing: no one listens, and the commands tell mistakes by themselves.
        Ok(Files { policy: stack.load_or_builtin(), input })
    }

    /// For commands that tell nothing right without one of the files.
    pub(crate) fn all_readable(self) -> Result<Files, Failure> {
        let mut problems = self.policy.problems().into_iter().flatten();
        match problems.find(|problem| problem.kind() == PolicyErrorKind::Unreadable) {
            Some(problem) => Err(Failure::usage(problem)),
            None => Ok(self),
        }
    }

    /// The text in which something stands; empty where it can't be read a second time.
    pub(crate) fn source(&self, origin: &Origin) -> String {
        match (origin.file_name(), &self.input) {
            (Some(INPUT), Some(input)) => input.clone(),
            // A pipe gives its text once, and would be waited for.
            (Some(name), _) if fs::metadata(name).is_ok_and(|it| it.is_file()) => {
                fs::read_to_string(name).unwrap_or_default()
            }
            _ => String::new(),
        }
    }
}

fn read_input(streams: &mut Streams<'_>) -> Result<String, Failure> {
    let input = streams.input.take();
    let input = input.ok_or_else(|| Failure::usage("`-` can be read once only"))?;
    let mut bytes = Vec::new();
    let read = input.take(LONGEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::usage(format_args!("{INPUT}: can't be read: {error}")))?;
    let is_whole = bytes.len() as u64 <= LONGEST;
    match String::from_utf8(bytes) {
        Err(_) if is_whole => Err(Failure::usage(format_args!("{INPUT}: not UTF-8"))),
        // It may have been cut within a character, and is refused for its length.
        Err(error) => Ok(String::from_utf8_lossy(error.as_bytes()).into_owned()),
        Ok(text) => Ok(text),
    }
}
