//! `diff`: what changes from one policy to another.

use std::ffi::OsString;
use std::io::Write;

use lexopt::Parser;
use serde_json::{Value, json};
use tower_conn_lint::policy::{Change, CureChange, Spread};

use crate::command::{Arguments, Command, Failure, Streams, Verdict};
use crate::files::Files;
use crate::problem::{self, Problem};
use crate::seen::Seen;
use crate::touched::Touched;

pub(crate) const COMMAND: Command = Command {
    name: "diff",
    usage: "diff OLD NEW [--snapshot FILE] [--json]",
    does: "which lints and cures change, on which routes, and how many requests the lints touch",
    details: r#"OLD and NEW are one file each, or several joined by commas, the base first; one may be `-`.
A route that one of them lacks is compared with what holds there in its stead. Previews, bounds,
excluded paths and expectations are not compared. Mistakes are left out, and told at the end.
The snapshot is `ConnLint::snapshot()` as JSON. It counts by path and by upstream, so that a change
on a method or on a part of the paths touches "at most" as many.

--json: {"changes": [{"route": null where none is, "lint", "from": ROLLOUT, "to": ROLLOUT}],
"cures": [{"route", "cure", "from": as in a file or null for off, "to"}],
"touched": null or {"window" in seconds, "requests", "at_least", "at_most", "routes": [{"side",
"route": or the upstream, "client": or null, "requests", "at_least", "at_most"}]}, "problems": as
`check` has them}; ROLLOUT: {"level", "share" of the instances or null for all, "outside": ROLLOUT
of the others, null where that is no more than `warn`}.
"#,
    run,
};

fn run(arguments: &mut Parser, streams: &mut Streams<'_>) -> Result<Verdict, Failure> {
    let arguments = Arguments::read(arguments, &["snapshot"])?;
    let [old, new] = &arguments.values[..] else {
        return Err(Failure::usage("name two policies: files joined by commas, the base first"));
    };
    let seen = arguments.option("snapshot").map(|path| Seen::read(path)).transpose()?;
    let mut read = |side| Files::read(&joined(side), streams)?.all_readable();
    let (Files { policy: old, .. }, Files { policy: new, .. }) = (read(old)?, read(new)?);

    let (changes, cures) = (old.diff(&new), old.diff_cures(&new));
    let touched = seen.map(|seen| Touched::new(&old, &new, seen));
    let problems: Vec<_> = [&old, &new].into_iter().flat_map(problem::mistakes).collect();
    if arguments.json {
        let object = json!({
            "changes": changes.iter().map(object).collect::<Value>(),
            "cures": cures.iter().map(cure).collect::<Value>(),
            "touched": touched.as_ref().map(Touched::object),
            "problems": problems.iter().map(Problem::object).collect::<Value>(),
        });
        writeln!(streams.out, "{object:#}")?;
    } else {
        write(&changes, streams.out)?;
        write_cures(&cures, streams.out)?;
        if let Some(touched) = touched {
            write!(streams.out, "\n{touched}")?;
        }
        problem::write_left_out(&problems, streams.out)?;
    }
    Ok(problem::verdict(&problems))
}

/// Files that are joined by commas; a name that is no text stands for itself.
fn joined(side: &OsString) -> Vec<OsString> {
    let files = side.to_str().map(|text| text.split(',').map(OsString::from).collect());
    files.unwrap_or_else(|| vec![side.clone()])
}

/// Each route once, and below it what changes there, but for what changes everywhere alike.
fn write(changes: &[Change], out: &mut dyn Write) -> Result<(), Failure> {
    if changes.is_empty() {
        writeln!(out, "no lint changes")?;
    }
    let is_same = |one: &Change, other: &Change| {
        (one.lint, &one.from, &one.to) == (other.lint, &other.from, &other.to)
    };
    let everywhere: Vec<_> = changes.iter().take_while(|change| change.route.is_none()).collect();
    let own = |change: &&Change| {
        change.route.is_none() || !everywhere.iter().any(|of_all| is_same(of_all, change))
    };
    let changes: Vec<_> = changes.iter().filter(own).collect();
    let width = changes.iter().map(|change| change.lint.name().len()).max().unwrap_or(0);
    for changes in changes.chunk_by(|one, next| one.route == next.route) {
        match &changes[0].route {
            Some(route) => writeln!(out, "{route}")?,
            None => writeln!(out, "where no route says otherwise")?,
        }
        for Change { lint, from, to, .. } in changes {
            writeln!(out, "  {lint:<width$}  {from} -> {to}")?;
        }
    }
    Ok(())
}

/// The same of cures.
fn write_cures(changes: &[CureChange], out: &mut dyn Write) -> Result<(), Failure> {
    let everywhere: Vec<_> = changes.iter().take_while(|change| change.route.is_none()).collect();
    let is_same = |one: &CureChange, other: &CureChange| {
        (one.cure, &one.from, &one.to) == (other.cure, &other.from, &other.to)
    };
    let own = |change: &&CureChange| {
        change.route.is_none() || !everywhere.iter().any(|of_all| is_same(of_all, change))
    };
    let changes: Vec<_> = changes.iter().filter(own).collect();
    let width = changes.iter().map(|change| change.cure.as_str().len()).max().unwrap_or(0);
    for changes in changes.chunk_by(|one, next| one.route == next.route) {
        match &changes[0].route {
            Some(route) => writeln!(out, "cures on {route}")?,
            None => writeln!(out, "cures where no route says otherwise")?,
        }
        for CureChange { cure, from, to, .. } in changes {
            let [from, to] = [from, to].map(|terms| terms.as_deref().unwrap_or("off"));
            writeln!(out, "  {:<width$}  {from} -> {to}", cure.as_str())?;
        }
    }
    Ok(())
}

/// As the library's own is with the feature `serde`.
fn object(change: &Change) -> Value {
    fn rollout(of: &Spread) -> Value {
        let outside = of.outside.as_deref().map(rollout);
        json!({ "level": of.level.as_str(), "share": of.share, "outside": outside })
    }
    json!({
        "route": change.route.as_ref().map(ToString::to_string),
        "lint": change.lint.name(),
        "from": rollout(&change.from),
        "to": rollout(&change.to),
    })
}

fn cure(change: &CureChange) -> Value {
    json!({
        "route": change.route.as_ref().map(ToString::to_string),
        "cure": change.cure.as_str(),
        "from": change.from,
        "to": change.to,
    })
}
