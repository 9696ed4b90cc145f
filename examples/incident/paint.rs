//! Colour, where a person looks.

use std::env;
use std::io::{self, IsTerminal};

#[derive(Clone, Copy)]
pub(crate) struct Paint {
    pub(crate) colored: bool,
}

impl Paint {
    /// In colour on a terminal, unless `NO_COLOR` says otherwise.
    pub(crate) fn of_stdout() -> Paint {
        let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Paint { colored: io::stdout().is_terminal() && !refused }
    }

    pub(crate) fn bold(self, text: impl AsRef<str>) -> String {
        let text = text.as_ref();
        if self.colored { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }
}
