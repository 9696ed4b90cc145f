//! What nobody lowers.

use super::*;

/// What may stand over a floor, and how it is told if it lowers that.
type Row = (&'static str, fn(File) -> File, &'static [&'static str]);

const BELOW: &[&str] = &["BelowFloor at conn-lint.toml:1:1 against base.toml:2:1"];

#[test]
fn a_floor_holds_against_whatever_stands_over_it() {
    let base = || {
        let base = File::new("base.toml").preset(Preset::Recommended1);
        base.floor(HANDLER_SENDS_CLOSE, Level::Fix).exclude("/healthz")
    };
    let route = Some((Side::Inbound, "/a"));
    let rows: [Row; 14] = [
        ("a level", |file| file.lint(HANDLER_SENDS_CLOSE, Level::Warn), BELOW),
        ("none", |file| file.lint(HANDLER_SENDS_CLOSE, Level::Allow), BELOW),
        ("the same", |file| file.lint(HANDLER_SENDS_CLOSE, Level::Fix), &[]),
        ("a preset", |file| file.preset(Preset::Observe1), BELOW),
        ("a preset that keeps it", |file| file.preset(Preset::Strict1), &[]),
        (
            "a preset that decides nothing",
            |file| file.preset(Preset::Observe1).lint(HANDLER_SENDS_CLOSE, Level::Fix),
            &[],
        ),
        ("a share", |file| file.lint(HANDLER_SENDS_CLOSE, Rollout::new(Level::Fix, 0.5)), BELOW),
        (
            "a route",
            |file| file.inbound("/a", HANDLER_SENDS_CLOSE, Level::Allow),
            &["BelowFloor at conn-lint.toml:2:1 against base.toml:2:1"],
        ),
        (
            "a share on a route",
            |file| file.inbound("/a", HANDLER_SENDS_CLOSE, Rollout::new(Level::Fix, 0.0)),
            &["BelowFloor at conn-lint.toml:2:1 against base.toml:2:1"],
        ),
        ("an expectation", |file| file.expect(HANDLER_SENDS_CLOSE, None, "store"), BELOW),
        (
            "an expectation of another lint",
            |file| file.expect(CALLER_SENDS_CLOSE, None, "store"),
            &[],
        ),
        ("an excluded path", |file| file.exclude("/a"), BELOW),
        ("a floor", |file| file.floor(HANDLER_SENDS_CLOSE, Level::Warn), BELOW),
        ("the probes", |file| file.exclude_probes(true), &[]),
    ];
    for (what, over, errors) in rows {
        let (policy, found) = stack([base(), over(File::new("conn-lint.toml"))]);
        assert_eq!(found.iter().map(told).collect::<Vec<_>>(), errors, "{what}");
        let table = table(&policy);
        for path in ["/a", "/b"] {
            let matched = table.inbound(&Method::GET, path);
            assert_eq!(
                levels(&table, HANDLER_SENDS_CLOSE, matched).0,
                Level::Fix,
                "{what}: {path}"
            );
        }
        assert!(table.is_excluded(&Method::GET, "/healthz"), "what the base leaves alone: {what}");
        let code = [(HANDLER_SENDS_CLOSE, Level::Allow)];
        let under_code = compiled(&policy, &code, "", "instance");
        assert_eq!(get(&under_code, "/a", HANDLER_SENDS_CLOSE), Level::Fix, "code, {what}");
        let rules = table.rules(table.inbound(&Method::GET, "/a"));
        let exception = || Some("a reason".into());
        let verdict = rules.verdict(HANDLER_SENDS_CLOSE, Place::OutgoingResponse, exception);
        let verdict = verdict.expect("it is heeded");
        assert_eq!(verdict.level, Level::Fix, "an exception on the route, {what}");
        assert_eq!(verdict.reason, None, "and it is reported: {what}");
    }
    let expected = File::new("base.toml").floor(HANDLER_SENDS_CLOSE, Level::Fix);
    let expected = expected.expect(HANDLER_SENDS_CLOSE, route, "template");
    let table = table(&well_formed([expected]));
    assert_eq!(get(&table, "/a", HANDLER_SENDS_CLOSE), Level::Allow, "the base may expect it");
    assert_eq!(get(&table, "/b", HANDLER_SENDS_CLOSE), Level::Fix);
}

#[test]
fn a_later_floor_holds_over_what_was_expected_below() {
    let base = File::new("base.toml").expect(HANDLER_SENDS_CLOSE, None, "store").expect(
        CALLER_SENDS_CLOSE,
        None,
        "store",
    );
    let team = File::new("team.toml").floor(HANDLER_SENDS_CLOSE, Level::Fix);
    let team = team.expect(HANDLER_SENDS_CLOSE, Some((Side::Inbound, "/a")), "team");
    let (policy, errors) = stack([base, team]);
    let told: Vec<_> = errors.iter().map(told).collect();
    assert_eq!(told, ["BelowFloor at base.toml:1:1 against team.toml:1:1"]);
    let table = table(&policy);
    assert_eq!(get(&table, "/b", HANDLER_SENDS_CLOSE), Level::Fix, "the floor holds");
    assert_eq!(get(&table, "/a", HANDLER_SENDS_CLOSE), Level::Allow, "its own document may");
    assert_eq!(get(&table, "/b", CALLER_SENDS_CLOSE), Level::Allow, "it is of another lint");
}

#[test]
fn bounds_do_not_empty_a_floor() {
    let secs = Duration::from_secs;
    let own = BoundsDocument { min_reused: Some(0.9), ..BoundsDocument::default() };
    let base = || {
        let base = File::new("base.toml").floor(LOW_REUSE, Level::Warn).bounds(LOW_REUSE, own);
        base.floor(NO_IDLE_TIMEOUT, Level::Warn)
    };
    let none = BoundsDocument::default();
    let default = Bounds::default();
    let held = Bounds { min_reuse: 0.9, ..default };
    // What fires less is left out; the floors are in lines 1 and 3 of the base.
    let less = [
        (LOW_REUSE, BoundsDocument { min_reused: Some(0.8), ..none }, 1),
        (LOW_REUSE, BoundsDocument { min_requests: Some(101), ..none }, 1),
        (LOW_REUSE, BoundsDocument { window: Some(secs(59)), ..none }, 1),
        (LOW_REUSE, BoundsDocument { warm_up: Some(secs(31)), ..none }, 1),
        (NO_IDLE_TIMEOUT, BoundsDocument { idle: Some(secs(601)), ..none }, 3),
    ];
    for (lint, bounds, line) in less {
        let (policy, errors) = stack([base(), File::new("own.toml").bounds(lint, bounds)]);
        let told: Vec<_> = errors.iter().map(told).collect();
        assert_eq!(told, [format!("BelowFloor at own.toml:1:1 against base.toml:{line}:1")]);
        assert_eq!(policy.bounds(), held, "{bounds:?}: what the floor stands on holds");
    }
    // Back to what the floor stands on, from more.
    let more = BoundsDocument { min_reused: Some(1.0), min_requests: Some(1), ..none };
    let back = BoundsDocument { min_requests: Some(100), ..own };
    let policy = well_formed([
        base(),
        File::new("own.toml").bounds(LOW_REUSE, more),
        File::new("late.toml").bounds(LOW_REUSE, back),
    ]);
    assert_eq!(policy.bounds(), held, "each is as strict as the floor, or more");

    let code = Bounds { min_reuse: 0.0, warm_up: Duration::ZERO, idle: secs(900), ..default };
    let lowered = policy.lowered_by_code(&[], Some(code));
    let told: Vec<_> = lowered.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "`min-reused` of 0.0 instead of 0.9 is below the floor of `low-reuse`, `warn`, which \
             holds (base.toml:1:1)",
            "`idle` of 900s instead of 600s is below the floor of `no-idle-timeout`, `warn`, which \
             holds (base.toml:3:1)",
        ]
    );
    let now = Instant::now();
    let environment = Environment::default();
    let instance = Instance::new("one");
    let beside = Beside { bounds: Some(code), ..beside(&environment, instance, now) };
    let bounds = Table::new(&policy, &beside, None).bounds;
    assert_eq!(bounds, Bounds { min_reuse: 0.9, warm_up: Duration::ZERO, ..default });
}

