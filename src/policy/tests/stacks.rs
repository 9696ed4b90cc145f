//! Who wins, where nothing is a mistake.

use super::*;

#[test]
fn the_strongest_source_of_all_wins() {
    use Level::{Allow, Deny, Fix, Warn};

    const LINT: Lint = CLIENT_SENDS_CLOSE;

    /// What stands beside the policy.
    struct Row {
        files: Vec<File>,
        code: Option<Level>,
        exception: bool,
        environment: &'static str,
    }

    let base = || File::new("base.toml").preset(Preset::Observe1);
    let base_lints = || base().lint(LINT, Fix);
    let service = || File::new("conn-lint.toml").lint(LINT, Warn);
    let base_route = || base_lints().outbound("gateway /{*rest}", LINT, Deny);
    let service_route = || service().outbound("gateway /{*rest}", LINT, Allow);
    let floored = || base_route().floor(LINT, Warn);
    let row = |files| Row { files, code: None, exception: false, environment: "" };
    let in_code = |row, code| Row { code: Some(code), ..row };
    let excepted = |row| Row { exception: true, ..row };
    let forced = |row, environment| Row { environment, ..row };

    // Each row is stronger than the one before, and says something else.
    let rows = [
        ("the preset", row(vec![base()]), Warn),
        ("lints of a document", row(vec![base_lints()]), Fix),
        ("those of a later one", row(vec![base_lints(), service()]), Warn),
        ("a route of an earlier one", row(vec![base_route(), service()]), Deny),
        ("a route of a later one", row(vec![base_route(), service_route()]), Allow),
        ("code", in_code(row(vec![base_route(), service_route()]), Fix), Fix),
        (
            "an exception on the route",
            excepted(in_code(row(vec![base_route(), service_route()]), Fix)),
            Allow,
        ),
        ("a floor", excepted(in_code(row(vec![floored(), service_route()]), Fix)), Warn),
        (
            "the cap",
            excepted(in_code(row(vec![floored(), service_route().cap(Allow)]), Fix)),
            Allow,
        ),
        (
            "the environment",
            forced(
                excepted(in_code(row(vec![floored(), service_route().cap(Allow)]), Fix)),
                "client-sends-close=deny",
            ),
            Deny,
        ),
        (
            "its cap",
            forced(
                excepted(in_code(row(vec![floored(), service_route().cap(Allow)]), Fix)),
                "client-sends-close=deny,observe",
            ),
            Warn,
        ),
    ];
    for (what, row, expected) in rows {
        let (policy, _) = stack(row.files);
        let code: Vec<_> = row.code.map(|level| (LINT, level)).into_iter().collect();
        let table = compiled(&policy, &code, row.environment, "instance");
        let matched = table.outbound("gateway", &Method::GET, None, "/v1");
        let exception = || row.exception.then(|| "a reason".into());
        let verdict = table.rules(matched).verdict(LINT, Place::OutgoingRequest, exception);
        assert_eq!(verdict.map_or(Allow, |verdict| verdict.level), expected, "{what}");
    }
}

#[test]
fn the_most_specific_route_wins_and_then_the_later_document() {
    let base = File::new("base.toml")
        .preset(Preset::Recommended1)
        .inbound("/a/{id}", CALLER_SENDS_CLOSE, Level::Deny)
        .inbound("/a/{*rest}", CALLER_SENDS_CLOSE, Level::Allow)
        .inbound("POST /b", CALLER_SENDS_CLOSE, Level::Deny);
    let service = File::new("conn-lint.toml")
        .inbound("/a/{name}", HANDLER_SENDS_CLOSE, Level::Warn)
        .inbound("/{*rest}", CALLER_SENDS_CLOSE, Level::Deny)
        .inbound("/b", CALLER_SENDS_CLOSE, Level::Allow);
    let policy = well_formed([base, service]);
    assert_eq!(policy.routes().len(), 5, "one is written twice");
    let table = table(&policy);
    for (method, path, caller, handler) in [
        ("GET", "/a/1", Level::Deny, Level::Warn),
        ("GET", "/a/1/2", Level::Allow, Level::Fix),
        ("GET", "/c", Level::Deny, Level::Fix),
        ("GET", "/b", Level::Allow, Level::Fix),
        ("POST", "/b", Level::Deny, Level::Fix),
    ] {
        let method: Method = method.parse().expect("a method");
        let found = [CALLER_SENDS_CLOSE, HANDLER_SENDS_CLOSE]
            .map(|lint| inbound(&table, method.clone(), path, lint));
        assert_eq!(found, [caller, handler], "{method} {path}");
    }
    let policy = well_formed([
        File::new("base.toml").outbound("Gateway", CLIENT_SENDS_CLOSE, Level::Fix),
        File::new("conn-lint.toml").outbound("gateway", CLIENT_SENDS_CLOSE, Level::Allow),
    ]);
    assert_eq!(policy.routes().len(), 1, "hosts and clients are compared without regard to case");
}

