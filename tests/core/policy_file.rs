//! Policy files: what is refused, where, and with which words; what a service holds nevertheless.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs};

use http::Method;
use tower_conn_lint::heal::{Budget, Cure, Cures, Grace};
use tower_conn_lint::lint::Level;
use tower_conn_lint::policy::{PolicyErrorKind, PolicyErrors, Reload, Severity};
use tower_conn_lint::{ConnLint, Policy};

use crate::policy::{level_on, quiet};
use crate::reports::Log;

fn load(text: &str) -> Result<Policy, PolicyErrors> {
    Policy::stack().text("x.toml", text).try_load()
}

/// The mistakes of a file whose first line is its version, one a line.
fn mistakes(rest: &str) -> String {
    let errors = load(&format!("version = 1\n{rest}")).expect_err(rest);
    errors.iter().map(|error| format!("{error}\n")).collect()
}

/// A folder of its own for a test's files.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("the target's folder can be written to");
    folder
}

#[test]
fn a_mistake_has_its_place_its_text_and_the_nearest_right_thing() {
    for (rest, expected) in [
        (
            "prest = \"strict-1\"",
            "x.toml:2:1: unknown key `prest` in the file: did you mean `preset`?",
        ),
        (
            "preset = \"strict-2\"",
            "x.toml:2:10: unknown preset `strict-2`: did you mean `strict-1`?",
        ),
        ("preset = 1", "x.toml:2:10: `1` is not the name of a preset"),
        (
            "cap = \"fixx\"",
            "x.toml:2:7: `fixx` is not a level: allow, warn, fix or deny: did you mean `fix`?",
        ),
        ("cap = {}", "x.toml:2:7: a table is not a level: allow, warn, fix or deny"),
        ("allow-cap = \"no\"", "x.toml:2:13: `no` is not true or false"),
        ("deny-status = 200", "x.toml:2:15: `200` is not the status of an error, from 400 to 599"),
        (
            "deny-status = 1_0000_0000",
            "x.toml:2:15: `1_0000_0000` is not the status of an error, from 400 to 599",
        ),
        (
            "[lints]\nlow-resue = \"warn\"",
            "x.toml:3:1: unknown lint `low-resue`: did you mean `low-reuse`?",
        ),
        (
            "[lints]\nlow-reuse = [\"warn\"]",
            "x.toml:3:13: an array is not a level: allow, warn, fix or deny",
        ),
        (
            "[lints]\nlow-reuse = \"fix\"",
            "x.toml:3:1: `fix` on `low-reuse`: no rewrite of ours mends it; the most that helps is `warn`",
        ),
        (
            "[lints]\nlow-reuse = { levl = \"warn\" }",
            "x.toml:3:15: unknown key `levl` in the table of a lint: did you mean `level`?",
        ),
        ("[lints]\nlow-reuse = { min-reused = 2 }", "x.toml:3:28: `2` is not a share from 0 to 1"),
        (
            "[lints]\nlow-reuse = { min-reused = nan }",
            "x.toml:3:28: `nan` is not a share from 0 to 1",
        ),
        (
            "[lints]\nlow-reuse = { min-requests = -1 }",
            "x.toml:3:30: `-1` is not a whole number from 0 up",
        ),
        (
            "[lints]\nlow-reuse = { window = 60 }",
            "x.toml:3:24: `60` is not a duration: \"500ms\", \"30s\", \"1m\", \"2h\" or \"7d\"",
        ),
        (
            "[lints]\nlow-reuse = { window = \"9999d\" }",
            "x.toml:3:24: `9999d` is not a duration of at most \"3650d\"",
        ),
        (
            "[lints]\nsilent-close = { window = \"1m\" }",
            "x.toml:3:18: `window` means nothing here: it is a bound of `low-reuse`",
        ),
        (
            "[lints]\nlow-reuse = { level = \"warn\", idle = \"1m\" }",
            "x.toml:3:31: `idle` means nothing here: it is a bound of `no-idle-timeout`",
        ),
        (
            "[lints]\nlow-reuse = { level = \"warn\", share = 0.5 }",
            "x.toml:3:31: `share` means nothing here: it is a share of those that `fix` or `deny`",
        ),
        (
            "[floor]\nlow-reuse = \"deny\"",
            "x.toml:3:13: `deny` is not the level of a floor: warn or fix",
        ),
        (
            "[floor]\nclient-sends-close = { share = 0.1 }",
            "x.toml:3:22: `level` is missing in the table of a lint",
        ),
        (
            "[floor]\nlow-reuse = { level = \"warn\", window = \"1m\" }",
            "x.toml:3:31: `window` means nothing here: bounds are set in `[lints]`",
        ),
        ("floor = 3", "x.toml:2:9: `3` is not a table of lints and their levels"),
        (
            "[route]\ninbound = \"/a\"",
            "x.toml:2:1: a table is not a list of tables: write `[[route]]`",
        ),
        (
            "[[route]]\npath = \"/a\"\ninbound = \"/a\"",
            "x.toml:3:1: unknown key `path` in `[[route]]`: there are `inbound`, `outbound`, `lints`",
        ),
        (
            "[[route]]\nlints = { low-reuse = \"warn\" }",
            "x.toml:2:1: `inbound` or `outbound` is missing in `[[route]]`",
        ),
        (
            "[[route]]\ninbound = \"/a\"\noutbound = \"b\"",
            "x.toml:4:1: `inbound` and `outbound` at once: write two of these",
        ),
        (
            "[[route]]\ninbound = \"post /a\"",
            "x.toml:3:11: route `post /a`: a method is in upper case: did you mean `POST`?",
        ),
        (
            "[[route]]\ninbound = \"/a\"\nlints = { client-sends-close = \"warn\" }",
            "x.toml:4:11: `client-sends-close` on the route `/a`: it is looked for outbound only",
        ),
        ("[[route]]\ninbound = \" \"", "x.toml:3:11: ` ` is not a text that says something"),
        (
            "[[expect]]\nlint = \"low-resue\"\nowner = \"a\"\nreason = \"b\"",
            "x.toml:3:8: unknown lint `low-resue`: did you mean `low-reuse`?",
        ),
        (
            "[[expect]]\nlint = \"low-reuse\"\nreason = \"b\"",
            "x.toml:2:1: `owner` is missing in `[[expect]]`",
        ),
        (
            "[[expect]]\nlint = \"low-reuse\"\nowner = \"a\"\nreason = \"b\"\nuntil = \"2027-03-31\"",
            "x.toml:6:9: `2027-03-31` is not a date: write 2027-03-31, without quotes",
        ),
        (
            "[[expect]]\nlint = \"low-reuse\"\nowner = \"a\"\nreason = \"b\"\nuntil = 2027-03-31T10:00:00Z",
            "x.toml:6:9: `2027-03-31T10:00:00Z` is not a date: write 2027-03-31",
        ),
        (
            "[[expect]]\nlint = \"low-reuse\"\nowner = \"a\"\nreason = \"b\"\nuntil = 2027-02-29",
            "x.toml:6:9: not TOML: invalid date, expected day between 01 and 28",
        ),
        (
            "[exclude]\npath = []",
            "x.toml:3:1: unknown key `path` in `[exclude]`: did you mean `paths`?",
        ),
        ("[exclude]\npaths = \"/a\"", "x.toml:3:9: `/a` is not an array"),
        (
            "[exclude]\npaths = [\"a\"]",
            "x.toml:3:10: route `a`: route template `a`, byte 0: a template starts with `/`",
        ),
        ("[exclude]\n\"ä\" = 1; b", "x.toml:3:7: not TOML: `1; b` has no quotes: write `\"1; b\"`"),
        ("[exclude]\n'ö'.b.c", "x.toml:3:8: not TOML: key with no value, expected `=`"),
        ("[balance]\nleast = true", "x.toml:2:2: unknown key `balance` in the file: there are"),
        ("cap = \"fix\"\ncap = \"fix\"", "x.toml:3:1: `cap` is there already: the first one holds"),
        (
            "[lints]\nlow-reuse = \"warn\"\n\"low-reuse\" = \"warn\"",
            "x.toml:4:1: `\"low-reuse\"` is there already: the first one holds",
        ),
        (
            "preview = \"base.toml\"",
            "x.toml:2:11: a text has no files beside it: name a preset, or a whole path",
        ),
        ("preview = \"strict\"", "x.toml:2:11: unknown preset `strict`: did you mean `strict-1`?"),
        ("cap =", "x.toml:2:6: not TOML: the value is missing"),
        ("cap = \"fix\"\ncap.x = 1", "x.toml:3:1: `cap` is there already: the first one holds"),
        (
            "cap = \"fix\"\n[cap]\nlevel = 1",
            "x.toml:3:2: `cap` is there already: the first one holds",
        ),
        (
            "[lints]\ncap = \"fix\"",
            "x.toml:3:1: unknown lint `cap`: as a key of the file it stands before the first table",
        ),
        ("cap = fix", "x.toml:2:7: not TOML: `fix` has no quotes: write `\"fix\"`"),
    ] {
        let found = mistakes(rest);
        let first = found.lines().next().unwrap_or_default();
        assert!(first.starts_with(expected), "of {rest:?}: {found}");
    }
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once_in_their_order() {
    let found = mistakes(
        "cap = fix\nprest = \"strict-1\"\n[lints]\nlow-resue = \"warn\"\nlow-reuse = \"fixx\"\n[floor\n[exclude]\nprobes = 1\n",
    );
    let places: Vec<_> =
        found.lines().map(|line| line.split(": ").next().unwrap_or_default()).collect();
    let expected =
        ["x.toml:2:7", "x.toml:3:1", "x.toml:5:1", "x.toml:6:13", "x.toml:7:7", "x.toml:9:10"];
    assert_eq!(places, expected, "{found}");
}

#[test]
fn the_version_is_asked_for_and_a_newer_one_is_a_warning() {
    for (text, kind, severity) in [
        ("", PolicyErrorKind::MissingKey, Severity::Error),
        ("version = 0", PolicyErrorKind::Value, Severity::Error),
        ("version = \"1\"", PolicyErrorKind::Value, Severity::Error),
        ("version = 2", PolicyErrorKind::Version, Severity::Warning),
    ] {
        let errors = load(text).expect_err(text);
        let error = errors.iter().next().expect("one");
        assert_eq!((error.kind(), error.severity()), (kind, severity), "{text:?}: {error}");
    }
    assert!(load("version = 1").is_ok(), "a file needs nothing else");
}

#[test]
fn a_base_of_the_next_version_warns_and_what_is_known_holds() {
    let base = "version = 2\nkeep = \"x\"\n[lints]\nof-a-later-version = \"fix\"\nhandler-sends-close = \"fix\"\n";
    let policy = Policy::stack().text("base.toml", base).load_or_builtin();
    let problems = policy.problems().expect("three are told");
    assert_eq!(problems.iter().count(), 3, "{problems}");
    assert_eq!(problems.severity(), Severity::Warning, "{problems}");
    assert_eq!(level(&policy), Level::Fix, "what is known holds");
}

#[test]
fn a_file_that_is_missing_gives_the_built_in_policy() {
    let policy = Policy::from_file_or_builtin("no-such-file.toml");
    let problems = policy.problems().expect("it is told");
    assert_eq!(problems.to_string(), "no-such-file.toml: there is no such file");
    assert_eq!(problems.severity(), Severity::Error);
    assert_eq!(level(&policy), Level::Warn, "as observe-1 has it");
}

#[test]
fn of_a_stack_what_can_be_read_holds_and_later_files_stand_over_earlier_ones() {
    let base = "version = 1\n[lints]\nhandler-sends-close = \"fix\"\n";
    let service = "version = 1\n[lints]\nhandler-sends-close = \"allow\"\n";
    let stack = Policy::stack().text("base.toml", base);
    let policy = stack.clone().text("x.toml", service).try_load().expect("nothing is wrong");
    assert!(policy.problems().is_none(), "nothing is wrong");
    assert_eq!(level(&policy), Level::Allow, "the service's file stands over the base");

    let policy = stack.file("no-such-file.toml").load_or_builtin();
    assert!(policy.problems().is_some(), "a file is missing");
    assert_eq!(level(&policy), Level::Fix, "the base holds");
}

#[test]
fn a_load_that_never_fails_logs_one_line_as_grave_as_what_was_refused() {
    let log = |text: &str| {
        let stack = Policy::stack().text("x.toml", text);
        Log::of(|| drop(stack.load_or_builtin()))
    };
    for (text, level, told) in [
        (
            "version = 1\ncap = \"fx\"\nx = 1\n",
            "ERROR tower_conn_lint: ",
            "x.toml:2:7: `fx` is not",
        ),
        ("version = 1\nx = 1\ny = 1\n", " WARN tower_conn_lint: ", "x.toml:2:1: unknown key `x`"),
    ] {
        let log = log(text);
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(log.contains(level) && log.contains(told), "{log}");
    }
    assert_eq!(log("version = 1"), "", "nothing is wrong");
    let evil = format!("version = 1\n{}", "x\n".repeat(10_000));
    assert!(log(&evil).len() < 1_024, "a line is bounded");
}

#[test]
fn a_file_is_read_up_to_1_mib() {
    let folder = folder("long");
    let path = folder.join("conn-lint.toml");
    for (length, held) in [(1 << 20, true), ((1 << 20) + 1, false)] {
        let text = format!("version = 1\n#{}", " ".repeat(length - 13));
        assert_eq!(text.len(), length, "as long as it is meant to be");
        fs::write(&path, &text).expect("the folder can be written to");
        assert_eq!(Policy::try_from_file(&path).is_ok(), held, "{length} bytes in a file");
        assert_eq!(load(&text).is_ok(), held, "{length} bytes in a text");
    }
    let errors = Policy::try_from_file(&path).expect_err("it is too long");
    assert!(
        errors.to_string().ends_with("conn-lint.toml: longer than 1 MiB, which is the most"),
        "{errors}"
    );
    let errors = Policy::try_from_file(&folder).expect_err("a folder is no file");
    assert!(errors.to_string().contains(": can't be read: "), "{errors}");
}

#[test]
fn an_optional_file_may_be_missing_but_not_wrong() {
    let path = folder("optional").join("conn-lint.toml");
    let load = || {
        Policy::stack()
            .text("base.toml", "version = 1\ncap = \"fix\"")
            .optional_file(&path)
            .try_load()
    };
    _ = fs::remove_file(&path);
    let lint =
        ConnLint::builder().environment("").policy(load().expect("it may be missing")).build();
    fs::write(&path, "version = 1\ncap = \"wrn\"").expect("it can be written");
    assert!(load().unwrap_err().to_string().contains("did you mean `warn`?"), "it is there now");
    assert!(lint.reload().is_err(), "and read again");
    fs::write(&path, "version = 1\ncap = \"warn\"").expect("it can be written");
    assert_eq!(lint.reload(), Ok(Reload::Replaced), "and put in force");
    assert_eq!(lint.policy().cap(), Level::Warn);
    fs::remove_file(&path).expect("it is there");
    assert_eq!(lint.reload(), Ok(Reload::Replaced), "missing again");
    assert_eq!(lint.policy().cap(), Level::Fix);
}

#[test]
fn cures_are_switched_on_and_off_by_their_names() {
    let of = |text: &str| load(&format!("version = 1\n{text}")).map(|policy| policy.cures());
    let mut budget = Budget::default();
    (budget.bytes, budget.time) = (256 << 10, Duration::from_millis(100));
    let mut grace = Grace::default();
    (grace.time, grace.per_minute) = (Duration::from_millis(20), 100);
    let all = Cures::new().drain_request_body(budget).peer_closes_first(grace);
    let all = all.retire().max_requests(1_000).max_age(Duration::from_secs(300));
    let all = all.idle_timeout(Duration::from_secs(60)).announce_idle_timeout();
    for (text, cures) in [
        ("[heal]", Cures::new()),
        ("[heal]\ndrain-response-body = true", Cures::new().drain_response_body(Budget::default())),
        ("[heal]\nretire = false", Cures::new().without(Cure::Retire)),
        ("[heal]\ndrain = \"10s\"", Cures::new().drain(Duration::from_secs(10))),
        (
            "[heal]\ndrain-request-body = { bytes = \"256KiB\", time = \"100ms\" }\n\
             peer-closes-first = { time = \"20ms\", per-minute = 100 }\nretire = true\n\
             max-requests = 1000\nmax-age = \"5m\"\nidle-timeout = \"1m\"\n\
             announce-idle-timeout = true",
            all,
        ),
    ] {
        assert_eq!(of(text), Ok(cures), "{text}");
    }
    for (text, expected) in [
        (
            "[heal]\ndrai = \"1s\"",
            "x.toml:3:1: unknown key `drai` in `[heal]`: did you mean `drain`?",
        ),
        ("[heal]\nmax-requests = 0", "x.toml:3:16: `0` is not a whole number from 1 to 4294967295"),
        (
            "[heal]\nidle-timeout = \"0s\"",
            "x.toml:3:16: `0s` is not a duration above 0; leave the key out for none",
        ),
        (
            "[heal]\ndrain-request-body = { bytes = 1024 }",
            "x.toml:3:32: `1024` is not a size: \"512B\", \"64KiB\" or \"1MiB\"",
        ),
        (
            "[heal]\npeer-closes-first = \"yes\"",
            "x.toml:3:21: `yes` is not true, false or a table of bounds",
        ),
    ] {
        assert_eq!(of(text).unwrap_err().to_string(), expected, "{text}");
    }
    let base = Policy::stack().text("base", "version = 1\n[heal]\nretire = true\nmax-requests = 5");
    let stacked = base.text("own", "version = 1\n[heal]\nretire = false\nmax-age = \"1m\"");
    let cures = stacked.try_load().expect("it is well-formed").cures();
    assert_eq!(cures.to_string(), "max-requests, max-age", "each by itself");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_no_file_and_is_not_waited_for() {
    let path = folder("pipe").join("conn-lint.toml");
    _ = fs::remove_file(&path);
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.expect("every Unix has mkfifo").success());
    // It has no writer: to open it would wait for one.
    let errors = Policy::try_from_file(&path).expect_err("it is a pipe");
    let text = "conn-lint.toml: can't be read: it is no regular file";
    assert!(errors.to_string().ends_with(text), "{errors}");
}

#[test]
fn a_preview_is_a_file_beside_the_file_that_names_it() {
    let folder = folder("preview");
    let path = folder.join("conn-lint.toml");
    fs::write(&path, "version = 1\npreview = \"./next.toml\"\n").expect("it can be written");
    for (next, expected) in [
        ("version = 1\ncap = \"fix\"\n", None),
        ("version = 1\ncap = \"fx\"\n", Some("next.toml:2:7: `fx` is not")),
        (
            "version = 1\npreview = \"strict-1\"\n",
            Some("conn-lint.toml:2:11: this preview has a preview"),
        ),
    ] {
        fs::write(folder.join("next.toml"), next).expect("it can be written");
        let found = Policy::try_from_file(&path).err().map(|errors| errors.to_string());
        match expected {
            None => assert_eq!(found, None, "{next:?}"),
            Some(expected) => {
                assert!(found.as_ref().is_some_and(|found| found.contains(expected)), "{found:?}");
            }
        }
    }
    fs::remove_file(folder.join("next.toml")).expect("it was written");
    let errors = Policy::try_from_file(&path).expect_err("the preview is missing");
    assert!(errors.to_string().ends_with("next.toml: there is no such file"), "{errors}");
}

#[test]
fn a_mistake_is_shown_in_its_line_with_a_mark_under_it() {
    let long = format!("version = 1\npreset = \"{}\"\n", "x".repeat(300));
    let wide = format!("version = 1 # {}\n[lints]\n", "ü".repeat(300));
    for (source, expected) in [
        (
            "version = 1\n[lints]\nclient-send-close = \"fix\" # all\n",
            "error[unknown-lint]: unknown lint `client-send-close`: did you mean `client-sends-close`?\n  \
             --> x.toml:3:1\n   |  client-send-close = \"fix\" # all\n   |  ^^^^^^^^^^^^^^^^^\n",
        ),
        (
            "version = 1\n[[route]]\nlints = {}\n",
            "error[missing-key]: `inbound` or `outbound` is missing in `[[route]]`\n  \
             --> x.toml:2:1\n   |  [[route]]\n   |  ^^^^^^^^^\n",
        ),
        (
            "version = 1\n[lints]\nlow-reuse = { min-reused = 2, window = \"1m\" }\n",
            "error[value]: `2` is not a share from 0 to 1\n  \
             --> x.toml:3:28\n   |  low-reuse = { min-reused = 2, window = \"1m\" }\n   |                             ^\n",
        ),
        (&long, "   |           ^^^^^"),
        (&wide.replace("[lints]", "\tcap = 3"), "   |         ^\n"),
    ] {
        let errors = load(source).expect_err(source);
        let shown = errors.iter().next().expect("one").diagnostic(source).to_string();
        assert!(shown.contains(expected), "of {source:?}:\n{shown}");
        assert!(shown.lines().skip(1).all(|line| line.chars().count() <= 110), "{shown}");
    }
}

#[test]
fn the_mark_stands_under_what_is_wrong_however_long_the_line_is() {
    for before in [0, 10, 48, 49, 50, 51, 99, 100, 300] {
        let padding = "ü".repeat(before);
        let source = format!("version = 1\nexclude = {{ \"{padding}\" = 1, paths = 7 }}\n");
        let errors = load(&source).expect_err(&source);
        let error = errors.iter().last().expect("the number is the last mistake");
        let shown = error.diagnostic(&source).to_string();
        let lines: Vec<_> = shown.lines().skip(2).map(|line| line.chars()).collect();
        let [line, marks] = lines.as_slice() else { panic!("two lines: {shown}") };
        let marked = line.clone().zip(marks.clone()).filter(|(_, mark)| *mark == '^');
        let marked: String = marked.map(|(c, _)| c).collect();
        assert_eq!(marked, "7", "after {before} characters:\n{shown}");
    }
}

#[test]
fn the_file_of_the_readme_is_in_order() {
    let readme = include_str!("../../README.md");
    let files: Vec<_> = readme
        .split("```toml\n")
        .skip(1)
        .filter_map(|block| block.split("```").next())
        .filter(|block| block.contains("version = 1\n"))
        .collect();
    let [file] = files.as_slice() else { panic!("one policy file: {files:?}") };
    let errors = load(file).err();
    assert!(errors.is_none(), "{errors:?}");
    for key in ["preset", "preview", "[lints]", "[floor]", "[[route]]", "[[expect]]", "[exclude]"] {
        assert!(file.contains(key), "{key} is shown");
    }
}

/// The level of a handler's `close` wherever no route says otherwise.
fn level(policy: &Policy) -> Level {
    level_on(&quiet().policy(policy.clone()).build(), Method::GET, "/")
}

#[test]
fn a_slip_in_what_holds_acts_down_lets_none_go() {
    let level = |text: &str| {
        let policy = Policy::stack().text("conn-lint.toml", text).load_or_builtin();
        assert!(policy.problems().is_some(), "it is told: {text}");
        level_on(&quiet().policy(policy).build(), Method::GET, "/")
    };
    for text in [
        "version = 1\npreset = \"recommended-1\"\ncap = \"wran\"\n",
        "version = 1\n[lints]\nhandler-sends-close = { level = \"fix\", share = \"1.0\" }\n",
        "version = 1\n[lints]\nhandler-sends-close = { level = \"fix\", share = 10 }\n",
    ] {
        assert_eq!(level(text), Level::Warn, "{text}");
    }
}
