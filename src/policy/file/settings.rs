//! The tables of lints: the policy's own, its floors, and those of its routes.

use std::marker::PhantomData;
use std::time::Duration;

use super::forms::{Count, Share, SomeTime, one_of};
use super::keys::{self, Form, Keys};
use super::tables::PolicyFile;
use super::{Value, Walk};
use crate::lint::{self, Level, Lint};
use crate::policy::document::{BoundsDocument, Setting, Written};
use crate::policy::{LintName, PolicyError, PolicyErrorKind};

#[cfg(feature = "schema")]
use serde_json::{Value as Json, json};

#[cfg(feature = "schema")]
type Definitions = serde_json::Map<String, Json>;

/// The settings of a table of lints, in the order in which they stand.
#[derive(Debug)]
pub(super) struct Settings<P>(pub(super) Vec<Setting>, PhantomData<P>);

/// Which of the tables it is.
pub(super) trait Place {
    /// In the names of definitions.
    #[cfg(feature = "schema")]
    const NAME: &'static str;
    /// Only `warn` and `fix`.
    const FLOOR: bool = false;
    /// Whether lints of windows may have bounds.
    const BOUNDS: bool = false;
}

/// `[lints]`
#[derive(Debug)]
pub(super) struct Own;

/// `[floor]`
#[derive(Debug)]
pub(super) struct Floor;

/// The `lints` of a `[[route]]`.
#[derive(Debug)]
pub(super) struct OfRoute;

/// What stands in the table of one lint.
#[derive(Default)]
struct Draft {
    level: Option<Written<Level>>,
    share: Option<Written<f64>>,
    bounds: BoundsDocument,
}

/// The level of a floor.
struct FloorLevel(Level);

// === impl Place ===

impl Place for Own {
    #[cfg(feature = "schema")]
    const NAME: &'static str = "lints";

    const BOUNDS: bool = true;
}

impl Place for Floor {
    #[cfg(feature = "schema")]
    const NAME: &'static str = "floor";

    const FLOOR: bool = true;
}

impl Place for OfRoute {
    #[cfg(feature = "schema")]
    const NAME: &'static str = "route";
}

// === impl Settings ===

impl<P: Place> Form for Settings<P> {
    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<Settings<P>> {
        let Some(map) = value.get_ref().as_table() else {
            return walk.expected(value, "a table of lints and their levels", None);
        };
        let mut entries: Vec<_> = map.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let settings = entries.into_iter().filter_map(|(key, value)| {
            let at = key.span().start;
            let Some(lint) = lint::explain(key.get_ref()) else {
                walk.unknown_lint(at, || unknown(key.get_ref()));
                return None;
            };
            read_setting::<P>(lint, at, value, walk)
        });
        Some(Settings(settings.collect(), PhantomData))
    }

    #[cfg(feature = "schema")]
    fn schema() -> Json {
        let of = |lint: Lint| {
            let definition = json!({ "$ref": format!("#/definitions/{}", definition::<P>(lint)) });
            let schema = json!({ "description": lint.summary(), "allOf": [definition] });
            (lint.name().to_owned(), schema)
        };
        json!({
            "type": "object",
            "properties": lint::all().map(of).collect::<Definitions>(),
            "additionalProperties": false,
        })
    }
}

impl<P> Default for Settings<P> {
    fn default() -> Settings<P> {
        Settings(Vec::new(), PhantomData)
    }
}

/// The mistake that is made most is a key of the file's behind a table.
fn unknown(name: &str) -> PolicyError {
    if !keys::names::<PolicyFile>().contains(&name) {
        return PolicyError::unknown_lint(name);
    }
    let text =
        format!("unknown lint `{name}`: as a key of the file it stands before the first table");
    PolicyError::new(PolicyErrorKind::UnknownLint, text)
}

fn read_setting<P: Place>(
    lint: Lint,
    at: usize,
    value: &Value<'_>,
    walk: &mut Walk<'_>,
) -> Option<Setting> {
    let name = Written { value: LintName::from(lint), origin: walk.origin(at) };
    let Some(map) = value.get_ref().as_table() else {
        let level =
            if P::FLOOR { FloorLevel::read(value, walk)?.0 } else { Level::read(value, walk)? };
        return Some(Setting {
            lint: name,
            level: Some(level),
            share: None,
            bounds: BoundsDocument::default(),
        });
    };
    let draft = walk.keys(map, value.span().start, "the table of a lint", |keys| {
        draft_keys::<P>(lint, keys);
    });
    let level = draft.level.map(|level| level.value);
    let acts = level.is_some_and(|level| level >= Level::Fix);
    // What was refused is not told again.
    let both_read = draft.share.is_some() && (level.is_some() || !map.contains_key("level"));
    if let (true, false, Some((key, _))) = (both_read, acts, map.get_key_value("share")) {
        walk.misplaced(key.span().start, || {
            "`share` means nothing here: it is a share of those that `fix` or `deny`".to_owned()
        });
    }
    // A slip is not to act on all: one that can't be read is that of no instance.
    let slip = map
        .get_key_value("share")
        .map(|(key, _)| Written { value: 0.0, origin: walk.origin(key.span().start) });
    let share = draft.share.or(slip).filter(|_| acts);
    let nothing = level.is_none() && draft.bounds == BoundsDocument::default();
    (!nothing).then_some(Setting { lint: name, level, share, bounds: draft.bounds })
}

