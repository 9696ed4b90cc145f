use std::cmp::Ordering;

use http::Method;
use proptest::prelude::*;
use tower::ServiceExt as _;

use super::*;

fn template(text: &str) -> Template {
    Template::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

/// Routes as `"GET /path"` or `"/path"`, each with its own text as its value.
fn routes<'a>(lines: &[&'a str]) -> Routes<&'a str> {
    let mut routes = Routes::default();
    for &line in lines {
        let (method, path) = match line.split_once(' ') {
            Some((method, path)) => (Some(method.parse().unwrap()), path),
            None => (None, line),
        };
        routes.insert(method, &template(path), line);
    }
    routes
}

fn assert_finds(lines: &[&str], table: &[(&str, Option<&str>)]) {
    let routes = routes(lines);
    for (request, expected) in table {
        let (method, path) = request.split_once(' ').unwrap();
        let found = routes.find(&method.parse().unwrap(), path);
        assert_eq!(found.copied(), *expected, "what {request} finds in {lines:?}");
    }
}

#[test]
fn a_template_matches_as_it_does_in_axum() {
    let table = [
        ("/", "/", true),
        ("/", "//", false),
        ("/users", "/users", true),
        ("/users", "/users/", false),
        ("/users/", "/users/", true),
        ("/users/", "/users", false),
        ("/users/{id}", "/users/42", true),
        ("/users/{id}", "/users/", false),
        ("/users/{id}", "/users", false),
        ("/users/{id}", "/users/42/", false),
        ("/users/{id}", "/users/a%2Fb", true),
        ("/{id}/", "/a/", true),
        ("/{id}", "/", false),
        ("/v1/{*rest}", "/v1/a", true),
        ("/v1/{*rest}", "/v1/a/b/", true),
        ("/v1/{*rest}", "/v1//", true),
        ("/v1/{*rest}", "/v1//a", true),
        ("/v1/{*rest}", "/v1/", false),
        ("/v1/{*rest}", "/v1", false),
        ("/{*rest}", "/", false),
        ("/{*rest}", "/a", true),
        ("/{*rest}", "//", true),
        ("/{{id}}", "/{id}", true),
        ("/{{id}}", "/42", false),
        ("/caf%C3%A9", "/caf%C3%A9", true),
        ("/caf%C3%A9", "/caf%c3%a9", false),
        ("/Users", "/users", false),
    ];
    for (text, path, expected) in table {
        let found = routes(&[text]).find(&Method::GET, path).is_some();
        assert_eq!(found, expected, "whether {text} matches {path}");
        assert_eq!(axum_matches(text, path), expected, "whether {text} matches {path} in axum");
    }
}

#[test]
fn an_empty_segment_is_no_parameter_though_axum_takes_it_before_a_slash() {
    for (text, path) in [("/users/{id}/x", "/users//x"), ("/{id}/", "//")] {
        assert_eq!(routes(&[text]).find(&Method::GET, path), None, "{path}");
        assert!(axum_matches(text, path), "axum 0.8 no longer takes {path}");
    }
}

fn axum_matches(template: &str, path: &str) -> bool {
    let router = axum::Router::new().route(template, axum::routing::get(async || ()));
    let request = http::Request::get(path).body(axum::body::Body::empty()).unwrap();
    let response = tokio_test::block_on(router.oneshot(request)).unwrap();
    response.status().is_success()
}

#[test]
fn the_most_specific_template_wins_from_the_left() {
    assert_finds(
        &[
            "/{*rest}",
            "/users/{id}",
            "/users/me",
            "/users/{*rest}",
            "/{any}/me/posts",
            "/users/{id}/posts",
        ],
        &[
            ("GET /users/me", Some("/users/me")),
            ("GET /users/42", Some("/users/{id}")),
            ("GET /users/42/x", Some("/users/{*rest}")),
            ("GET /users/me/posts", Some("/users/{id}/posts")),
            ("GET /teams/me/posts", Some("/{any}/me/posts")),
            ("GET /teams/me", Some("/{*rest}")),
            ("GET /users/", Some("/{*rest}")),
            ("GET /", None),
        ],
    );
}

#[test]
fn a_specific_branch_that_leads_nowhere_is_left_again() {
    assert_finds(
        &["/a/b/c/d", "/a/{p}/c/e", "/{p}/b/{q}/f", "/a/b/{*rest}"],
        &[
            ("GET /a/b/c/d", Some("/a/b/c/d")),
            ("GET /a/b/c/f", Some("/a/b/{*rest}")),
            ("GET /a/x/c/e", Some("/a/{p}/c/e")),
            ("GET /a/x/c/f", None),
            ("GET /x/b/c/f", Some("/{p}/b/{q}/f")),
            ("GET /a/b", None),
        ],
    );
    assert_finds(
        &["/a/b/c/d", "/a/{p}/c/e", "/{p}/b/{q}/f"],
        &[
            ("GET /a/b/c/e", Some("/a/{p}/c/e")),
            ("GET /a/b/c/f", Some("/{p}/b/{q}/f")),
            ("GET /a/b/c/g", None),
        ],
    );
}

