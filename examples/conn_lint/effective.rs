//! `effective`: what holds for a request, lint by lint, and where that is said.

use std::io::Write;

use lexopt::Parser;
use serde_json::{Value, json};
use tower_conn_lint::connection::Side;
use tower_conn_lint::lint::Lint;
use tower_conn_lint::policy::{
    Effective, EffectiveCure, EffectiveLevel, LintName, PolicyError, Query,
};

use crate::command::{Arguments, Command, Failure, Streams, Verdict};
use crate::files::Files;
use crate::problem::{self, Problem};

pub(crate) const COMMAND: Command = Command {
    name: "effective",
    usage: "effective FILE... [--route REQUEST] [--lint LINT] [--json]",
    does: "what holds for a request under a policy, and where that is said; the base first",
    details: r#"REQUEST is `POST /login` of a caller's, or `POST gateway /v1/x` of the client or host `gateway`;
`/users/{id}` is all of a route. Without one it is what holds where no route does. Mistakes are
left out, as in a service that runs, and told at the end. FILE may be `-`.

--json: {"request", "route": the route that holds or null, "excluded": whether no lint runs there,
"levels": [LEVEL], "problems": as `check` has them}; LEVEL: {"lint", "level", "share" of the
instances or null for all, "outside": LEVEL of the others, null where that is no more than `warn`,
"by": one of preset, lints, route, expectation, floor, cap, "origin", "would": the preview's level
or null}. And "cures": [{"cure", "terms": as in a file or null for off, "by": one of heal, route,
cap, "origin"}] of which the policy says something; none where one lint is asked for.
"#,
    run,
};

fn run(arguments: &mut Parser, streams: &mut Streams<'_>) -> Result<Verdict, Failure> {
    let arguments = Arguments::read(arguments, &["route", "lint"])?;
    let query = match arguments.text("route") {
        Some(route) => query(&route)?,
        None => Query::everywhere(),
    };
    let lint = arguments.text("lint").map(|name| LintName::from(name).resolve()).transpose();
    let lint = lint.map_err(Failure::usage)?;
    let Files { policy, .. } = Files::read(&arguments.values, streams)?.all_readable()?;
    let mut effective = policy.effective(&query);
    effective.levels.retain(|level| lint.is_none_or(|lint| lint == level.lint));
    effective.cures.retain(|_| lint.is_none());
    let problems = problem::mistakes(&policy);
    if arguments.json {
        let object = json!({
            "request": query.to_string(),
            "route": effective.route.as_ref().map(ToString::to_string),
            "excluded": effective.excluded,
            "levels": effective.iter().map(object).collect::<Value>(),
            "cures": effective.cures.iter().map(cure).collect::<Value>(),
            "problems": problems.iter().map(Problem::object).collect::<Value>(),
        });
        writeln!(streams.out, "{object:#}")?;
    } else {
        write(&query, &effective, lint, streams.out)?;
        problem::write_left_out(&problems, streams.out)?;
    }
    Ok(problem::verdict(&problems))
}

/// A request of a caller if it reads as one, else one of a client's; with a parameter, a route's.
fn query(text: &str) -> Result<Query, Failure> {
    let read = |side| match (text.contains('{'), side) {
        (true, side) => Query::route(side, text),
        (false, Side::Inbound) => Query::inbound(text),
        (false, Side::Outbound) => Query::outbound(text),
    };
    let refuse = |inbound: PolicyError, outbound: PolicyError| match inbound == outbound {
        true => Failure::usage(inbound),
        false => Failure::usage(format_args!(
            "no request `{text}`: write `POST /login`, or of a client `POST gateway /v1/x`",
        )),
    };
    read(Side::Inbound)
        .or_else(|inbound| read(Side::Outbound).map_err(|outbound| refuse(inbound, outbound)))
}

fn write(
    query: &Query,
    effective: &Effective,
    lint: Option<Lint>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match &effective.route {
        Some(route) => writeln!(out, "{query}: route `{route}`")?,
        None if *query == Query::everywhere() => writeln!(out, "{query}")?,
        None => writeln!(out, "{query}: no route")?,
    }
    if effective.excluded {
        writeln!(out, "excluded: no lint runs there")?;
    } else if let Some(lint) = lint.filter(|_| effective.levels.is_empty()) {
        writeln!(out, "{lint} is not looked for there")?;
    } else {
        write_rows(effective.iter().map(|level| (level.lint.name(), level)), out)?;
    }
    if !effective.cures.is_empty() {
        writeln!(out, "cures")?;
    }
    write_rows(effective.cures.iter().map(|cure| (cure.cure.as_str(), cure)), out)
}

/// What is said as `name = text`, the texts below each other.
fn write_rows<T: ToString>(
    rows: impl Iterator<Item = (&'static str, T)> + Clone,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let width = rows.clone().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, row) in rows {
        let row = row.to_string();
        let text = row.strip_prefix(name).and_then(|row| row.strip_prefix(" = ")).unwrap_or(&row);
        writeln!(out, "  {name:<width$}  {text}")?;
    }
    Ok(())
}

/// As the library's own is with the feature `serde`.
fn object(level: &EffectiveLevel) -> Value {
    json!({
        "lint": level.lint.name(),
        "level": level.level.as_str(),
        "share": level.share,
        "outside": level.outside.as_deref().map(object),
        "by": level.by.as_str(),
        "origin": level.origin.to_string(),
        "would": level.would.map(|would| would.as_str()),
    })
}

/// The same of a cure.
fn cure(cure: &EffectiveCure) -> Value {
    json!({
        "cure": cure.cure.as_str(),
        "terms": cure.terms,
        "by": cure.by.as_str(),
        "origin": cure.origin.to_string(),
    })
}
