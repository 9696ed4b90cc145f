//! The tables of the file whose keys are known: the file itself, a route, an expectation, what is excluded.

use std::time::Duration;

use super::forms::{PresetOrFile, Version};
use super::keys::{Form, Keys, Table};
use super::settings::{Floor, OfRoute, Own, Settings};
use super::{Value, Walk};
use crate::heal::{Budget, Switch};
use crate::policy::document::{Document, ExpectationDocument, Preview, RouteDocument, Written};
use crate::policy::route::Side;
use crate::policy::{Day, LintName};

/// A file as it was read.
#[derive(Debug, Default)]
pub(super) struct PolicyFile {
    pub(super) document: Document,
    /// The path of the preview's file, which is not read yet.
    pub(super) preview_file: Option<Written<String>>,
}

#[derive(Default)]
struct Exclude {
    probes: Option<Written<bool>>,
    paths: Vec<Written<String>>,
}

/// Either side's text, or both, or neither.
#[derive(Default)]
struct Sides {
    inbound: Option<Written<String>>,
    outbound: Option<Written<String>>,
}

#[derive(Default)]
struct RouteDraft {
    sides: Sides,
    lints: Settings<OfRoute>,
    drain: Option<Written<Switch<Budget>>>,
}

#[derive(Default)]
struct ExpectationDraft {
    lint: Option<Written<LintName>>,
    sides: Sides,
    owner: Option<Written<String>>,
    reason: Option<Written<String>>,
    until: Option<Written<Day>>,
    unused_after: Option<Written<Duration>>,
}

// === impl PolicyFile ===

impl Table for PolicyFile {
    const NAME: &'static str = "the file";

    fn keys(keys: &mut impl Keys<PolicyFile>) {
        keys.required("version", "The version of this format", |_, _: Written<Version>| {});
        keys.key("preset", "The levels that the rest refines; pinned: a new lint enters it as allow. Default: observe-1", |file, preset| {
            file.document.preset = Some(preset);
        });
        keys.key(
            "cap",
            "No level acts above this one; warn makes all of it report only. Default: deny",
            |file, cap| {
                file.document.cap = Some(cap);
            },
        );
        keys.key(
            "allow-cap",
            "Whether later files may have a cap. Default: true",
            |file, allowed| {
                file.document.allow_cap = Some(allowed);
            },
        );
        keys.key(
            "preview",
            "A preset or a file that acts on nothing: findings say what it would do",
            |file, preview: Written<PresetOrFile>| match preview.value {
                PresetOrFile::Preset(preset) => {
                    let value = Preview::Preset(preset);
                    file.document.preview = Some(Written { value, origin: preview.origin });
                }
                PresetOrFile::File(value) => {
                    file.preview_file = Some(Written { value, origin: preview.origin });
                }
            },
        );
        keys.key(
            "deny-status",
            "With which status a denied request is answered. Default: 400",
            |file, status| {
                file.document.deny_status = Some(status);
            },
        );
        keys.key(
            "lints",
            "The levels of this service, wherever no route says otherwise",
            |file, lints: Written<Settings<Own>>| {
                file.document.lints = lints.value.0;
            },
        );
        keys.key(
            "floor",
            "Levels that no later file can go below",
            |file, floors: Written<Settings<Floor>>| {
                file.document.floors = floors.value.0;
            },
        );
        keys.key(
            "route",
            "Levels of one route; the most specific route wins",
            |file, routes: Written<Vec<_>>| {
                file.document.routes = routes.value;
            },
        );
        keys.key(
            "expect",
            "A known violation: counted, not reported",
            |file, expected: Written<Vec<_>>| {
                file.document.expectations = expected.value;
            },
        );
        keys.key(
            "heal",
            "Acts on connections that no header asks for. Default: none",
            |file, cures| {
                file.document.cures = cures.value;
            },
        );
        keys.key("exclude", "What no lint looks at", |file, exclude: Written<Exclude>| {
            file.document.probes_excluded = exclude.value.probes;
            file.document.excluded_paths = exclude.value.paths;
        });
    }
}

// === impl Exclude ===

impl Table for Exclude {
    const NAME: &'static str = "`[exclude]`";

    fn keys(keys: &mut impl Keys<Exclude>) {
        keys.key(
            "probes",
            "Whether health checks are left alone, told by their user agent. Default: true",
            |exclude, probes| {
                exclude.probes = Some(probes);
            },
        );
        keys.key(
            "paths",
            "Inbound paths that are left alone: \"/healthz\"",
            |exclude, paths: Written<Vec<_>>| {
                exclude.paths = paths.value;
            },
        );
    }
}

impl Form for Exclude {
    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<Exclude> {
        walk.table(value)
    }