#[test]
fn the_path_decides_before_the_method() {
    assert_finds(
        &["/users/me", "GET /users/{id}", "GET /{*rest}", "/{*rest}"],
        &[
            ("GET /users/me", Some("/users/me")),
            ("GET /users/42", Some("GET /users/{id}")),
            ("GET /x", Some("GET /{*rest}")),
            ("POST /x", Some("/{*rest}")),
        ],
    );
}

#[test]
fn a_route_with_the_method_wins_over_one_without_in_any_order() {
    for lines in [["/x", "PUT /x", "QUERY /x"], ["QUERY /x", "PUT /x", "/x"]] {
        assert_finds(
            &lines,
            &[("PUT /x", Some("PUT /x")), ("QUERY /x", Some("QUERY /x")), ("GET /x", Some("/x"))],
        );
    }
}

#[test]
fn a_template_for_other_methods_only_is_passed_over() {
    assert_finds(
        &["POST /users/me", "PUT /users/{id}", "/{*rest}"],
        &[
            ("POST /users/me", Some("POST /users/me")),
            ("PUT /users/me", Some("PUT /users/{id}")),
            ("GET /users/me", Some("/{*rest}")),
        ],
    );
    assert_finds(&["POST /x"], &[("GET /x", None)]);
    assert_finds(&["POST /{*rest}"], &[("GET /x", None)]);
}

#[test]
fn the_later_route_replaces_the_earlier_of_the_same_shape_and_method() {
    let mut routes = Routes::default();
    assert!(routes.is_empty());
    assert_eq!(routes.insert(None, &template("/users/{id}"), 1), None);
    assert_eq!(routes.insert(Some(Method::PUT), &template("/users/{id}"), 2), None);
    assert_eq!(routes.insert(None, &template("/users/{name}"), 3), Some(1));
    assert_eq!(routes.len(), 2, "a replaced route is not counted twice");
    assert_eq!(routes.find(&Method::GET, "/users/42"), Some(&3));
    assert_eq!(routes.find(&Method::PUT, "/users/42"), Some(&2));
}

#[test]
fn a_target_that_is_no_path_matches_nothing() {
    let routes = routes(&["/", "/{*rest}", "/{one}"]);
    for target in ["", "*", "example.com:443", "a/b", "http://example.com/"] {
        assert_eq!(routes.find(&Method::OPTIONS, target), None, "for {target}");
    }
    let none = Routes::<()>::default();
    assert_eq!(none.find(&Method::GET, "/"), None);
}

#[test]
fn a_path_deeper_than_any_template_matches_a_rest_at_most() {
    for depth in 2..=MAX_SEGMENTS {
        let deepest = "/x".repeat(depth);
        let rest = format!("{}/{{*rest}}", "/x".repeat(depth - 1));
        // The parameter is passed over, so that the search looks at the whole depth as well.
        let lines = [deepest.as_str(), "/{p}/y"];
        let without_rest = routes(&lines);
        let with_rest = routes(&[lines[0], lines[1], rest.as_str()]);

        assert_eq!(with_rest.find(&Method::GET, &deepest), Some(&lines[0]));
        for more in [1, 2, 1000] {
            let path = format!("{deepest}{}", "/x".repeat(more));
            let found = with_rest.find(&Method::GET, &path).copied();
            assert_eq!(found, Some(rest.as_str()), "{more} more than {depth}");
            let found = without_rest.find(&Method::GET, &path);
            assert_eq!(found, None, "{more} more than {depth}, without a rest");
        }
    }
}

#[test]
fn a_segment_is_cut_at_any_length() {
    for length in 1..=40 {
        let (one, longer) = ("x".repeat(length), "x".repeat(length + 1));
        let lines = [format!("/{one}"), format!("/{one}/"), format!("/{one}/y")];
        let routes = routes(&[&lines[0], &lines[1], &lines[2]]);
        for line in &lines {
            let found = routes.find(&Method::GET, line);
            assert_eq!(found, Some(&line.as_str()), "{length} bytes");
        }
        for other in [longer, format!("{one}\0"), format!("{}y", &one[1..]), one[1..].into()] {
            let found = routes.find(&Method::GET, &format!("/{other}/"));
            assert_eq!(found, None, "{other} is not {one}");
        }
    }
}

#[test]
fn find_allocates_nothing() {
    let routes = routes(&["/a/b/c", "/a/{p}/d", "/{*rest}", "POST /a/b/{p}"]);
    let paths = ["/a/b/c", "/a/b/d", "/a/b/e", "/x", "*"];
    let count = allocation_counter::measure(|| {
        for path in paths {
            std::hint::black_box(routes.find(&Method::GET, path));
        }
    });
    assert_eq!(count.count_total, 0, "find allocated");
}

