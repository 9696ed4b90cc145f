//! `LINTS.md` is written from the catalogue.

use std::fmt::Write as _;
use std::{env, fs};

use tower_conn_lint::Preset;
use tower_conn_lint::lint::{self, Lint, Message};

const MESSAGES: [Message; 4] = [
    Message::ReceivedRequest,
    Message::OutgoingResponse,
    Message::OutgoingRequest,
    Message::ReceivedResponse,
];

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
        let fixable = messages(|message| lint.can_fix(message));
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
        ("Looked for in", &messages(|message| lint.applies_to(message))),
        ("May be denied in", &messages(|message| lint.can_deny(message))),
        ("Source", lint.source()),
    ] {
        _ = writeln!(text, "- **{title}**: {line}");
    }
    text
}

fn messages(holds: impl Fn(Message) -> bool) -> String {
    let names: Vec<_> = MESSAGES.into_iter().filter(|m| holds(*m)).map(Message::as_str).collect();
    if names.is_empty() { "-".to_owned() } else { names.join(", ") }
}
