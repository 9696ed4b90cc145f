use super::*;

const OLD: &str = "preset = \"recommended-1\"
[[route]]
inbound = \"/v1/{*rest}\"
lints = { caller-sends-close = \"allow\" }
";

const NEW: &str = "preset = \"recommended-1\"
[[route]]
inbound = \"/v1/{*rest}\"
lints = { caller-sends-close = \"allow\" }
[[route]]
inbound = \"POST /login\"
lints = { caller-sends-close = \"deny\" }
[[route]]
inbound = \"/v1/items/{id}\"
lints = { caller-sends-close = \"warn\" }
[[route]]
outbound = \"gateway\"
lints = { client-sends-close = { level = \"fix\", share = 0.1 } }
[[route]]
outbound = \"10.0.0.8 /v2/{*rest}\"
lints = { client-sends-close = \"warn\" }
";

const SNAPSHOT: &str = r#"{ "window": 60.0,
"routes": [
    { "route": "/login", "requests": 100 },
    { "route": "/v1/items/{id}", "requests": 20 },
    { "route": "/v1/{*rest}", "requests": 30 },
    { "route": "/v1/items/{id}/price", "requests": 40 },
    { "route": "other", "requests": 5 }
],
"upstreams": [
    { "name": "10.0.0.7:80", "client": "gateway", "requests": 300 },
    { "name": "10.0.0.8:80", "client": "prices", "requests": 60 }
] }"#;

#[test]
fn changes_are_told_by_route() {
    let folder = Folder::new("diff");
    let (old, new) = (folder.policy("old.toml", OLD), folder.policy("new.toml", NEW));
    let text = shown(&["diff", &old, &new]);
    assert_eq!(
        text,
        "inbound POST /login\n  caller-sends-close  warn -> deny\n\
         inbound /v1/items/{id}\n  caller-sends-close  allow -> warn\n\
         outbound gateway\n  client-sends-close  fix -> fix (share 0.1)\n\
         outbound 10.0.0.8 /v2/{*rest}\n  client-sends-close  fix -> warn\n"
    );
    assert_eq!(shown(&["diff", &old, &old]), "no lint changes\n");

    let over = folder.policy("over.toml", "[lints]\nsilent-close = \"allow\"\n");
    let both = format!("{old},{over}");
    let text = shown(&["diff", &old, &both]);
    let expected = "where no route says otherwise\n  silent-close  warn -> allow\n";
    assert_eq!(text, expected, "over each other, and once for all");
    let all = json(&["diff", &old, &both, "--json"]);
    assert_eq!(all["changes"].as_array().map(Vec::len), Some(2), "each for a program: {all}");
}

#[test]
fn cures_that_change_are_told_beside_lints() {
    let folder = Folder::new("diff-cures");
    let old = folder.policy("old.toml", "[heal]\nmax-age = \"5m\"\nretire = true\n");
    let new = "[heal]\nmax-age = \"10m\"\ndrain-request-body = { bytes = \"64KiB\" }\n\
               [[route]]\ninbound = \"POST /upload\"\ndrain = { bytes = \"0B\" }\n\
               [[route]]\ninbound = \"/static/{*rest}\"\ndrain = false\n\
               [[route]]\ninbound = \"/{*rest}\"\n";
    let new = folder.policy("new.toml", new);
    let terms = |bytes| {
        format!("{{ bytes = \"{bytes}\", time = \"500ms\", at-once = 256, at-once-per-peer = 16 }}")
    };
    let text = shown(&["diff", &old, &new]);
    let expected = format!(
        "no lint changes\ncures where no route says otherwise\n  \
           drain-request-body  off -> {}\n  retire              true -> off\n  \
           max-age             \"5m\" -> \"10m\"\n\
         cures on inbound POST /upload\n  drain-request-body  off -> {}\n",
        terms("64KiB"),
        terms("0B"),
    );
    assert_eq!(text, expected, "what is off on a route was, and each once");
    let object = json(&["diff", &old, &new, "--json"]);
    assert_eq!(object["changes"], Value::from([""; 0].as_slice()), "no lint does");
    let retire =
        object["cures"].as_array().expect("a list").iter().find(|one| one["cure"] == "retire");
    let retire = retire.expect("it changes");
    assert_eq!((&retire["from"], &retire["to"]), (&"true".into(), &Value::Null), "{retire}");
    assert_eq!(retire["route"], Value::Null);
}

#[test]
fn requests_that_were_seen_are_counted_by_route() {
    let folder = Folder::new("touched");
    let (old, new) = (folder.policy("old.toml", OLD), folder.policy("new.toml", NEW));
    let snapshot = folder.file("snapshot.json", SNAPSHOT);
    let text = shown(&["diff", &old, &new, "--snapshot", &snapshot]);
    let (_, touched) = text.split_once("\n\n").expect("a part of its own");
    assert_eq!(
        touched,
        "touches 320 to 480 of 555 requests, seen in 60 s
  inbound /login                  at most 100 of 100
  inbound /v1/items/{id}          20 of 20
  outbound gateway (10.0.0.7:80)  300 of 300
  outbound prices (10.0.0.8:80)   at most 60 of 60
",
        "a row tells no method and no path of an upstream; what has a row of its own is not in a wider one"
    );
}

#[test]
fn a_change_everywhere_touches_what_no_route_excepts() {
    let folder = Folder::new("everywhere");
    let old = folder.policy("old.toml", OLD);
    let new = folder.policy("new.toml", &format!("{OLD}[lints]\ncaller-sends-close = \"deny\"\n"));
    let snapshot = folder.file("snapshot.json", SNAPSHOT);
    let object = json(&["diff", &old, &new, "--snapshot", &snapshot, "--json"]);
    assert_eq!(object["changes"].as_array().map(Vec::len), Some(1), "{object}");
    let change = &object["changes"][0];
    assert_eq!(change["route"], Value::Null, "{change}");
    assert_eq!(change["lint"], "caller-sends-close");
    assert_eq!(
        (&change["from"]["level"], &change["to"]["level"]),
        (&"warn".into(), &"deny".into())
    );

    let touched = &object["touched"];
    let counts: Vec<_> = touched["routes"]
        .as_array()
        .expect("a row for each")
        .iter()
        .filter(|row| row["at_most"] != 0)
        .map(|row| (row["route"].as_str(), row["at_least"].as_u64(), row["at_most"].as_u64()))
        .collect();
    let expected = [(Some("/login"), Some(100), Some(100)), (Some("other"), Some(5), Some(5))];
    assert_eq!(counts, expected, "what has a row is not among the others: {touched}");
    assert_eq!((&touched["at_least"], &touched["requests"]), (&105.into(), &555.into()));
}

#[test]
fn what_is_no_snapshot_is_refused() {
    let folder = Folder::new("no-snapshot");
    let old = folder.policy("old.toml", OLD);
    for (text, part) in [("{", "EOF"), ("{}", "no snapshot"), ("[1]", "no snapshot")] {
        let snapshot = folder.file("snapshot.json", text);
        let text = folder.short(&refused(&["diff", &old, &old, "--snapshot", &snapshot]));
        assert!(text.starts_with("snapshot.json: ") && text.contains(part), "{text}");
    }
}

/// The shape is the library's.
#[cfg(feature = "serde")]
#[test]
fn a_snapshot_of_the_library_is_read() {
    let folder = Folder::new("snapshot");
    let old = folder.policy("old.toml", OLD);
    let snapshot = tower_conn_lint::ConnLint::new().snapshot();
    let snapshot = serde_json::to_string(&snapshot).expect("it is plain");
    let snapshot = folder.file("snapshot.json", &snapshot);
    let text = shown(&["diff", &old, &old, "--snapshot", &snapshot]);
    assert_eq!(text, "no lint changes\n\ntouches 0 of 0 requests, seen in 60 s\n");
}
