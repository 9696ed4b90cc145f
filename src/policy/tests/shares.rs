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
