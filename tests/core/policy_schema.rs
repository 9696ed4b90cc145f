//! `conn-lint.schema.json` is written from the keys that the loader reads.

use std::{env, fs};

use serde_json::{Value, json};
use tower_conn_lint::policy::{PolicyErrorKind, PolicyErrors};
use tower_conn_lint::{Policy, lint};

#[test]
fn the_written_schema_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/conn-lint.schema.json");
    let text = Policy::json_schema();
    if env::var_os("WRITE_SCHEMA").is_some() {
        fs::write(path, &text).expect("the project's folder can be written to");
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == text,
        "conn-lint.schema.json is not what the loader reads: run the tests with WRITE_SCHEMA=1"
    );
}

/// The tables of the schema: a line that opens each in a file, and its schema.
fn tables(schema: &Value) -> Vec<(String, Value)> {
    let inner = |pointer: &str| schema.pointer(pointer).expect(pointer).clone();
    let mut tables = vec![
        (String::new(), schema.clone()),
        ("[exclude]\n".to_owned(), inner("/properties/exclude")),
        ("[[route]]\n".to_owned(), inner("/properties/route/items")),
        ("[[expect]]\n".to_owned(), inner("/properties/expect/items")),
        ("[lints]\n".to_owned(), inner("/properties/lints")),
        ("[floor]\n".to_owned(), inner("/properties/floor")),
        (
            "[[route]]\ninbound = \"/\"\n[route.lints]\n".to_owned(),
            inner("/properties/route/items/properties/lints"),
        ),
    ];
    for place in 4..7 {
        let (opening, lints) = tables[place].clone();
        let header = opening.trim_end_matches("]\n").to_owned();
        for (lint, lint_schema) in lints["properties"].as_object().expect("lints by name") {
            let table = defined(schema, lint_schema)["anyOf"][1].clone();
            tables.push((format!("{header}.{lint}]\n"), table));
        }
    }
    tables
}

/// What the schema of a lint refers to.
fn defined<'a>(schema: &'a Value, lint: &Value) -> &'a Value {
    let pointer =
        lint["allOf"][0]["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    schema.pointer(pointer.expect("a reference")).expect("what is referred to is there")
}

fn errors(text: &str) -> Option<PolicyErrors> {
    Policy::stack().text("x.toml", text).try_load().err()
}

/// Whether the loader says of this key that it is none.
fn is_unknown(opening: &str, key: &str) -> bool {
    // No key takes a moment of time.
    let text = format!("{opening}\"{key}\" = 2027-01-01T00:00:00Z\n");
    let errors = errors(&text).expect("no such value is right");
    errors.iter().any(|error| {
        matches!(
            error.kind(),
            PolicyErrorKind::UnknownKey | PolicyErrorKind::UnknownLint | PolicyErrorKind::Misplaced
        ) && error.message().contains(&format!("`{key}`"))
    })
}

/// The keys that the loader names where it is given one that is none.
fn read_keys(opening: &str) -> Vec<String> {
    let errors = errors(&format!("{opening}frobnicate = 1\n")).expect("there is no such key");
    let list = errors.iter().find_map(|error| error.message().split_once(": there are `"));
    let mut keys: Vec<_> = match list {
        Some((_, list)) => list.trim_end_matches('`').split("`, `").map(str::to_owned).collect(),
        None => lint::all().map(|lint| lint.name().to_owned()).collect(),
    };
    keys.sort();
    keys
}

#[test]
fn a_key_is_in_the_schema_if_and_only_if_the_loader_reads_it() {
    let schema: Value = serde_json::from_str(&Policy::json_schema()).expect("it is JSON");
    let tables = tables(&schema);
    let keys = |schema: &Value| -> Vec<String> {
        schema["properties"].as_object().expect("a table").keys().cloned().collect()
    };
    let mut all: Vec<String> = tables.iter().flat_map(|(_, schema)| keys(schema)).collect();
    all.push("heal".to_owned());
    all.sort();
    all.dedup();
    assert!(all.len() > 50, "keys and lints: {all:?}");
    for (opening, schema) in &tables {
        assert_eq!(schema["additionalProperties"], json!(false), "after {opening:?}");
        let mut known = keys(schema);
        known.sort();
        assert_eq!(known, read_keys(opening), "after {opening:?}");
        for key in &all {
            let in_schema = known.contains(key);
            assert_eq!(in_schema, !is_unknown(opening, key), "`{key}` after {opening:?}");
        }
    }
}

#[test]
fn lints_have_their_summaries_and_the_levels_that_can_act_on_them() {
    let schema: Value = serde_json::from_str(&Policy::json_schema()).expect("it is JSON");
    let tables = tables(&schema);
    let levels = |place: usize, name: &str| {
        defined(&schema, &tables[place].1["properties"][name])["anyOf"][0]["enum"].clone()
    };
    let own = |name: &str| levels(4, name);
    assert_eq!(own("client-sends-close"), json!(["allow", "warn", "fix", "deny"]));
    assert_eq!(own("caller-sends-close"), json!(["allow", "warn", "deny"]));
    assert_eq!(own("low-reuse"), json!(["allow", "warn"]));
    assert_eq!(levels(5, "handler-sends-close"), json!(["warn", "fix"]));
    for lint in lint::all() {
        assert_eq!(
            tables[4].1["properties"][lint.name()]["description"],
            json!(lint.summary()),
            "{lint}"
        );
    }
}
