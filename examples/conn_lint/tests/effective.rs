use tower_conn_lint::Policy;
use tower_conn_lint::lint;
#[cfg(feature = "serde")]
use tower_conn_lint::policy::Query;

use super::*;

const BASE: &str = "preset = \"recommended-1\"
[floor]
handler-sends-close = { level = \"fix\", share = 0.5 }
low-reuse = \"warn\"
[exclude]
paths = [\"/healthz\"]
";

const SERVICE: &str = "preview = \"strict-1\"
[lints]
close-in-interim = \"allow\"
[[route]]
inbound = \"POST /login\"
lints = { caller-sends-close = \"deny\", close-as-backpressure = \"allow\" }
[[route]]
inbound = \"/v1/{*rest}\"
lints = { caller-sends-close = \"allow\" }
[[route]]
outbound = \"gateway /v1/{*rest}\"
lints = { client-sends-close = \"warn\" }
[[expect]]
lint = \"caller-sends-close\"
inbound = \"/legacy/{*rest}\"
owner = \"team-store\"
reason = \"terminals\"
";

fn files(folder: &Folder) -> [String; 2] {
    [folder.policy("base.toml", BASE), folder.policy("service.toml", SERVICE)]
}

#[test]
fn each_level_is_told_with_where_it_is_said() {
    let folder = Folder::new("effective");
    let [base, service] = files(&folder);
    for (request, lint, expected) in [
        ("POST /login", "caller-sends-close", "deny, service.toml:7:11, would=warn"),
        ("GET /login", "caller-sends-close", "warn, base.toml:2:10 (preset)"),
        ("/v1/{id}", "caller-sends-close", "allow, service.toml:10:11, would=warn"),
        ("/legacy/{*all}", "caller-sends-close", "allow, service.toml:15:8 (expectation)"),
        ("POST gateway /v1/x", "client-sends-close", "warn, service.toml:13:11, would=fix"),
        ("POST gateway /v1/{id}", "client-sends-close", "warn, service.toml:13:11, would=fix"),
        ("gateway", "client-sends-close", "fix, base.toml:2:10 (preset)"),
        ("/", "close-in-interim", "allow, service.toml:4:1, would=warn"),
        ("/healthz", "caller-sends-close", ""),
    ] {
        let arguments = ["effective", &base, &service, "--route", request, "--lint", lint];
        let text = folder.short(&shown(&arguments));
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("  {lint}  ")));
        assert_eq!(line.unwrap_or_default(), expected, "{lint} of {request}:\n{text}");
        assert_eq!(text.contains("excluded: "), request == "/healthz", "{text}");
    }
}

#[test]
fn a_floor_is_told_where_it_decides() {
    let folder = Folder::new("decides");
    let [base, _] = files(&folder);
    let service =
        folder.policy("service.toml", "preset = \"observe-1\"\n[lints]\nlow-reuse = \"allow\"\n");
    let text = folder.short(&problems(&["effective", &base, &service]));
    for part in [
        "everywhere\n",
        "  handler-sends-close              fix (share 0.5), base.toml:4:1 (floor)\n",
        "  low-reuse                        warn, base.toml:5:1 (floor)\n",
        "\nleft out, as in a service that runs:\n",
        "service.toml:4:1: error: `allow` is below the floor of `low-reuse`, `warn`, which holds \
         (base.toml:5:1)\n",
    ] {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
}

#[test]
fn all_lints_of_a_side_are_told_unless_one_is_named() {
    let folder = Folder::new("sides");
    let [base, service] = files(&folder);
    let policy = Policy::stack().file(&base).file(&service).load_or_builtin();
    for request in ["/login", "gateway /v1/x"] {
        let object = json(&["effective", &base, &service, "--route", request, "--json"]);
        let levels = object["levels"].as_array().expect("a list");
        assert!((15..lint::all().count()).contains(&levels.len()), "those of one side: {object}");
        assert!(policy.problems().is_none(), "{:?}", policy.problems());
    }
    let elsewhere = ["effective", &base, "--route", "/login", "--lint", "client-sends-close"];
    assert!(shown(&elsewhere).ends_with("client-sends-close is not looked for there\n"));
}

const CURES: &str = "[heal]
max-age = \"5m\"
drain-request-body = true
retire = true
[[route]]
inbound = \"POST /upload\"
drain = false
[[route]]
outbound = \"gateway\"
drain = { bytes = \"64KiB\" }
";

#[test]
fn each_cure_is_told_with_where_it_is_said() {
    const OUTBOUND: &str =
        "{ bytes = \"64KiB\", time = \"500ms\", at-once = 256, at-once-per-peer = 16 }";
    const INBOUND: &str =
        "{ bytes = \"1MiB\", time = \"500ms\", at-once = 256, at-once-per-peer = 16 }";

    let folder = Folder::new("cures");
    let base = folder.policy("base.toml", "[heal]\nmax-age = \"1h\"\nmax-requests = 10000\n");
    let service = folder.policy("service.toml", CURES);
    let capped = folder.policy("capped.toml", "cap = \"warn\"\n");
    let at = |request: &'static str| ["effective", &base, &service, "--route", request];
    let upload = format!("  drain-request-body  {INBOUND}, service.toml:4:22\n");
    let gateway = format!(
        "cures\n  drain-response-body  {OUTBOUND}, service.toml:11:9\n  \
         retire               true, service.toml:5:10\n"
    );
    for (request, parts) in [
        ("POST /login", vec![upload.as_str(), "  max-requests        10000, base.toml:4:16\n"]),
        ("POST /login", vec!["  max-age             \"5m\", service.toml:3:11\n"]),
        ("POST /upload", vec!["cures\n  drain-request-body  false, service.toml:8:9\n"]),
        ("gateway", vec![&gateway]),
    ] {
        let text = folder.short(&shown(&at(request)));
        for part in parts {
            assert!(text.contains(part), "{part:?} is missing for {request}:\n{text}");
        }
        assert_eq!(text.contains("retire"), request == "gateway", "of its side:\n{text}");
    }
    let text = folder.short(&shown(&["effective", &base, &capped]));
    let line = "  max-requests  false, capped.toml:2:7 (cap)\n";
    assert!(text.contains(line), "{line:?} is missing in\n{text}");
    let text = shown(&["effective", &base, "--lint", "low-reuse"]);
    assert!(!text.contains("cures"), "one lint is asked for:\n{text}");

    let object = json(&["effective", &base, &service, "--route", "POST /upload", "--json"]);
    let cures = object["cures"].as_array().expect("a list");
    let names: Vec<_> =
        cures.iter().map(|cure| cure["cure"].as_str().unwrap_or_default()).collect();
    assert_eq!(names, ["drain-request-body", "max-requests", "max-age"]);
    assert_eq!((&cures[0]["terms"], &cures[0]["by"]), (&Value::Null, &"route".into()));
    assert_eq!((&cures[2]["terms"], &cures[2]["by"]), (&"\"5m\"".into(), &"heal".into()));
}

/// So that what is written for the one reads the other.
#[cfg(feature = "serde")]
#[test]
fn a_program_gets_what_the_library_serializes() {
    let folder = Folder::new("serialized");
    let [base, service] = files(&folder);
    let cures = folder.policy("cures.toml", CURES);
    let policy = Policy::stack().file(&base).file(&service).file(&cures).load_or_builtin();
    for request in ["POST /login", "/healthz", "/legacy/x", "POST /upload"] {
        let mut object =
            json(&["effective", &base, &service, &cures, "--route", request, "--json"]);
        let own = object.as_object_mut().expect("an object");
        let of_command = [own.remove("request"), own.remove("problems")];
        assert!(of_command.iter().all(Option::is_some), "{of_command:?}");
        let query = Query::inbound(request).expect("a request");
        let serialized = serde_json::to_value(policy.effective(&query)).expect("it is plain");
        assert_eq!(object, serialized, "{request}");
    }
}
