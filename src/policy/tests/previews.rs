//! What acts on nothing.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

#[test]
fn the_routes_of_a_preview_count() {
    let next = File::new("next.toml")
        .inbound("/a/{id}", CALLER_SENDS_CLOSE, Level::Deny)
        .lint(HANDLER_SENDS_CLOSE, Level::Fix)
        .exclude("/b");
    let file = File::new("f")
        .cap(Level::Warn)
        .inbound("/{*rest}", CALLER_SENDS_CLOSE, Level::Allow)
        .preview(next);
    let table = table(&well_formed([file]));
    for (path, lint, acts, would) in [
        ("/a/1", CALLER_SENDS_CLOSE, Level::Allow, Some(Level::Deny)),
        ("/a/1/2", CALLER_SENDS_CLOSE, Level::Allow, None),
        ("/a/1", HANDLER_SENDS_CLOSE, Level::Warn, Some(Level::Fix)),
        ("/c", HANDLER_SENDS_CLOSE, Level::Warn, Some(Level::Fix)),
        ("/b", HANDLER_SENDS_CLOSE, Level::Warn, None),
    ] {
        let matched = table.inbound(&Method::GET, path);
        let place = if lint == HANDLER_SENDS_CLOSE {
            Place::OutgoingResponse
        } else {
            Place::ReceivedRequest
        };
        let verdict = table.rules(matched).verdict(lint, place, || None);
        let found = verdict.map_or((Level::Allow, None), |verdict| (verdict.level, verdict.would));
        assert_eq!(found, (acts, would), "{lint} on {path}");
    }
}

#[test]
fn what_a_preview_excludes_is_left_alone_by_it() {
    let next = || File::new("next").lint(HANDLER_SENDS_CLOSE, Level::Fix);
    let file = || File::new("f").exclude_probes(false);
    let at = |table: &Table, path| table.inbound(&Method::GET, path);
    let policy = well_formed([file().preview(next().exclude("/b").exclude_probes(true))]);
    let excluding = table(&policy);
    assert!(excluding.reads_inbound_paths(), "its paths are told apart");
    assert!(!excluding.knows_by_label(), "a label may hold paths of both kinds");
    for (path, would) in [("/a", Some(Level::Fix)), ("/b", None)] {
        let found = levels(&excluding, HANDLER_SENDS_CLOSE, at(&excluding, path));
        assert_eq!(found, (Level::Warn, would), "in a table, {path}");
        let effective = policy.effective(&Query::inbound(path).expect("it is a path"));
        let level = effective.get(HANDLER_SENDS_CLOSE).expect("it is there");
        assert_eq!((level.level, level.would), (Level::Warn, would), "told, {path}");
    }
    let probe =
        |table: &Table| levels(table, HANDLER_SENDS_CLOSE, table.inbound_probe(&Method::GET, "/a"));
    assert_eq!(probe(&excluding), (Level::Warn, None), "a probe");
    let including = table(&well_formed([file().preview(next())]));
    assert_eq!(probe(&including), (Level::Warn, Some(Level::Fix)), "one that is judged there, too");
    let preset = Policy::builder().exclude_probes(false).preview(Preset::Strict1);
    let preset = table(&preset.build().expect("it is well-formed"));
    assert!(!preset.would_exclude_probes(), "a preset says nothing of probes");
}

#[test]
fn a_preview_is_at_least_the_floor_and_under_code() {
    let next = File::new("next.toml").lint(HANDLER_SENDS_CLOSE, Level::Allow);
    let file = File::new("f").floor(HANDLER_SENDS_CLOSE, Level::Fix).preview(next);
    let (policy, errors) = stack([file]);
    assert_eq!(
        errors.iter().map(told).collect::<Vec<_>>(),
        ["BelowFloor at next.toml:1:1 against f:1:1"]
    );
    let found = levels(&table(&policy), HANDLER_SENDS_CLOSE, Matched::DEFAULT);
    assert_eq!(found, (Level::Fix, Some(Level::Fix)));

    let floored = Policy::builder().floor(HANDLER_SENDS_CLOSE, Level::Fix);
    let policy = floored.preview(Preset::Observe1).build().expect("it is well-formed");
    let found = levels(&table(&policy), HANDLER_SENDS_CLOSE, Matched::DEFAULT);
    assert_eq!(found, (Level::Fix, Some(Level::Fix)), "a preset, too");

    let policy = Policy::builder().preview(Preset::Strict1).build().expect("it is well-formed");
    let code = [(HANDLER_SENDS_CLOSE, Level::Allow)];
    let table = compiled(&policy, &code, "", "instance");
    let found = levels(&table, HANDLER_SENDS_CLOSE, Matched::DEFAULT);
    assert_eq!(found, (Level::Allow, None), "code stands over any policy");
    for (environment, expected) in [
        ("handler-sends-close=allow", (Level::Allow, None)),
        ("handler-sends-close=warn", (Level::Warn, Some(Level::Warn))),
        ("observe", (Level::Allow, None)),
    ] {
        let table = compiled(&policy, &code, environment, "instance");
        let found = levels(&table, HANDLER_SENDS_CLOSE, Matched::DEFAULT);
        assert_eq!(found, expected, "the environment over that: {environment}");
    }
    let table = compiled(&policy, &[], "handler-sends-close=allow", "instance");
    let found = levels(&table, HANDLER_SENDS_CLOSE, Matched::DEFAULT);
    assert_eq!(found, (Level::Allow, None), "and over the preview alone");
    let table = compiled(&policy, &[], "observe", "instance");
    let found = levels(&table, HANDLER_SENDS_CLOSE, Matched::DEFAULT);
    assert_eq!(found, (Level::Warn, Some(Level::Fix)), "a cap is not previewed");
}

