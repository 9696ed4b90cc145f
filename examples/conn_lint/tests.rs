//! What is asked and what comes of it, without a process.

use std::io;

use serde_json::Value;
use tower_conn_lint::lint;

use crate::command::{Failure, Verdict};
use crate::run;

fn ask(arguments: &[&str]) -> (Result<Verdict, Failure>, String) {
    let mut out = Vec::new();
    let verdict = run(arguments.iter().map(Into::into), &mut out);
    (verdict, String::from_utf8(out).expect("what is shown is text"))
}

fn shown(arguments: &[&str]) -> String {
    let (verdict, text) = ask(arguments);
    assert_eq!(verdict.expect("it can be done"), Verdict::Fine, "{arguments:?}");
    text
}

fn refused(arguments: &[&str]) -> String {
    match ask(arguments) {
        (Err(Failure::Usage(text)), out) if out.is_empty() => text,
        other => panic!("{arguments:?} is to be refused, and shows nothing: {other:?}"),
    }
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&shown(arguments)).expect("one value of JSON")
}

#[test]
fn each_lint_is_explained_with_all_that_the_catalogue_has() {
    for lint in lint::all() {
        let text = shown(&["explain", lint.name()]);
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let url = lint.url();
        for part in [
            lint.name(),
            lint.summary(),
            lint.why(),
            lint.example(),
            lint.fix(),
            lint.accept(),
            lint.likely(),
            lint.unknown(),
            lint.source(),
            &url,
        ] {
            assert!(words.contains(part), "{part:?} is missing in\n{text}");
        }
        for line in text.lines().filter(|line| !line.contains(&url)) {
            assert!(line.chars().count() <= 100, "too long: {line}");
        }
    }
}

#[test]
fn an_explanation_names_places_and_levels() {
    let text = shown(&["explain", "handler-sends-close"]);
    for line in [
        "  looked for in  outgoing response\n",
        "  fixed in       outgoing response\n",
        "  denied in      nowhere\n",
        "  level          observe-1: warn, recommended-1: fix, strict-1: fix\n",
    ] {
        assert!(text.contains(line), "{line:?} is missing in\n{text}");
    }
}

#[test]
fn a_program_gets_the_same() {
    let lint = json(&["explain", "--json", "handler-sends-close"]);
    assert_eq!(lint["name"], "handler-sends-close");
    assert_eq!(lint["levels"]["recommended-1"], "fix");
    assert_eq!(lint["fixed_in"], Value::from(["outgoing response"].as_slice()));
    assert_eq!(lint["denied_in"], Value::from([""; 0].as_slice()));

    let all = json(&["list", "--json"]);
    let all = all.as_array().expect("a list of lints");
    assert_eq!(all.len(), lint::all().count(), "all lints are listed");
    assert!(all.contains(&lint), "a listed lint is the same as an explained one");
}

#[test]
fn all_lints_are_listed_a_line_each() {
    let text = shown(&["list"]);
    assert_eq!(text.lines().count(), 1 + lint::all().count(), "a header and the lints:\n{text}");
    for (line, lint) in text.lines().skip(1).zip(lint::all()) {
        assert!(line.starts_with(lint.name()) && line.ends_with(lint.summary()), "{line}");
    }
}

#[test]
fn help_names_each_command_and_the_exit_codes() {
    for help in [shown(&["--help"]), shown(&["explain", "-h"]), refused(&[])] {
        for part in ["  explain LINT [--json]", "  list [--json]", "exit codes: 0 fine, 1 "] {
            assert!(help.contains(part), "{part:?} is missing in\n{help}");
        }
    }
    let version = shown(&["--version"]);
    assert_eq!(version, format!("conn_lint {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn what_is_not_understood_is_refused_with_the_nearest_name() {
    for (arguments, part) in [
        (&["explain", "client-send-close"][..], "did you mean `client-sends-close`?"),
        (&["explain", "frobnicate"], "unknown lint `frobnicate`"),
        (&["explain"], "name one lint"),
        (&["explain", "low-reuse", "low-reuse"], "name one lint"),
        (&["explain", "low-reuse", "--jsn"], "--jsn"),
        (&["list", "low-reuse"], "takes no `low-reuse`"),
        (&["lits"], "no command `lits`: there are explain, list"),
        (&["--jsno"], "--jsno"),
    ] {
        let text = refused(arguments);
        assert!(text.contains(part), "{arguments:?}: {part:?} is missing in {text:?}");
    }
}

#[test]
fn an_output_that_takes_no_more_is_a_failure() {
    let verdict = run(["list".into()].into_iter(), &mut io::Cursor::new([0; 4].as_mut_slice()));
    assert!(matches!(verdict, Err(Failure::Output(_))), "{verdict:?}");
}
