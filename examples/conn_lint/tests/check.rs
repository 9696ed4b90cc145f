use std::time::{Duration, SystemTime};

use tower_conn_lint::lint;
use tower_conn_lint::policy::Day;

use super::*;

const BASE: &str = "allow-cap = false\n[floor]\nhandler-sends-close = \"fix\"\n";

#[test]
fn a_policy_in_order_is_told_in_one_line() {
    let folder = Folder::new("ok");
    let base = folder.policy("base.toml", "preset = \"recommended-1\"\n");
    let service = folder.policy(
        "service.toml",
        "[[route]]\ninbound = \"POST /login\"\nlints = { caller-sends-close = \"deny\" }\n\
         [[expect]]\nlint = \"low-reuse\"\nowner = \"a\"\nreason = \"b\"\n",
    );
    let text = shown(&["check", &base, &service]);
    let start = format!("ok: {} lints (fix ", lint::all().count());
    assert!(text.starts_with(&start), "{text}");
    assert!(text.ends_with("), 1 route, 1 expectation\n"), "{text}");

    let object = json(&["check", &base, &service, "--json"]);
    assert_eq!(object["ok"], true, "{object}");
    assert_eq!(object["problems"], Value::Array(Vec::new()), "{object}");
    assert_eq!((&object["routes"], &object["expectations"]), (&1.into(), &1.into()), "{object}");
    let levels = object["lints"].as_object().expect("a count for each level");
    assert_eq!(
        levels.values().filter_map(Value::as_u64).sum::<u64>(),
        lint::all().count() as u64,
        "{object}"
    );
}

#[test]
fn a_floor_that_is_lowered_is_refused_with_both_places() {
    let folder = Folder::new("floor");
    let base = folder.policy("base.toml", BASE);
    let service = folder.policy("service.toml", "[lints]\nhandler-sends-close = \"warn\"\n");
    assert_eq!(
        folder.short(&problems(&["check", &base, &service])),
        "error[below-floor]: `warn` is below the floor of `handler-sends-close`, `fix`, which holds
  --> service.toml:3:1
   |  handler-sends-close = \"warn\"
   |  ^^^^^^^^^^^^^^^^^^^
   = note: against base.toml:4:1
   |  handler-sends-close = \"fix\"
   |  ^^^^^^^^^^^^^^^^^^^

1 error, 0 warnings
"
    );

    let (_, text) = ask(&["check", &base, &service, "--json"]);
    let object: Value = serde_json::from_str(&text).expect("one value of JSON");
    let problem = &object["problems"][0];
    assert_eq!(object["ok"], false, "{object}");
    assert_eq!((&problem["line"], &problem["column"]), (&3.into(), &1.into()), "{problem}");
    assert_eq!((&problem["severity"], &problem["kind"]), (&"error".into(), &"below-floor".into()));
    let against = problem["against"]["origin"].as_str().expect("a place");
    assert_eq!(folder.short(against), "base.toml:4:1");
    assert_eq!(problem["against"]["line"], 4, "{problem}");
}

#[test]
fn what_a_service_only_warns_of_is_an_error() {
    let folder = Folder::new("strict");
    let base = folder.policy("base.toml", BASE);
    for (rest, parts) in [
        ("[lints]\nlow-resue = \"warn\"\n", ["error[unknown-lint]", "--> service.toml:3:1"]),
        ("prest = \"strict-1\"\n", ["error[unknown-key]", "--> service.toml:2:1"]),
        ("cap = \"warn\"\n", ["--> service.toml:2:7", "= note: against base.toml:2:13"]),
        (
            "[[expect]]\nlint = \"low-reuse\"\nowner = \"a\"\nreason = \"b\"\nuntil = 2020-01-01\n",
            ["error[expired]: the expectation of low-reuse", "--> service.toml:3:8"],
        ),
        ("preset = \n", ["error[syntax]", "--> service.toml:2:"]),
    ] {
        let service = folder.policy("service.toml", rest);
        let text = folder.short(&problems(&["check", &base, &service]));
        for part in parts {
            assert!(text.contains(part), "{part:?} is missing in\n{text}");
        }
        assert!(text.ends_with("1 error, 0 warnings\n"), "{text}");
    }
}

#[test]
fn what_is_to_be_looked_at_soon_passes_with_a_warning() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    let folder = Folder::new("warnings");
    let soon = Day::of(SystemTime::now() + 10 * DAY);
    let rest = format!(
        "cap = \"warn\"\n[floor]\nhandler-sends-close = \"fix\"\n\
         [[expect]]\nlint = \"low-reuse\"\nowner = \"a\"\nreason = \"b\"\nuntil = {soon}\n"
    );
    let text = folder.short(&shown(&["check", &folder.policy("one.toml", &rest)]));
    for part in [
        "warning[capped-floor]: the cap `warn` lies below the floor of `handler-sends-close`\n  \
         --> one.toml:2:7\n",
        &format!("warning[expires-soon]: the expectation of low-reuse (a, until {soon}) ends soon"),
        "--> one.toml:6:8\n",
        &format!("\nok: {} lints", lint::all().count()),
    ] {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
}

#[test]
fn one_of_the_files_may_be_what_comes_in() {
    let folder = Folder::new("input");
    let base = folder.policy("base.toml", BASE);
    let service = b"version = 1\n[lints]\nhandler-sends-close = \"warn\"\n";
    let (verdict, text) = ask_with(&["check", &base, "-"], service);
    assert!(matches!(verdict, Ok(Verdict::Problems)), "{verdict:?}");
    let part = "--> <stdin>:3:1\n   |  handler-sends-close = \"warn\"\n";
    assert!(text.contains(part), "its lines are shown:\n{text}");

    let (verdict, _) = ask_with(&["check", "-"], b"version = 1 # \xff");
    assert!(matches!(&verdict, Err(Failure::Usage(text)) if text == "<stdin>: not UTF-8"));
    let (verdict, text) = ask_with(&["check", "-"], &[b'#'; (1 << 20) + 2]);
    assert!(matches!(verdict, Ok(Verdict::Problems)), "{verdict:?}");
    assert!(text.contains("longer than 1 MiB"), "{text}");
}

#[test]
fn a_file_that_is_not_there_is_a_problem_without_a_line() {
    let text = problems(&["check", "no-such-file.toml"]);
    let expected = "error[unreadable]: there is no such file\n  --> no-such-file.toml\n\n";
    assert!(text.starts_with(expected), "{text}");
}