#[test]
fn later_documents_win_or_add() {
    let mut base = File::new("base.toml").preset(Preset::Strict1).exclude("/healthz");
    base.document.deny_status = Some(base.here(http::StatusCode::FORBIDDEN));
    let mut service = File::new("conn-lint.toml").preset(Preset::Recommended1).exclude("/metrics");
    service.document.deny_status = Some(service.here(http::StatusCode::CONFLICT));
    let policy = well_formed([base.exclude_probes(false), service.exclude_probes(true)]);
    let table = table(&policy);
    assert_eq!(table.preset, Preset::Recommended1);
    assert_eq!(table.deny_status, http::StatusCode::CONFLICT);
    assert!(table.probes_excluded);
    for (path, excluded) in [("/healthz", true), ("/metrics", true), ("/", false)] {
        assert_eq!(table.is_excluded(&Method::GET, path), excluded, "{path}");
    }
    assert_eq!(policy.documents().len(), 2, "what it was made of is kept");
}

#[test]
fn the_lowest_cap_holds_and_may_be_forbidden() {
    use Level::{Deny, Fix, Warn};
    for (files, cap, errors) in [
        (vec![File::new("a").cap(Warn), File::new("b").cap(Deny)], Warn, &[][..]),
        (vec![File::new("a").cap(Fix), File::new("b").cap(Warn)], Warn, &[]),
        (
            vec![File::new("a").allow_cap(false), File::new("b").cap(Warn)],
            Deny,
            &["Cap at b:1:1 against a:1:1"],
        ),
        (vec![File::new("a").cap(Fix).allow_cap(false)], Fix, &[]),
        (
            vec![
                File::new("a").allow_cap(false),
                File::new("b").allow_cap(true),
                File::new("c").cap(Warn),
            ],
            Deny,
            &["Cap at b:1:1 against a:1:1", "Cap at c:1:1 against a:1:1"],
        ),
    ] {
        let (policy, found) = stack(files);
        assert_eq!(found.iter().map(told).collect::<Vec<_>>(), errors);
        assert_eq!(policy.cap(), cap, "{errors:?}");
        let observed = compiled(&policy, &[], "observe", "instance");
        assert!(observed.cap <= Warn, "the environment always may");
    }
}

#[test]
fn bounds_are_those_of_their_lints() {
    use std::time::Duration;

    use crate::connection::Bounds;

    let bounded = |lint: Lint, level, bounds| {
        let mut file = File::new("conn-lint.toml");
        let setting = file.setting(lint, Level::Warn);
        file.document.lints.push(Setting { level, bounds, ..setting });
        file
    };
    let none = BoundsDocument::default();
    let (minute, tenth) = (Some(Duration::from_secs(60)), Some(0.1));
    let file =
        bounded(LOW_REUSE, None, BoundsDocument { min_reused: tenth, warm_up: minute, ..none });
    let idle = bounded(NO_IDLE_TIMEOUT, Some(Level::Warn), BoundsDocument { idle: minute, ..none });
    let policy = well_formed([file, idle]);
    let mut expected = Bounds::default();
    (expected.min_reuse, expected.warm_up) = (0.1, Duration::from_secs(60));
    expected.idle = Duration::from_secs(60);
    assert_eq!(policy.bounds(), expected, "what is not set is the default");
    assert_eq!(get(&table(&policy), "/", LOW_REUSE), Level::Warn, "its level is the preset's");

    for (lint, bounds) in [
        (CALLER_SENDS_CLOSE, BoundsDocument { min_requests: Some(1), ..none }),
        (LOW_REUSE, BoundsDocument { idle: minute, ..none }),
        (NO_IDLE_TIMEOUT, BoundsDocument { window: minute, ..none }),
        (LOW_REUSE, BoundsDocument { min_reused: Some(f64::NAN), ..none }),
        (LOW_REUSE, BoundsDocument { min_reused: Some(1.1), ..none }),
    ] {
        let (policy, errors) = stack([bounded(lint, None, bounds)]);
        let errors: Vec<_> = errors.iter().map(told).collect();
        assert_eq!(errors, ["Bounds at conn-lint.toml:1:1"], "{lint} {bounds:?}");
        assert_eq!(policy.bounds(), Bounds::default(), "{lint} {bounds:?}");
    }
}

