//! Levels that act on some of the instances.

use super::*;

fn names() -> impl Iterator<Item = String> {
    (0..200).map(|number| format!("instance-{number}"))
}

#[test]
fn an_instance_outside_the_share_warns_and_says_what_it_would_do() {
    let tenth = Rollout::new(Level::Fix, 0.1);
    let policies = [
        ("lints", File::new("f").lint(HANDLER_SENDS_CLOSE, tenth)),
        ("a floor", File::new("f").floor(HANDLER_SENDS_CLOSE, tenth)),
        ("a route", File::new("f").inbound("/a", HANDLER_SENDS_CLOSE, tenth)),
    ];
    for (what, file) in policies {
        let policy = well_formed([file]);
        let mut acting = 0;
        for name in names() {
            let table = compiled(&policy, &[], "", &name);
            let matched = table.inbound(&Method::GET, "/a");
            let found = levels(&table, HANDLER_SENDS_CLOSE, matched);
            if Instance::new(&name).is_in(0.1) {
                assert_eq!(found, (Level::Fix, None), "{what}, inside: {name}");
                acting += 1;
            } else {
                assert_eq!(found, (Level::Warn, Some(Level::Fix)), "{what}, outside: {name}");
            }
        }
        assert!((5..=40).contains(&acting), "{what}: {acting} of 200");
    }
}

#[test]
fn a_share_of_a_floor_and_one_of_a_level_hold_together() {
    let base = File::new("base.toml").floor(HANDLER_SENDS_CLOSE, Rollout::new(Level::Fix, 0.5));
    let service = |share| {
        File::new("conn-lint.toml").lint(HANDLER_SENDS_CLOSE, Rollout::new(Level::Fix, share))
    };
    let (policy, errors) = stack([base, service(0.1)]);
    assert_eq!(
        errors.iter().map(told).collect::<Vec<_>>(),
        ["BelowFloor at conn-lint.toml:1:1 against base.toml:1:1"]
    );
    let effective = policy.effective(&Query::everywhere());
    let level = effective.get(HANDLER_SENDS_CLOSE).expect("it is there").to_string();
    assert_eq!(level, "handler-sends-close = fix (share 0.5), base.toml:1:1 (floor)");
    let base = File::new("base.toml").floor(HANDLER_SENDS_CLOSE, Rollout::new(Level::Fix, 0.5));
    let wider = well_formed([base, service(0.9)]);
    for name in names() {
        let level = |policy| get(&compiled(policy, &[], "", &name), "/", HANDLER_SENDS_CLOSE);
        let instance = Instance::new(&name);
        assert_eq!(level(&policy) == Level::Fix, instance.is_in(0.5), "the floor's: {name}");
        assert_eq!(level(&wider) == Level::Fix, instance.is_in(0.9), "the level's: {name}");
    }
}

#[test]
fn outside_a_share_a_floor_holds_and_is_named() {
    let base = || File::new("base.toml").floor(CLIENT_SENDS_CLOSE, Rollout::new(Level::Fix, 0.5));
    let service = || File::new("own.toml").lint(CLIENT_SENDS_CLOSE, Rollout::new(Level::Deny, 0.1));
    let whole = || File::new("base.toml").floor(CLIENT_SENDS_CLOSE, Level::Fix);
    let cap = || File::new("own.toml").cap(Level::Warn);
    for (files, effective, spread) in [
        (
            vec![base(), service()],
            "deny (share 0.1), own.toml:1:1; else fix (share 0.5), base.toml:1:1 (floor)",
            "deny (share 0.1), else fix (share 0.5)",
        ),
        (
            vec![whole(), service()],
            "deny (share 0.1), own.toml:1:1; else fix, base.toml:1:1 (floor)",
            "deny (share 0.1), else fix",
        ),
        (vec![base()], "fix (share 0.5), base.toml:1:1 (floor)", "fix (share 0.5)"),
        (vec![base(), cap()], "warn, own.toml:1:1 (cap)", "warn"),
    ] {
        let (policy, _) = stack(files);
        let level = policy.effective(&Query::everywhere());
        let level = level.get(CLIENT_SENDS_CLOSE).expect("it is there").to_string();
        assert_eq!(level, format!("client-sends-close = {effective}"));
        let changes = Policy::from(Preset::Observe1).diff(&policy);
        let change = changes.iter().find(|change| change.lint == CLIENT_SENDS_CLOSE);
        let told = change.map_or_else(|| "warn".to_owned(), |change| change.to.to_string());
        assert_eq!(told, spread);
        for name in names() {
            let level =
                levels(&compiled(&policy, &[], "", &name), CLIENT_SENDS_CLOSE, Matched::DEFAULT);
            let instance = Instance::new(&name);
            let expected = match (spread, instance.is_in(0.1), instance.is_in(0.5)) {
                ("warn", ..) => Level::Warn,
                (_, true, _) if spread.starts_with("deny") => Level::Deny,
                _ if spread.ends_with("else fix") => Level::Fix,
                (_, _, true) => Level::Fix,
                _ => Level::Warn,
            };
            assert_eq!(level.0, expected, "{spread}: {name}");
        }
    }
}

#[test]
fn a_cap_leaves_nothing_to_be_done_inside_a_share() {
    let tenth = Rollout::new(Level::Fix, 0.0);
    let policy = well_formed([File::new("f").lint(HANDLER_SENDS_CLOSE, tenth).cap(Level::Warn)]);
    let found = levels(&table(&policy), HANDLER_SENDS_CLOSE, Matched::DEFAULT);
    assert_eq!(found, (Level::Warn, None), "no instance would fix");
}

#[test]
fn a_share_that_cannot_be_acts_on_nobody() {
    for share in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        let file = File::new("f").lint(HANDLER_SENDS_CLOSE, Rollout::new(Level::Fix, share));
        let (policy, errors) = stack([file]);
        assert_eq!(errors.iter().map(told).collect::<Vec<_>>(), ["Share at f:1:1"], "{share}");
        assert_eq!(get(&table(&policy), "/", HANDLER_SENDS_CLOSE), Level::Warn, "{share}");
    }
    for level in [Level::Allow, Level::Warn] {
        let file = File::new("f").lint(HANDLER_SENDS_CLOSE, Rollout::new(level, 0.5));
        let (policy, errors) = stack([file]);
        assert_eq!(errors.iter().map(told).collect::<Vec<_>>(), ["Share at f:1:1"], "{level}");
        assert_eq!(get(&table(&policy), "/", HANDLER_SENDS_CLOSE), level, "the level holds");
    }
}
