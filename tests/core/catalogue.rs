//! `LINTS.md` is written from the catalogue.

use std::fmt::Write as _;
use std::{env, fs};

use tower_conn_lint::Preset;
use tower_conn_lint::lint::{self, Lint, Place};

#[test]
fn the_written_catalogue_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/LINTS.md");
    let text = written();
    if env::var_os("WRITE_LINTS").is_some() {
        fs::write(path, &text).expect("the project's folder can be written to");
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == text,
        "LINTS.md is not what the catalogue says: run the tests with WRITE_LINTS=1"
    );
}

fn written() -> String {
    let mut text = String::from(
        "# Lints\n\nWritten from the catalogue by a test: edit the entries in `src/lint`.\n\n\
         | lint | fires when | observe-1 | recommended-1 | strict-1 | can be fixed |\n\
         |---|---|---|---|---|---|\n",
    );
    for lint in lint::all() {
        let [observe, recommended, strict] = Preset::ALL.map(|preset| preset.level(lint));
        let fixable = places(|place| lint.can_fix(place));
        let (name, summary) = (lint.name(), lint.summary());
        _ = writeln!(
            text,
            "| [{name}](#{name}) | {summary} | {observe} | {recommended} | {strict} | {fixable} |"
        );
    }
    lint::all().for_each(|lint| text += &section(lint));
    text
}

fn section(lint: Lint) -> String {
    let mut text = format!("\n## {lint}\n\n");
    for (title, line) in [
        ("Fires when", lint.summary()),
        ("Why", lint.why()),
        ("Looks like", lint.example()),
        ("Fix", lint.fix()),
        ("Accept it if", lint.accept()),
        ("Likely", lint.likely()),
        ("Unknown", lint.unknown()),
        ("Looked for in", &places(|place| lint.applies_to(place))),
        ("May be denied in", &places(|place| lint.can_deny(place))),
        ("Source", lint.source()),
    ] {
        _ = writeln!(text, "- **{title}**: {line}");
    }
    text
}

fn places(holds: impl Fn(Place) -> bool) -> String {
    let places = Place::ALL.iter().copied().filter(|place| holds(*place));
    let names: Vec<_> = places.map(Place::as_str).collect();
    if names.is_empty() { "-".to_owned() } else { names.join(", ") }
}