#[test]
fn what_is_expected_on_a_route_holds_on_narrower_ones() {
    let file = File::new("conn-lint.toml")
        .lint(CALLER_SENDS_CLOSE, Level::Deny)
        .inbound("POST /legacy/pay", CALLER_SENDS_CLOSE, Level::Deny)
        .expect(CALLER_SENDS_CLOSE, Some((Side::Inbound, "/legacy/{*rest}")), "store")
        .expect(CALLER_SENDS_CLOSE, Some((Side::Inbound, "/legacy/{id}")), "pay")
        .expect(HANDLER_SENDS_CLOSE, Some((Side::Inbound, "/legacy/pay")), "pay")
        .expect(lint::UPGRADE_WITH_CLOSE, None, "all");
    let policy = well_formed([file]);
    let table = table(&policy);
    for (method, path, lint, owner) in [
        ("GET", "/legacy/a/b", CALLER_SENDS_CLOSE, Some("store")),
        ("GET", "/legacy/a", CALLER_SENDS_CLOSE, Some("pay")),
        ("POST", "/legacy/pay", CALLER_SENDS_CLOSE, Some("pay")),
        ("POST", "/legacy/pay", HANDLER_SENDS_CLOSE, Some("pay")),
        ("GET", "/legacy/a", HANDLER_SENDS_CLOSE, None),
        ("GET", "/", CALLER_SENDS_CLOSE, None),
        ("GET", "/", lint::UPGRADE_WITH_CLOSE, Some("all")),
        ("GET", "/legacy/a", lint::UPGRADE_WITH_CLOSE, Some("all")),
    ] {
        let method: Method = method.parse().expect("a method");
        let rules = table.rules(table.inbound(&method, path));
        let verdict = rules.verdict(lint, place(lint), || None).expect("it is heeded");
        let found = verdict.expected.map(|expected| expected.owner.as_str());
        assert_eq!(found, owner, "{lint} on {method} {path}");
        assert_eq!(verdict.level == Level::Allow, owner.is_some(), "{lint} on {method} {path}");

        let query = Query::inbound(&format!("{method} {path}")).expect("it is well-formed");
        let effective = policy.effective(&query);
        let level = effective.get(lint).expect("it is looked for inbound");
        let is_expected = level.by == DecidedBy::Expectation;
        assert_eq!(is_expected, owner.is_some(), "asked, {lint} on {method} {path}: {level}");
    }
    let matched = table.inbound(&Method::GET, "/legacy/a");
    for (code, environment) in
        [(&[(CALLER_SENDS_CLOSE, Level::Deny)][..], ""), (&[], "caller-sends-close=deny")]
    {
        let table = compiled(&policy, code, environment, "instance");
        let found = levels(&table, CALLER_SENDS_CLOSE, matched).0;
        assert_eq!(found, Level::Deny, "code and the environment are stronger: {environment:?}");
    }
}

#[test]
fn what_is_expected_of_connections_is_found_by_their_label() {
    let route = Some((Side::Inbound, "/upload/{*rest}"));
    let gateway = Some((Side::Outbound, "gateway"));
    let file = File::new("conn-lint.toml")
        .inbound("/{*rest}", CALLER_SENDS_CLOSE, Level::Allow)
        .expect(UNREAD_REQUEST_BODY, route, "store")
        .expect(LOW_REUSE, gateway, "batch");
    let table = table(&well_formed([file]));

    let matched = table.inbound(&Method::POST, "/upload/a/b");
    let (number, label) = table.counted(matched).expect("it counts for what is expected");
    assert_eq!((number, label.as_str()), (1, "/upload/{*rest}"), "and not for the wider route");
    let (number, other) = table.counted(table.inbound(&Method::POST, "/x")).expect("a route");
    assert_eq!((number, other.as_str()), (0, "/{*rest}"));

    let owner = |matched, lint| {
        let verdict = table.rules(matched).verdict(lint, place(lint), || None);
        verdict.expect("it is heeded").expected.map(|expected| expected.owner.as_str())
    };
    // A router has templates of its own.
    for (label, found) in [
        ("/upload/{*rest}", Some("store")),
        ("/upload/{name}/part", Some("store")),
        ("/uploads/{name}", None),
        ("other", None),
    ] {
        let matched = table.inbound_by_label(Some(&Method::POST), lint::Label::new(label));
        assert_eq!(owner(matched, UNREAD_REQUEST_BODY), found, "{label}");
        let caller = levels(&table, CALLER_SENDS_CLOSE, matched).0;
        assert_eq!(caller == Level::Allow, label != "other", "the route's levels hold: {label}");
    }
    assert_eq!(owner(table.outbound_whole("gateway", "api:443"), LOW_REUSE), Some("batch"));
    assert_eq!(owner(table.outbound_whole("other", "api:443"), LOW_REUSE), None);
}

