//! What is wrong with a policy, as all commands tell it.

use std::fmt;
use std::io::Write;
use std::time::SystemTime;

use serde_json::{Value, json};
use tower_conn_lint::Policy;
use tower_conn_lint::policy::{
    Day, DecidedBy, ExpectationState, KnownViolation, Origin, PolicyError, Query,
};

use crate::command::{Failure, Verdict};
use crate::files::Files;

pub(crate) struct Problem {
    /// Whether a policy that has it passes.
    pub(crate) is_warning: bool,
    kind: &'static str,
    message: String,
    origin: Origin,
    /// What it contradicts.
    against: Option<Origin>,
}

/// A problem as a compiler tells it.
pub(crate) struct Diagnostic<'a> {
    problem: &'a Problem,
    files: &'a Files,
}

/// The mistakes in a policy's files.
pub(crate) fn mistakes(policy: &Policy) -> Vec<Problem> {
    policy.problems().into_iter().flatten().map(Problem::mistake).collect()
}

/// What is not as it should stay, though it is written as it should be.
pub(crate) fn standing(policy: &Policy) -> Vec<Problem> {
    let today = Day::of(SystemTime::now());
    let ends = policy.expectations().filter_map(|known| Problem::ending(known, today));
    Problem::capped(policy).into_iter().chain(ends).collect()
}

/// Of a command that leaves mistakes out, and does what it was asked for.
pub(crate) fn verdict(mistakes: &[Problem]) -> Verdict {
    if mistakes.is_empty() { Verdict::Fine } else { Verdict::Problems }
}

/// The same for people.
pub(crate) fn write_left_out(mistakes: &[Problem], out: &mut dyn Write) -> Result<(), Failure> {
    if !mistakes.is_empty() {
        writeln!(out, "\nleft out, as in a service that runs:")?;
    }
    mistakes.iter().try_for_each(|mistake| Ok(writeln!(out, "{mistake}")?))
}

// === impl Problem ===

impl Problem {
    /// Strict: what a running service only warns of is an error.
    fn mistake(error: &PolicyError) -> Problem {
        Problem {
            is_warning: false,
            kind: error.kind().as_str(),
            message: error.message().to_owned(),
            origin: error.origin().clone(),
            against: error.other().cloned(),
        }
    }

    fn ending(known: &KnownViolation, today: Day) -> Option<Problem> {
        let state = known.state(today);
        let says = match state {
            ExpectationState::ExpiresSoon => "ends soon",
            ExpectationState::Expired => "is over: mend it, or give it another day",
            _ => return None,
        };
        Some(Problem {
            is_warning: state == ExpectationState::ExpiresSoon,
            kind: state.as_str(),
            message: format!("the expectation of {known} {says}"),
            origin: known.origin.clone(),
            against: None,
        })
    }

    /// An incident may need it, so it passes.
    fn capped(policy: &Policy) -> Option<Problem> {
        let lints: Vec<_> = policy.capped_floors().iter().map(|lint| format!("`{lint}`")).collect();
        let everywhere = policy.effective(&Query::everywhere());
        let cap = everywhere.iter().find(|level| level.by == DecidedBy::Cap)?;
        (!lints.is_empty()).then(|| Problem {
            is_warning: true,
            kind: "capped-floor",
            message: format!(
                "the cap `{}` lies below the floor of {}",
                policy.cap(),
                lints.join(", ")
            ),
            origin: cap.origin.clone(),
            against: None,
        })
    }

    pub(crate) fn in_files<'a>(&'a self, files: &'a Files) -> Diagnostic<'a> {
        Diagnostic { problem: self, files }
    }

    /// For programs.
    pub(crate) fn object(&self) -> Value {
        let mut object = place(&self.origin);
        object["severity"] = self.severity().into();
        object["kind"] = self.kind.into();
        object["message"] = self.message.clone().into();
        object["against"] = self.against.as_ref().map(place).into();
        object
    }

    fn severity(&self) -> &'static str {
        if self.is_warning { "warning" } else { "error" }
    }
}

/// In one line.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.origin, self.severity(), self.message)?;
        self.against.as_ref().map_or(Ok(()), |against| write!(f, " ({against})"))
    }
}

// === impl Diagnostic ===

impl fmt::Display for Diagnostic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Diagnostic { problem, files } = self;
        let Problem { kind, message, origin, against, .. } = problem;
        writeln!(f, "{}[{kind}]: {message}", problem.severity())?;
        writeln!(f, "  --> {origin}")?;
        write!(f, "{}", origin.excerpt(&files.source(origin)))?;
        let Some(against) = against else { return Ok(()) };
        writeln!(f, "   = note: against {against}")?;
        write!(f, "{}", against.excerpt(&files.source(against)))
    }
}

fn place(origin: &Origin) -> Value {
    let (line, column) = origin.line_column().unzip();
    json!({
        "origin": origin.to_string(),
        "file": origin.file_name(),
        "line": line,
        "column": column,
    })
}
