use std::fmt;

use crate::lint::{Client, Diagnostic, wrapped};

use super::kept::Fired;

/// An assertion that doesn't hold, told as a [`Diagnostic`] is.
#[derive(Debug)]
pub(super) struct Failure {
    assertion: &'static str,
    headline: String,
    client: Option<Client>,
    notes: Vec<(&'static str, String)>,
    diagnostics: String,
}

// === impl Failure ===

impl Failure {
    pub(super) fn new(assertion: &'static str, headline: String) -> Failure {
        Failure { assertion, headline, client: None, notes: Vec::new(), diagnostics: String::new() }
    }

    pub(super) fn of(self, client: Option<Client>) -> Failure {
        Failure { client, ..self }
    }

    pub(super) fn seen(self, text: impl Into<String>) -> Failure {
        self.note("seen", text)
    }

    pub(super) fn likely(self, text: impl Into<String>) -> Failure {
        self.note("likely", text)
    }

    pub(super) fn unknown(self, text: impl Into<String>) -> Failure {
        self.note("unknown", text)
    }

    pub(super) fn fix(self, text: impl Into<String>) -> Failure {
        self.note("fix", text)
    }

    pub(super) fn accept(self, text: impl Into<String>) -> Failure {
        self.note("accept", text)
    }

    /// A lint that fired, whole.
    pub(super) fn with(mut self, fired: &Fired) -> Failure {
        let diagnostic = Diagnostic::new(&fired.finding).times(fired.times);
        self.diagnostics += &format!("\n{diagnostic}");
        self
    }

    fn note(mut self, title: &'static str, text: impl Into<String>) -> Failure {
        self.notes.push((title, text.into()));
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure { assertion, headline, client, notes, diagnostics } = self;
        writeln!(f, "error[{assertion}]: {headline}")?;
        if let Some(client) = client {
            writeln!(f, "  --> client `{}`, built at {}", client.name, client.built_at)?;
        }
        for (title, text) in notes {
            writeln!(f, "   = {:<9}{}", format!("{title}:"), wrapped(text))?;
        }
        f.write_str(diagnostics)
    }
}