/// Templates that overlap and cross.
const TEMPLATES: [&str; 10] =
    ["/", "/a", "/a/b", "/a/{x}", "/{x}/b", "/{x}/{y}", "/a/{*r}", "/{*r}", "/a/{x}/c", "/b"];
const PATHS: [&str; 9] = ["/", "/a", "/a/b", "/a/c", "/c/b", "/a/b/c", "/a/q/c", "/b", "/q/w/e"];
const LEVELS: [Level; 3] = [Level::Allow, Level::Warn, Level::Deny];

/// Routes, as numbers of template, side with target, and level.
fn routes() -> impl Strategy<Value = Vec<(usize, usize, usize)>> {
    vec((0..TEMPLATES.len(), 0..4_usize, 0..LEVELS.len()), 0..8)
}

fn with_routes(file: File, routes: &[(usize, usize, usize)]) -> File {
    routes.iter().fold(file, |file, (template, target, level)| {
        let (template, level) = (TEMPLATES[*template], LEVELS[*level]);
        match target {
            0 | 1 => {
                let method = if *target == 1 { "POST " } else { "" };
                file.inbound(&format!("{method}{template}"), CALLER_SENDS_CLOSE, level)
            }
            2 => file.outbound(&format!("gateway {template}"), CLIENT_SENDS_CLOSE, level),
            _ => file.outbound("host", CLIENT_SENDS_CLOSE, level),
        }
    })
}

proptest! {
    /// One table says the same of both as a table of each would.
    #[test]
    fn a_preview_changes_nothing_of_what_is_in_force(own in routes(), next in routes()) {
        let alone = well_formed([with_routes(File::new("f"), &own)]);
        let above = well_formed([
            with_routes(File::new("f"), &own),
            with_routes(File::new("next"), &next),
        ]);
        let both = with_routes(File::new("f"), &own);
        let both = well_formed([both.preview(with_routes(File::new("next"), &next))]);
        let [alone, above, both] = [alone, above, both].map(|policy| table(&policy));
        for path in PATHS {
            for method in [Method::GET, Method::POST, Method::HEAD] {
                let level = |table: &Table| {
                    levels(table, CALLER_SENDS_CLOSE, table.inbound(&method, path))
                };
                let (acts, would) = level(&both);
                prop_assert_eq!(acts, level(&alone).0, "in force, {} {}", method, path);
                let expected = Some(level(&above).0).filter(|level| *level > Level::Allow);
                prop_assert_eq!(would, expected, "previewed, {} {}", method, path);
                for client in ["gateway", "other"] {
                    let matched =
                        |table: &Table| table.outbound(client, &method, Some("host:80"), path);
                    let level = |table: &Table, at| levels(table, CLIENT_SENDS_CLOSE, at);
                    let at = matched(&both);
                    let (acts, would) = level(&both, at);
                    prop_assert_eq!(acts, level(&alone, matched(&alone)).0, "{} {}", client, path);
                    let expected = Some(level(&above, matched(&above)).0);
                    let expected = expected.filter(|level| *level > Level::Allow);
                    prop_assert_eq!(would, expected, "previewed, {} {}", client, path);
                    if let Some(entry) = both.entry(at) {
                        prop_assert!(entry < 1 << 24, "it fits a connection's word");
                        prop_assert_eq!(both.at_entry(entry), at, "a connection keeps it whole");
                    }
                }
            }
        }
    }
}

#[test]
fn very_many_routes_leave_a_connection_the_one_in_force() {
    let files = |name: &str, from: u32, to: u32| {
        (from..to).fold(File::new(name), |file, number| {
            // Labels are bounded for the process, and other tests need some, too.
            file.outbound(&format!("gateway-{number} /a"), LOW_REUSE, Level::Warn)
        })
    };
    let file = files("f", 0, 5_000).preview(files("next", 5_000, 10_000));
    let table = table(&well_formed([file]));
    let at = table.outbound("gateway-4999", &Method::GET, None, "/a");
    let entry = table.entry(at).expect("a route");
    assert!(entry < 1 << 24, "{entry}");
    assert_eq!(table.at_entry(entry), at);
    let at = table.outbound("gateway-9999", &Method::GET, None, "/a");
    assert_eq!(table.entry(at), None, "it is in the preview only");
}
