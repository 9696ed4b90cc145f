//! The values of the file that are no tables.

use std::time::Duration;

use http::StatusCode;
use toml::de::DeValue;

use super::keys::Form;
use super::{Value, Walk};
use crate::lint::{self, Level};
use crate::policy::Day;
use crate::policy::suggest::nearest;
use crate::policy::{LintName, PolicyError, PolicyErrorKind, Preset, Severity};

#[cfg(feature = "schema")]
use serde_json::json;

/// A duration that is not zero.
pub(super) struct SomeTime(pub(super) Duration);

/// The version of the file's format: the first, or one that is not known yet.
pub(super) struct Version;

/// From 0 to 1.
pub(super) struct Share(pub(super) f64);

/// A number of things.
pub(super) struct Count(pub(super) u64);

/// A preset, or the path of a file.
pub(super) enum PresetOrFile {
    Preset(Preset),
    File(String),
}

/// The version of the format that this crate knows.
const VERSION: u64 = 1;

/// What one unit of a duration is worth in milliseconds. Longer units come before those that end alike.
const UNITS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Ten years: an instant can be moved by that without leaving its range.
const LONGEST: Duration = Duration::from_secs(3_650 * 86_400);

// === impl Version ===

impl Form for Version {
    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<Version> {
        match whole_number(value) {
            Some(VERSION) => {}
            Some(version) if version > VERSION => {
                walk.refuse(value.span().start, Severity::Warning, || {
                    let text = format!(
                        "version {version} is newer than this crate, which knows {VERSION}: what it knows holds"
                    );
                    PolicyError::new(PolicyErrorKind::Version, text)
                });
            }
            _ => return walk.expected(value, "a version of the format: write `version = 1`", None),
        }
        Some(Version)
    }

    #[cfg(feature = "schema")]
    fn schema() -> serde_json::Value {
        json!({ "const": VERSION })
    }
}

// === impl Level ===

impl Form for Level {
    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<Level> {
        one_of(value, walk, "a level: allow, warn, fix or deny", &Level::ALL.map(Level::as_str))
            .and_then(|level| level.parse().ok())
    }

    #[cfg(feature = "schema")]
    fn schema() -> serde_json::Value {
        json!({ "enum": Level::ALL.map(Level::as_str) })
    }
}

// === impl Preset ===

impl Form for Preset {
    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<Preset> {
        let Some(name) = value.get_ref().as_str() else {
            return walk.expected(value, "the name of a preset", None);
        };
        name.parse()
            .map_err(|error| walk.refuse(value.span().start, Severity::Error, || error))
            .ok()
    }

    #[cfg(feature = "schema")]
    fn schema() -> serde_json::Value {
        json!({ "enum": Preset::ALL.map(Preset::as_str) })
    }
}

// === impl PresetOrFile ===

impl Form for PresetOrFile {
    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<PresetOrFile> {
        match value.get_ref().as_str() {
            Some(path) if path.contains(['/', '\\', '.']) => {
                Some(PresetOrFile::File(path.to_owned()))
            }
            _ => Preset::read(value, walk).map(PresetOrFile::Preset),
        }
    }

    #[cfg(feature = "schema")]
    fn schema() -> serde_json::Value {
        json!({ "anyOf": [Preset::schema(), { "type": "string", "pattern": r"[/\\.]" }] })
    }
}

// === impl bool ===

impl Form for bool {
    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<bool> {
        match value.get_ref() {
            DeValue::Boolean(written) => Some(*written),
            _ => walk.expected(value, "true or false", None),
        }
    }

    #[cfg(feature = "schema")]
    fn schema() -> serde_json::Value {
        json!({ "type": "boolean" })
    }
}

// === impl Share ===

impl Form for Share {
    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<Share> {
        let share = match value.get_ref() {
            DeValue::Float(number) => number.as_str().parse().ok(),
            _ => whole_number(value).map(|number| number as f64),
        };
        match share.filter(|share| (0.0..=1.0).contains(share)) {
            Some(share) => Some(Share(share)),
            None => walk.expected(value, "a share from 0 to 1", None),
        }
    }

    #[cfg(feature = "schema")]
    fn schema() -> serde_json::Value {
        json!({ "type": "number", "minimum": 0, "maximum": 1 })
    }
}

// === impl Count ===

impl Form for Count {
    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<Count> {
        match whole_number(value) {
            Some(number) => Some(Count(number)),
            None => walk.expected(value, "a whole number from 0 up", None),
        }
    }

