//! What a text is read as. What is refused in it, and where, is `tests/core/policy_file.rs`.

use std::time::Duration;

use http::StatusCode;

use super::*;
use crate::Preset;
use crate::lint::{self, Level, Lint};
use crate::policy::Day;
use crate::policy::document::{BoundsDocument, Document, Preview, Setting, Written};
use crate::policy::route::Side;

/// The document of a text, the first line of which is its version.
fn document(rest: &str) -> Document {
    let (document, errors) = lossy(rest);
    assert_eq!(errors, Vec::<String>::new(), "nothing is wrong with {rest:?}");
    document
}

/// The document, and what was refused.
fn lossy(rest: &str) -> (Document, Vec<String>) {
    let reading = read("x.toml".into(), format!("version = 1\n{rest}").as_bytes());
    assert_eq!(reading.more, 0, "all is told");
    (reading.file.document, reading.errors.iter().map(ToString::to_string).collect())
}

fn value<T: Clone>(written: &Option<Written<T>>) -> Option<T> {
    written.as_ref().map(|written| written.value.clone())
}

fn place<T>(written: &Option<Written<T>>) -> String {
    written.as_ref().map_or_else(String::new, |written| written.origin.to_string())
}

/// Each setting: its lint, its level, its share.
fn settings(settings: &[Setting]) -> Vec<(String, Option<Level>, Option<f64>)> {
    let of =
        |setting: &Setting| (setting.lint.value.to_string(), setting.level, value(&setting.share));
    settings.iter().map(of).collect()
}

fn set(lint: Lint, level: Level) -> (String, Option<Level>, Option<f64>) {
    (lint.to_string(), Some(level), None)
}

#[test]
fn every_key_is_read_and_has_its_place() {
    let document = document(
        r#"preset  = "recommended-1"
cap     = "fix"
allow-cap = false
preview = "strict-1"
deny-status = 421

[lints]
client-sends-close = "fix"
low-reuse = { level = "warn", min-reused = 0.8, min-requests = 100, window = "1m", warm-up = "30s" }
no-idle-timeout = { idle = "2h" }

[floor]
handler-sends-close = { level = "fix", share = 0.1 }
low-reuse = "warn"

[[route]]
inbound = "POST /login"
lints   = { caller-sends-close = "deny" }

[[route]]
outbound = "gateway /v1/{*rest}"

[[expect]]
lint    = "caller-sends-close"
inbound = "/legacy/{*rest}"
owner   = "team-store"
reason  = "payment terminals cannot reuse connections"
until   = 2027-03-31
unused-after = "30d"

[[expect]]
lint = "low-reuse"
owner = "a"
reason = "b"

[exclude]
probes = false
paths  = ["/healthz", "/metrics"]
"#,
    );
    assert_eq!(value(&document.preset), Some(Preset::Recommended1));
    assert_eq!(place(&document.preset), "x.toml:2:11");
    assert_eq!(value(&document.cap), Some(Level::Fix));
    assert_eq!(value(&document.allow_cap), Some(false));
    assert!(matches!(value(&document.preview), Some(Preview::Preset(Preset::Strict1))));
    assert_eq!(value(&document.deny_status), Some(StatusCode::MISDIRECTED_REQUEST));

    let own = &document.lints;
    assert_eq!(own[0].lint.origin.to_string(), "x.toml:9:1", "a lint's place is that of its key");
    assert_eq!(
        settings(own),
        [
            set(lint::CLIENT_SENDS_CLOSE, Level::Fix),
            set(lint::LOW_REUSE, Level::Warn),
            (lint::NO_IDLE_TIMEOUT.to_string(), None, None),
        ]
    );
    let bounds = BoundsDocument {
        min_reused: Some(0.8),
        min_requests: Some(100),
        window: Some(Duration::from_secs(60)),
        warm_up: Some(Duration::from_secs(30)),
        idle: None,
    };
    assert_eq!(own[1].bounds, bounds);
    let idle = BoundsDocument { idle: Some(Duration::from_secs(7_200)), ..Default::default() };
    assert_eq!(own[2].bounds, idle);

    let shared = (lint::HANDLER_SENDS_CLOSE.to_string(), Some(Level::Fix), Some(0.1));
    assert_eq!(settings(&document.floors), [shared, set(lint::LOW_REUSE, Level::Warn)]);

    let [login, gateway] = document.routes.as_slice() else { panic!("two routes: {document:?}") };
    assert_eq!((login.side, login.text.value.as_str()), (Side::Inbound, "POST /login"));
    assert_eq!(settings(&login.lints), [set(lint::CALLER_SENDS_CLOSE, Level::Deny)]);
    assert_eq!(
        (gateway.side, gateway.text.value.as_str()),
        (Side::Outbound, "gateway /v1/{*rest}")
    );
    assert_eq!(gateway.text.origin.to_string(), "x.toml:22:12");

    let [legacy, everywhere] = document.expectations.as_slice() else { panic!("{document:?}") };
    let (side, route) = legacy.route.as_ref().expect("it names a route");
    assert_eq!((*side, route.value.as_str()), (Side::Inbound, "/legacy/{*rest}"));
    assert_eq!(legacy.lint.value.to_string(), "caller-sends-close");
    assert_eq!((&*legacy.owner.value, legacy.reason.value.len()), ("team-store", 42));
    assert_eq!(value(&legacy.until), Some(Day { year: 2027, month: 3, day: 31 }));
    assert_eq!(value(&legacy.unused_after), Some(Duration::from_secs(30 * 86_400)));
    assert!(everywhere.route.is_none() && everywhere.until.is_none(), "{everywhere:?}");

    assert_eq!(value(&document.probes_excluded), Some(false));
    let paths: Vec<_> = document.excluded_paths.iter().map(|path| path.value.as_str()).collect();
    assert_eq!(paths, ["/healthz", "/metrics"]);
}