#[test]
fn each_of_ten_thousand_routes_is_found() {
    let shapes = ["/v1/r{n}", "/r{n}/{id}", "/v1/{id}/r{n}", "/r{n}/x/{*rest}"];
    let paths = ["/v1/r{n}", "/r{n}/42", "/v1/42/r{n}", "/r{n}/x/y/z"];
    let mut routes = Routes::default();
    for n in 0..10_000 {
        let text = shapes[n % 4].replace("{n}", &n.to_string());
        assert_eq!(routes.insert(None, &template(&text), n), None);
    }
    assert_eq!(routes.len(), 10_000);
    for n in 0..10_000 {
        let path = paths[n % 4].replace("{n}", &n.to_string());
        assert_eq!(routes.find(&Method::GET, &path), Some(&n), "for {path}");
    }
    assert_eq!(routes.find(&Method::GET, "/v1/r10000"), None);
}

// === the naive reference ===

/// Of a list of routes the one that `Routes` must find, by its number.
fn reference(list: &[(Option<Method>, Template)], method: &Method, path: &str) -> Option<usize> {
    let rank = |segment: &Segment| match segment {
        Segment::Static(_) => 0,
        Segment::Parameter => 1,
        Segment::Rest => 2,
    };
    let candidates = list.iter().enumerate().filter(|(_, (of, template))| {
        of.as_ref().is_none_or(|of| of == method) && matches(template.segments(), path)
    });
    let best = candidates.min_by(|(a_at, (a_of, a)), (b_at, (b_of, b))| {
        let path = a.segments().iter().map(rank).cmp(b.segments().iter().map(rank));
        let method = a_of.is_none().cmp(&b_of.is_none());
        let later: Ordering = b_at.cmp(a_at);
        path.then(method).then(later)
    });
    best.map(|(at, _)| at)
}

fn matches(segments: &[Segment], path: &str) -> bool {
    let Some((segment, others)) = segments.split_first() else {
        return path.is_empty();
    };
    let Some(path) = path.strip_prefix('/') else {
        return false;
    };
    let (text, after) = path.split_at(path.find('/').unwrap_or(path.len()));
    match segment {
        Segment::Static(expected) => **expected == *text && matches(others, after),
        Segment::Parameter => !text.is_empty() && matches(others, after),
        Segment::Rest => !path.is_empty(),
    }
}

fn any_path() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        3 => Just("a"), 3 => Just("b"), 1 => Just(""), 1 => Just("longer-than-8"),
        1 => Just("longer-than-9"), 1 => Just("c"),
    ];
    prop::collection::vec(segment, 0..6)
        .prop_map(|segments| segments.iter().map(|segment| format!("/{segment}")).collect())
}

fn any_path_without_empty_segments() -> impl Strategy<Value = String> {
    let segment = prop_oneof![3 => Just("/a"), 3 => Just("/b"), 1 => Just("/longer-than-8")];
    let segments = prop::collection::vec(segment, 0..5).prop_map(|segments| segments.concat());
    (segments, any::<bool>()).prop_map(|(path, slash)| match slash || path.is_empty() {
        true => path + "/",
        false => path,
    })
}

fn any_template() -> impl Strategy<Value = Template> {
    let segment = prop_oneof![
        3 => Just("a"), 3 => Just("b"), 1 => Just(""), 1 => Just("longer-than-8"),
        1 => Just("longer-than-9"), 4 => Just("{}"),
    ];
    let segments = prop::collection::vec(segment, 0..5);
    (segments, any::<bool>()).prop_map(|(mut segments, rest)| {
        if rest || segments.is_empty() {
            segments.push("{*}");
        }
        let text: String = (segments.iter().enumerate())
            .map(|(at, segment)| format!("/{}", segment.replace('}', &format!("p{at}}}"))))
            .collect();
        template(&text)
    })
}

fn any_method() -> impl Strategy<Value = Option<Method>> {
    prop_oneof![
        2 => Just(None), 1 => Just(Some(Method::GET)), 1 => Just(Some(Method::POST)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn find_agrees_with_a_comparison_of_all_routes(
        list in prop::collection::vec((any_method(), any_template()), 0..24),
        paths in prop::collection::vec(any_path(), 1..24),
    ) {
        let mut routes = Routes::default();
        for (at, (method, template)) in list.iter().enumerate() {
            routes.insert(method.clone(), template, at);
        }
        for path in paths {
            let found = routes.find(&Method::GET, &path).copied();
            prop_assert_eq!(found, reference(&list, &Method::GET, &path), "for {}", path);
        }
    }

    #[test]
    fn one_template_matches_the_paths_that_axum_gives_it(
        template in any_template(),
        path in any_path_without_empty_segments(),
    ) {
        let mut routes = Routes::default();
        routes.insert(None, &template, ());
        prop_assert_eq!(
            routes.find(&Method::GET, &path).is_some(),
            axum_matches(template.as_str(), &path),
            "{} and {}", template, path
        );
    }
}