#[test]
fn what_was_counted_goes_on_under_another_table() {
    let file = |owner: &str| File::new("f").expect(LOW_REUSE, None, owner);
    let [before, same, other] = ["store", "store", "pay"].map(|owner| well_formed([file(owner)]));
    let before = table(&before);
    let seen = |table: &Table| {
        let matched = Matched::DEFAULT;
        table.expected(matched, LOW_REUSE).expect("it is expected").seen()
    };
    before.expected(Matched::DEFAULT, LOW_REUSE).expect("it is").count(Instant::now());
    let environment = Environment::default();
    let (instance, now) = (Instance::new(""), Instant::now());
    let beside = beside(&environment, instance, now);
    assert_eq!(seen(&Table::new(&same, &beside, Some(&before))), 1, "lint, route and owner");
    assert_eq!(seen(&Table::new(&other, &beside, Some(&before))), 0, "another owner");
}

#[test]
fn expectations_are_bounded_and_mistakes_in_them_told() {
    let most = stacking::MOST_EXPECTATIONS;
    let all = (0..most + 2).fold(File::new("f"), |file, number| {
        file.expect(LOW_REUSE, None, &format!("owner-{number}"))
    });
    let (policy, errors) = stack([all]);
    assert_eq!(policy.expectations().len(), most, "the table is bounded");
    assert_eq!(errors.len(), 2);
    assert!(errors.iter().all(|error| error.kind() == PolicyErrorKind::TooMany), "{errors:?}");

    let twice = File::new("f").expect(LOW_REUSE, None, "one").expect(LOW_REUSE, None, "one");
    assert_eq!(well_formed([twice]).expectations().len(), 1, "the later one");

    let wrong_side = File::new("f").expect(CLIENT_SENDS_CLOSE, Some((Side::Inbound, "/")), "o");
    let no_path = File::new("f").expect(LOW_REUSE, Some((Side::Inbound, "oops")), "o");
    let mut no_day = File::new("f").expect(LOW_REUSE, None, "o");
    let day = no_day.here(Day { year: 2027, month: 2, day: 29 });
    no_day.document.expectations[0].until = Some(day);
    for (file, told_as, kept) in [
        (wrong_side, "WrongSide at f:1:1", 0),
        (no_path, "Route at f:2:1", 0),
        (no_day, "Day at f:4:1", 1),
    ] {
        let (policy, errors) = stack([file]);
        assert_eq!(errors.iter().map(told).collect::<Vec<_>>(), [told_as]);
        assert_eq!(policy.expectations().len(), kept, "{told_as}");
    }
}

#[test]
fn an_expectation_counts_on_after_a_reload_and_tells_its_new_reason() {
    let policy = |route: &str, reason: &str| {
        let known = Expectation::new(HANDLER_SENDS_CLOSE, "store", reason).inbound(route);
        Policy::builder().expect(known).build().expect("it is well-formed")
    };
    let (environment, _) = Environment::parse("");
    let (instance, now) = (Instance::new("instance"), Instant::now());
    let beside = beside(&environment, instance, now);
    let expected = |table: &Table| {
        let rules = table.rules(table.inbound(&Method::GET, "/a/1"));
        let verdict = rules.verdict(HANDLER_SENDS_CLOSE, Place::OutgoingResponse, || None);
        verdict.and_then(|verdict| verdict.expected).expect("it is expected")
    };
    let before = Table::new(&policy("/a/{id}", "old"), &beside, None);
    expected(&before).count(now);
    let after = Table::new(&policy("/a/{number}", "new"), &beside, Some(&before));
    assert_eq!(&*expected(&after).reason, "new", "the reason of the policy in force");
    assert_eq!(expected(&after).route.as_str(), "inbound /a/{number}");
    assert_eq!(expected(&after).seen(), 1, "a parameter's name makes no other route");
    expected(&before).count(now);
    assert_eq!(expected(&after).seen(), 2, "requests under the policy before still count");
}