#[test]
fn a_duration_has_a_number_and_a_unit() {
    let millis = |text: &str| {
        let document = document(&format!("[lints]\nlow-reuse = {{ window = \"{text}\" }}"));
        document.lints[0].bounds.window.map(|window| window.as_millis())
    };
    for (text, expected) in [
        ("500ms", 500),
        ("30s", 30_000),
        ("1m", 60_000),
        ("2h", 7_200_000),
        ("7d", 604_800_000),
        ("3650d", 315_360_000_000),
    ] {
        assert_eq!(millis(text), Some(expected), "{text}");
    }
    for text in [
        "",
        "s",
        "0s",
        "30",
        "1.5s",
        "-1s",
        "+1s",
        "1 s",
        "1S",
        "1w",
        "3651d",
        "99999999999999999999d",
    ] {
        let (document, errors) = lossy(&format!("[lints]\nlow-reuse = {{ window = \"{text}\" }}"));
        assert!(document.lints.is_empty() && errors.len() == 1, "{text:?}: {errors:?}");
    }
}

#[test]
fn what_is_refused_drops_only_itself() {
    let lints = |(document, errors): (Document, Vec<String>)| {
        (document.lints.iter().map(|set| set.lint.value.to_string()).collect::<Vec<_>>(), errors)
    };
    let one = vec!["low-reuse".to_owned()];
    for rest in [
        "[lints]\nlow-reuse = \"warn\"\nclient-sends-close = \"fixx\"\n",
        "[lints]\nlow-reuse = \"warn\"\nof-a-later-version = \"fix\"\n",
        "[lints]\nlow-reuse = \"warn\"\nclient-sends-close = fix\n",
        "[lints]\nclient-sends-close = \n low-reuse = \"warn\"\n",
        "cap = fix\n[lints]\nlow-reuse = \"warn\"\n",
        "[floor\nlow-resue = \"warn\"\n[lints]\nlow-reuse = \"warn\"\n",
        "[exclude]\npaths = [\"/x\"\n[lints]\nlow-reuse = \"warn\"\n",
        "[lints]\nlow-reuse = \"warn\"\nlow-reuse = \"allow\"\n",
        "[lints]\nlow-reuse = { level = \"warn\", window = 3 }\n",
        "[lints]\nlow-reuse = { level = \"warn\", idle = \"1s\" }\n",
        "[lints]\nlow-reuse = { level = \"warn\", share = 0.5 }\n",
        "[balance]\nleast-loaded = true\n[lints]\nlow-reuse = \"warn\"\n",
    ] {
        let (held, errors) = lints(lossy(rest));
        assert_eq!((held, errors.len()), (one.clone(), 1), "of {rest:?}: {errors:?}");
    }

    let (document, _) = lossy("[lints]\nlow-reuse = { level = \"warn\", share = 0.5 }\n");
    assert!(document.lints[0].share.is_none(), "a share of nothing is left out: {document:?}");
    let (document, errors) =
        lossy("[[route]]\ninbound = \"/a\"\n[[route]]\n[[route]]\ninbound = \"/c\"\n");
    assert_eq!(
        (document.routes.len(), errors.len()),
        (2, 1),
        "the route without a path: {errors:?}"
    );
    let (document, errors) = lossy("[exclude]\npaths = [\"/a\", 3, \"/c\"]\n");
    assert_eq!((document.excluded_paths.len(), errors.len()), (2, 1), "{errors:?}");
    let (document, _) = lossy(
        "[[expect]]\nlint = \"low-reuse\"\nowner = \"a\"\nreason = \"b\"\nuntil = \"soon\"\n",
    );
    assert_eq!(document.expectations.len(), 1, "it is expected, and never ends");
}