/// The keys of a lint's table.
fn draft_keys<P: Place>(lint: Lint, keys: &mut impl Keys<Draft>) {
    let about_level = "What is done about it";
    match (P::FLOOR, P::BOUNDS) {
        (true, _) => keys.required("level", about_level, |draft, level: Written<FloorLevel>| {
            draft.level = Some(level.map(|level| level.0));
        }),
        (_, false) => keys.required("level", about_level, set_level),
        (_, true) => keys.key("level", about_level, set_level),
    }
    keys.key(
        "share",
        "On which share of the instances it acts; on the others it warns",
        |draft, share: Written<Share>| {
            draft.share = Some(share.map(|share| share.0));
        },
    );

    let elsewhere = if P::BOUNDS { None } else { Some("bounds are set in `[lints]`") };
    let of_reuse =
        elsewhere.or((lint != lint::LOW_REUSE).then_some("it is a bound of `low-reuse`"));
    let of_idle = elsewhere
        .or((lint != lint::NO_IDLE_TIMEOUT).then_some("it is a bound of `no-idle-timeout`"));
    match of_reuse {
        Some(reason) => {
            for name in ["min-reused", "min-requests", "window", "warm-up"] {
                keys.misplaced(name, reason);
            }
        }
        None => {
            keys.key(
                "min-reused",
                "The least share of requests on reused connections",
                |draft, share: Written<Share>| {
                    draft.bounds.min_reused = Some(share.value.0);
                },
            );
            keys.key(
                "min-requests",
                "How many requests a window must have before its share tells anything",
                |draft, count: Written<Count>| {
                    draft.bounds.min_requests = Some(count.value.0);
                },
            );
            keys.key(
                "window",
                "How long windows slide over",
                |draft, window: Written<SomeTime>| {
                    draft.bounds.window = Some(window.value.0);
                },
            );
            keys.key(
                "warm-up",
                "How long a caller, an upstream or a route is given to fill its pools",
                |draft, warm_up: Written<Duration>| {
                    draft.bounds.warm_up = Some(warm_up.value);
                },
            );
        }
    }
    match of_idle {
        Some(reason) => keys.misplaced("idle", reason),
        None => keys.key(
            "idle",
            "From how much idleness on a connection should have been ended",
            |draft, idle: Written<Duration>| {
                draft.bounds.idle = Some(idle.value);
            },
        ),
    }
}

fn set_level(draft: &mut Draft, level: Written<Level>) {
    draft.level = Some(level);
}

/// What is written about a lint, for all that is written alike in the three tables.
#[cfg(feature = "schema")]
pub(super) fn definitions() -> Definitions {
    fn of<P: Place>(lint: Lint) -> (String, Json) {
        let levels = levels::<P>(lint);
        let mut table = super::schema::keys(|keys| draft_keys::<P>(lint, keys));
        table["properties"]["level"]["enum"] = json!(levels);
        (definition::<P>(lint), json!({ "anyOf": [{ "enum": levels }, table] }))
    }
    lint::all().flat_map(|lint| [of::<Own>(lint), of::<Floor>(lint), of::<OfRoute>(lint)]).collect()
}

/// The name of what is written about a lint: its bounds or levels, and the table.
#[cfg(feature = "schema")]
fn definition<P: Place>(lint: Lint) -> String {
    match lint {
        lint::LOW_REUSE | lint::NO_IDLE_TIMEOUT if P::BOUNDS => format!("{}-{lint}", P::NAME),
        _ => format!("{}-{}", P::NAME, levels::<P>(lint).join("-")),
    }
}

/// The levels that can act on a lint.
#[cfg(feature = "schema")]
fn levels<P: Place>(lint: Lint) -> Vec<&'static str> {
    let can = |level: &Level| match level {
        Level::Allow => !P::FLOOR,
        Level::Warn => true,
        Level::Fix => lint.is_fixable(),
        Level::Deny => lint.is_deniable() && !P::FLOOR,
    };
    Level::ALL.iter().filter(|level| can(level)).map(|level| level.as_str()).collect()
}

// === impl FloorLevel ===

impl FloorLevel {
    const NAMES: [&str; 2] = [Level::Warn.as_str(), Level::Fix.as_str()];
}

impl Form for FloorLevel {
    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<FloorLevel> {
        let expected = "the level of a floor: warn or fix";
        one_of(value, walk, expected, &FloorLevel::NAMES)?.parse().ok().map(FloorLevel)
    }

    #[cfg(feature = "schema")]
    fn schema() -> Json {
        json!({ "enum": FloorLevel::NAMES })
    }
}