    #[cfg(feature = "schema")]
    fn schema() -> serde_json::Value {
        json!({ "type": "integer", "minimum": 0 })
    }
}

// === impl StatusCode ===

impl Form for StatusCode {
    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<StatusCode> {
        let status = whole_number(value).and_then(|number| u16::try_from(number).ok());
        let status = status.filter(|number| (400..=599).contains(number));
        match status.and_then(|number| StatusCode::from_u16(number).ok()) {
            Some(status) => Some(status),
            None => walk.expected(value, "the status of an error, from 400 to 599", None),
        }
    }

    #[cfg(feature = "schema")]
    fn schema() -> serde_json::Value {
        json!({ "type": "integer", "minimum": 400, "maximum": 599 })
    }
}

// === impl Duration ===

impl Form for Duration {
    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<Duration> {
        match value.get_ref().as_str().and_then(duration) {
            Some(duration) if duration <= LONGEST => Some(duration),
            Some(_) => walk.expected(value, "a duration of at most \"3650d\"", None),
            None => walk.expected(
                value,
                "a duration: \"500ms\", \"30s\", \"1m\", \"2h\" or \"7d\"",
                None,
            ),
        }
    }

    #[cfg(feature = "schema")]
    fn schema() -> serde_json::Value {
        json!({ "type": "string", "pattern": format!("^[0-9]+({})$", UNITS.map(|unit| unit.0).join("|")) })
    }
}

// === impl SomeTime ===

impl Form for SomeTime {
    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<SomeTime> {
        match Duration::read(value, walk)? {
            Duration::ZERO => {
                walk.expected(value, "a duration above 0; leave the key out for none", None)
            }
            duration => Some(SomeTime(duration)),
        }
    }

    #[cfg(feature = "schema")]
    fn schema() -> serde_json::Value {
        json!({ "type": "string", "pattern": format!("^0*[1-9][0-9]*({})$", UNITS.map(|unit| unit.0).join("|")) })
    }
}

fn duration(text: &str) -> Option<Duration> {
    let (number, worth) =
        UNITS.iter().find_map(|(unit, worth)| Some((text.strip_suffix(unit)?, worth)))?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = number.parse().ok()?;
    // What is too large is too long, whatever it is exactly.
    Some(Duration::from_millis(number.saturating_mul(*worth)))
}

// === impl Day ===

impl Form for Day {
    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<Day> {
        match value.get_ref() {
            DeValue::Datetime(written) if written.time.is_none() => {
                written.date.map(|date| Day { year: date.year, month: date.month, day: date.day })
            }
            DeValue::String(_) => {
                walk.expected(value, "a date: write 2027-03-31, without quotes", None)
            }
            _ => walk.expected(value, "a date: write 2027-03-31", None),
        }
    }

    #[cfg(feature = "schema")]
    fn schema() -> serde_json::Value {
        // A date of TOML's reaches a schema as text.
        json!({ "type": "string", "format": "date" })
    }
}

// === impl String ===

impl Form for String {
    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<String> {
        match value.get_ref().as_str() {
            Some(text) if !text.trim().is_empty() => Some(text.to_owned()),
            _ => walk.expected(value, "a text that says something", None),
        }
    }

    #[cfg(feature = "schema")]
    fn schema() -> serde_json::Value {
        json!({ "type": "string", "minLength": 1 })
    }
}

// === impl LintName ===

impl Form for LintName {
    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<LintName> {
        match value.get_ref().as_str() {
            Some(name) => {
                let lint = lint::explain(name);
                if lint.is_none() {
                    walk.unknown_lint(value.span().start, || PolicyError::unknown_lint(name));
                }
                lint.map(LintName::from)
            }
            None => walk.expected(value, "the name of a lint", None),
        }
    }

    #[cfg(feature = "schema")]
    fn schema() -> serde_json::Value {
        json!({ "enum": lint::all().map(lint::Lint::name).collect::<Vec<_>>() })
    }
}

/// One of some names; they are as in the schema's enumeration.
pub(super) fn one_of(
    value: &Value<'_>,
    walk: &mut Walk<'_>,
    expected: &str,
    names: &[&'static str],
) -> Option<&'static str> {
    let written = value.get_ref().as_str();
    let name = names.iter().copied().find(|name| Some(*name) == written);
    name.or_else(|| {
        let near = written.and_then(|written| nearest(written, names.iter().copied()));
        walk.expected(value, expected, near)
    })
}

fn whole_number(value: &Value<'_>) -> Option<u64> {
    match value.get_ref() {
        DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    }
}