#[test]
fn a_broken_header_gives_its_keys_to_no_other_table() {
    let (document, errors) =
        lossy("[lints]\nlow-reuse = \"warn\"\n[floor\nclient-sends-close = \"fix\"\n");
    assert_eq!(settings(&document.lints), [set(lint::LOW_REUSE, Level::Warn)]);
    assert_eq!((document.floors.len(), errors.len()), (0, 1), "{errors:?}");
}

#[test]
fn a_text_that_is_not_utf8_is_told_with_its_place_and_the_rest_holds() {
    let reading =
        read("x.toml".into(), b"version = 1\ncap = \"fix\" # \xff\npreset = \"strict-1\"\n");
    let errors: Vec<_> = reading.errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors, ["x.toml:2:15: not UTF-8 here"]);
    assert_eq!(value(&reading.file.document.preset), Some(Preset::Strict1));
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_line() {
    let reading = read("x.toml".into(), "\u{feff}version = 0\r\ncap = \"fix\"\r\n".as_bytes());
    assert_eq!(reading.errors[0].origin().to_string(), "x.toml:1:11", "{:?}", reading.errors);
    assert_eq!(value(&reading.file.document.cap), Some(Level::Fix));
}

/// Good statements, and between them room for bad ones.
const GAPS: &str = r#"version = 1
#
preset = "recommended-1" # it is
cap = 'fix'
#
[lints]
#
low-reuse = { level = "warn", min-reused = 0.8,
  window = "1m" }
#
client-sends-close = "fix"
[[route]]
#
inbound = "POST /login"
lints.caller-sends-close = "deny"
#
[exclude]
paths = [
  "/healthz", # [lints]
  "/metrics",
]
#
[[expect]]
lint = "low-reuse"
owner = """
team = "x"
[store]
"""
#
reason = 'terminals'
"#;

proptest::proptest! {
    #[test]
    fn a_bad_line_takes_nothing_with_it(
        gap in 0..GAPS.matches("\n#\n").count(),
        line in r#"[^\[\]\{\}"'\n\r#]{0,20}"#,
    ) {
        let whole = read("x.toml".into(), GAPS.as_bytes());
        assert!(whole.errors.is_empty(), "nothing is wrong with it: {:?}", whole.errors);
        let at = GAPS.match_indices("\n#\n").nth(gap).expect("it is counted").0 + 1;
        let text = format!("{}{line}{}", &GAPS[..at], &GAPS[at + 1..]);
        let reading = read("x.toml".into(), text.as_bytes());
        let same = format!("{:?}", reading.file) == format!("{:?}", whole.file);
        let number = GAPS[..at].matches('\n').count() + 1;
        assert!(same, "{line:?} in line {number} changes more than itself");
    }
}