    #[cfg(feature = "schema")]
    fn schema() -> serde_json::Value {
        super::schema::table::<Exclude>()
    }
}

// === impl Sides ===

impl Sides {
    /// The one that is there; both at once are refused.
    fn one(
        self,
        value: &Value<'_>,
        walk: &mut Walk<'_>,
    ) -> Result<Option<(Side, Written<String>)>, ()> {
        match (self.inbound, self.outbound) {
            (Some(text), None) => Ok(Some((Side::Inbound, text))),
            (None, Some(text)) => Ok(Some((Side::Outbound, text))),
            (Some(_), Some(_)) => {
                let outbound =
                    value.get_ref().as_table().and_then(|map| map.get_key_value("outbound"));
                let at = outbound.map_or(value.span().start, |(key, _)| key.span().start);
                walk.misplaced(at, || {
                    "`inbound` and `outbound` at once: write two of these".to_owned()
                });
                Err(())
            }
            (None, None) if is_named(value) => Err(()),
            (None, None) => Ok(None),
        }
    }
}

/// Whether a side is there, though it could not be read.
fn is_named(value: &Value<'_>) -> bool {
    let map = value.get_ref().as_table();
    map.is_some_and(|map| map.contains_key("inbound") || map.contains_key("outbound"))
}

// === impl RouteDocument ===

impl Table for RouteDraft {
    const NAME: &'static str = "`[[route]]`";

    fn keys(keys: &mut impl Keys<RouteDraft>) {
        keys.key("inbound", INBOUND, |route, text| route.sides.inbound = Some(text));
        keys.key("outbound", OUTBOUND, |route, text| route.sides.outbound = Some(text));
        keys.key("lints", "The levels on this route", |route, lints| route.lints = lints.value);
        keys.key("drain", DRAIN, |route, drain| route.drain = Some(drain));
    }
}

impl Form for RouteDocument {
    const MANY: &'static str = "a list of tables: write `[[route]]`";

    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<RouteDocument> {
        let draft: RouteDraft = walk.table(value)?;
        let Some((side, text)) = draft.sides.one(value, walk).ok()? else {
            walk.missing(value.span().start, || {
                "`inbound` or `outbound` is missing in `[[route]]`".to_owned()
            });
            return None;
        };
        Some(RouteDocument { side, text, lints: draft.lints.0, drain: draft.drain })
    }

    #[cfg(feature = "schema")]
    fn schema() -> serde_json::Value {
        let mut schema = super::schema::table::<RouteDraft>();
        schema["oneOf"] =
            serde_json::json!([{ "required": ["inbound"] }, { "required": ["outbound"] }]);
        schema
    }
}

const DRAIN: &str =
    "Whether a body that nobody reads is read away: of requests inbound, of responses outbound";
const INBOUND: &str = "A route of our server: \"POST /login\"";
const OUTBOUND: &str = "A route of our client, by its name or a host: \"POST gateway /v1/{*rest}\"";

// === impl ExpectationDocument ===

impl Table for ExpectationDraft {
    const NAME: &'static str = "`[[expect]]`";

    fn keys(keys: &mut impl Keys<ExpectationDraft>) {
        keys.required("lint", "The lint that is violated", |expected, lint| {
            expected.lint = Some(lint)
        });
        keys.key("inbound", INBOUND, |expected, text| expected.sides.inbound = Some(text));
        keys.key("outbound", OUTBOUND, |expected, text| expected.sides.outbound = Some(text));
        keys.required("owner", "Who answers for it", |expected, owner| {
            expected.owner = Some(owner)
        });
        keys.required("reason", "Why it is accepted", |expected, reason| {
            expected.reason = Some(reason)
        });
        keys.key(
            "until",
            "The last day on which it is; after it there are warnings",
            |expected, until| {
                expected.until = Some(until);
            },
        );
        keys.key(
            "unused-after",
            "After how long without a case of it it is reported as needless. Default: never",
            |expected, after| {
                expected.unused_after = Some(after);
            },
        );
    }
}

impl Form for ExpectationDocument {
    const MANY: &'static str = "a list of tables: write `[[expect]]`";

    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<ExpectationDocument> {
        let draft: ExpectationDraft = walk.table(value)?;
        let route = draft.sides.one(value, walk).ok()?;
        Some(ExpectationDocument {
            lint: draft.lint?,
            route,
            owner: draft.owner?,
            reason: draft.reason?,
            until: draft.until,
            unused_after: draft.unused_after,
        })
    }

    #[cfg(feature = "schema")]
    fn schema() -> serde_json::Value {
        let mut schema = super::schema::table::<ExpectationDraft>();
        schema["not"] = serde_json::json!({ "required": ["inbound", "outbound"] });
        schema
    }
}
