//! `check`: whether the files of a policy are in order.

use lexopt::Parser;
use serde_json::{Map, Value, json};
use tower_conn_lint::Policy;
use tower_conn_lint::lint::Level;
use tower_conn_lint::policy::Query;

use crate::command::{Arguments, Command, Failure, Streams, Verdict};
use crate::files::Files;
use crate::problem::{self, Problem};
use crate::words;

pub(crate) const COMMAND: Command = Command {
    name: "check",
    usage: "check FILE... [--json]",
    does: "whether a policy's files are in order, strictly; the base first",
    details: r#"FILE may be `-`. Errors are all mistakes, unknown lints and keys too; what is below a floor of
a file before it; a cap where the base allows none; an expectation that is over. Warnings, which
pass, are an expectation that ends within 14 days, and a cap below a floor.

--json: {"ok", "problems": [PROBLEM], "more", "lints": {LEVEL: COUNT}, "routes", "expectations"}
PROBLEM: {"severity": "error" or "warning", "kind", "message", "origin": "FILE:LINE:COLUMN",
"file", "line", "column", "against": the same four of what it contradicts, or null}; "more" counts
the problems beyond a hundred, "lints" those that have a level where no route says otherwise.
"#,
    run,
};

fn run(arguments: &mut Parser, streams: &mut Streams<'_>) -> Result<Verdict, Failure> {
    let arguments = Arguments::read(arguments, &[])?;
    let files = Files::read(&arguments.values, streams)?;
    let policy = &files.policy;
    let mut problems = problem::mistakes(policy);
    let more = policy.problems().map_or(0, |problems| problems.more());
    problems.extend(problem::standing(policy));
    let is_fine = problems.iter().all(|problem| problem.is_warning);
    let out = &mut *streams.out;
    if arguments.json {
        let lints = levels(policy).map(|(level, count)| (level.to_owned(), count.into()));
        let lints: Map<_, Value> = lints.collect();
        let found = json!({
            "ok": is_fine,
            "problems": problems.iter().map(Problem::object).collect::<Value>(),
            "more": more,
            "lints": lints,
            "routes": policy.routes().len(),
            "expectations": policy.expectations().len(),
        });
        writeln!(out, "{found:#}")?;
    } else {
        for problem in &problems {
            writeln!(out, "{}", problem.in_files(&files))?;
        }
        let warnings = problems.iter().filter(|problem| problem.is_warning).count();
        let errors = problems.len() - warnings + more;
        match is_fine {
            true => writeln!(out, "ok: {}", holds(policy))?,
            false => writeln!(
                out,
                "{}, {}",
                words::counted(errors, "error"),
                words::counted(warnings, "warning")
            )?,
        }
    }
    Ok(if is_fine { Verdict::Fine } else { Verdict::Problems })
}

/// How many lints have which level where no route says otherwise.
fn levels(policy: &Policy) -> impl Iterator<Item = (&'static str, usize)> {
    let everywhere = policy.effective(&Query::everywhere());
    let count = move |level| everywhere.iter().filter(|lint| lint.level == level).count();
    Level::ALL.into_iter().rev().map(move |level| (level.as_str(), count(level)))
}

fn holds(policy: &Policy) -> String {
    let lints: usize = levels(policy).map(|(_, count)| count).sum();
    let levels = levels(policy).filter(|(_, count)| *count > 0);
    let levels: Vec<_> = levels.map(|(level, count)| format!("{level} {count}")).collect();
    format!(
        "{} ({}), {}, {}",
        words::counted(lints, "lint"),
        levels.join(", "),
        words::counted(policy.routes().len(), "route"),
        words::counted(policy.expectations().len(), "expectation"),
    )
}