#[test]
fn a_floor_admits_more() {
    let base = File::new("base.toml").floor(CLIENT_SENDS_CLOSE, Level::Warn);
    let policy = well_formed([
        base,
        File::new("conn-lint.toml")
            .lint(CLIENT_SENDS_CLOSE, Level::Fix)
            .outbound("gateway", CLIENT_SENDS_CLOSE, Level::Deny)
            .exclude("/healthz"),
    ]);
    let table = table(&policy);
    for (client, level) in [("gateway", Level::Deny), ("other", Level::Fix)] {
        let matched = table.outbound(client, &Method::GET, None, "/");
        assert_eq!(levels(&table, CLIENT_SENDS_CLOSE, matched).0, level, "{client}");
    }
    assert!(table.is_excluded(&Method::GET, "/healthz"), "a floor outbound has no inbound paths");
}

#[test]
fn a_floor_is_a_mistake_where_it_contradicts_its_own_document() {
    let base = || File::new("f").floor(HANDLER_SENDS_CLOSE, Level::Fix);
    for (file, errors) in [
        (base().lint(HANDLER_SENDS_CLOSE, Level::Warn), &["BelowFloor at f:2:1 against f:1:1"][..]),
        (
            base().inbound("/", HANDLER_SENDS_CLOSE, Level::Allow),
            &["BelowFloor at f:3:1 against f:1:1"],
        ),
        (base().preset(Preset::Observe1).exclude("/healthz").exclude_probes(true), &[]),
        (File::new("f").floor(HANDLER_SENDS_CLOSE, Level::Allow), &["Floor at f:1:1"]),
        (File::new("f").floor(CALLER_SENDS_CLOSE, Level::Deny), &["Floor at f:1:1"]),
        (File::new("f").floor(CALLER_SENDS_CLOSE, Level::Fix), &["CannotFix at f:1:1"]),
    ] {
        let (policy, found) = stack([file]);
        assert_eq!(found.iter().map(told).collect::<Vec<_>>(), errors);
        let refused = errors.iter().any(|error| error.starts_with("Floor"));
        assert_eq!(policy.floors.is_empty(), refused, "{errors:?}");
    }
    let file =
        File::new("f").floor(CALLER_SENDS_CLOSE, Level::Fix).lint(CALLER_SENDS_CLOSE, Level::Allow);
    let (policy, errors) = stack([file]);
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert_eq!(get(&table(&policy), "/", CALLER_SENDS_CLOSE), Level::Warn, "taken as `warn`");
}

#[test]
fn probes_are_judged_where_a_base_with_floors_says_so() {
    for (floored, refused) in [(HANDLER_SENDS_CLOSE, true), (CLIENT_SENDS_CLOSE, false)] {
        let base = File::new("base.toml").exclude_probes(false).floor(floored, Level::Warn);
        let service = File::new("conn-lint.toml").exclude_probes(true);
        let (policy, errors) = stack([base, service]);
        let below = "BelowFloor at conn-lint.toml:1:1 against base.toml:2:1";
        let expected: &[&str] = if refused { &[below] } else { &[] };
        assert_eq!(errors.iter().map(told).collect::<Vec<_>>(), expected, "{floored}");
        assert_eq!(table(&policy).probes_excluded, !refused, "{floored}");
    }
}

#[test]
fn floors_of_several_documents_hold_together() {
    let base = File::new("a").floor(HANDLER_SENDS_CLOSE, Rollout::new(Level::Fix, 0.5));
    let team = File::new("b").floor(HANDLER_SENDS_CLOSE, Level::Fix);
    let (policy, errors) =
        stack([base, team, File::new("c").lint(HANDLER_SENDS_CLOSE, Level::Warn)]);
    let told: Vec<_> = errors.iter().map(told).collect();
    assert_eq!(told, ["BelowFloor at c:1:1 against a:1:1"], "the first that it lowers");
    for name in ["one", "two", "three", "four", "five"] {
        let table = compiled(&policy, &[], "", name);
        assert_eq!(get(&table, "/", HANDLER_SENDS_CLOSE), Level::Fix, "{name}");
    }
}

#[test]
fn a_cap_below_a_floor_is_seen() {
    let base = || {
        File::new("base.toml")
            .floor(HANDLER_SENDS_CLOSE, Level::Fix)
            .floor(CALLER_SENDS_CLOSE, Level::Warn)
    };
    for (service, environment, capped) in [
        (File::new("s"), "", &[][..]),
        (File::new("s").cap(Level::Warn), "", &[HANDLER_SENDS_CLOSE]),
        (File::new("s").cap(Level::Fix), "", &[]),
        (File::new("s"), "observe", &[HANDLER_SENDS_CLOSE]),
        (File::new("s"), "caller-sends-close=allow", &[CALLER_SENDS_CLOSE]),
        (File::new("s"), "off", &[HANDLER_SENDS_CLOSE, CALLER_SENDS_CLOSE]),
        (File::new("s").cap(Level::Allow), "", &[HANDLER_SENDS_CLOSE, CALLER_SENDS_CLOSE]),
    ] {
        let policy = well_formed([base(), service]);
        let table = compiled(&policy, &[], environment, "instance");
        let expected = capped.iter().copied().collect();
        assert_eq!(table.capped_floors, expected, "{environment} {:?}", policy.cap());
        if environment.is_empty() {
            assert_eq!(policy.capped_floors(), expected, "{:?}", policy.cap());
        }
    }
}
