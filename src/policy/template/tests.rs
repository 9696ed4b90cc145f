use super::*;

fn segments(text: &str) -> Vec<String> {
    let template = Template::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let name = |segment: &Segment| match segment {
        Segment::Static(text) => format!("={text}"),
        Segment::Parameter => "one".to_owned(),
        Segment::Rest => "rest".to_owned(),
    };
    template.segments().iter().map(name).collect()
}

#[test]
fn a_template_is_cut_at_its_slashes() {
    let table: &[(&str, &[&str])] = &[
        ("/", &["="]),
        ("/users", &["=users"]),
        ("/users/", &["=users", "="]),
        ("//", &["=", "="]),
        ("/users/{id}", &["=users", "one"]),
        ("/users/{user-id}/x", &["=users", "one", "=x"]),
        ("/{größe}", &["one"]),
        ("/v1/{*rest}", &["=v1", "rest"]),
        ("/{*rest}", &["rest"]),
        ("/{{id}}", &["={id}"]),
        ("/a{{{{b}}", &["=a{{b}"]),
        ("/a:b*c", &["=a:b*c"]),
        ("/caf%C3%A9", &["=caf%C3%A9"]),
    ];
    for (text, expected) in table {
        assert_eq!(segments(text), *expected, "segments of {text}");
    }
}

#[test]
fn a_template_that_is_refused_says_where_and_what_to_write() {
    use TemplateErrorKind::*;
    let slash = "a template starts with `/`";
    let character = "no whitespace, control character, `?` or `#`; write the path alone, \
                     percent-encoded";
    let old = "a segment starts with `:` or `*`; write `{id}` or `{*rest}`";
    let unclosed = "`{` is not closed in its segment; write `{id}`, or `{{` for `{`";
    let stray = "`}` closes nothing; write `}}` for a literal `}`";
    let partial = "a parameter fills its whole segment; write `/{id}/`, or `{{` for a literal `{`";
    let name = "a parameter has a name of letters, digits, `_`, `-` and `.`; write `{id}` or \
                `{*rest}`";
    let twice = "two parameters have this name; rename one";
    let last = "`{*rest}` is the last segment; write `{id}` for one segment";
    let table = [
        ("", NoLeadingSlash, 0, slash),
        ("users", NoLeadingSlash, 0, slash),
        ("*", NoLeadingSlash, 0, slash),
        ("POST /login", NoLeadingSlash, 0, slash),
        ("/a b", ForbiddenCharacter, 2, character),
        ("/a?b=c", ForbiddenCharacter, 2, character),
        ("/a#b", ForbiddenCharacter, 2, character),
        ("/{id?}", ForbiddenCharacter, 4, character),
        ("/users/:id", OldSyntax, 7, old),
        ("/v1/*rest", OldSyntax, 4, old),
        ("/v1/*", OldSyntax, 4, old),
        ("/{id", UnclosedBrace, 1, unclosed),
        ("/{a/b}", UnclosedBrace, 1, unclosed),
        ("/a{", UnclosedBrace, 2, unclosed),
        ("/a}", StrayBrace, 2, stray),
        ("/{{id}", StrayBrace, 5, stray),
        ("/a{b}", PartialSegment, 2, partial),
        ("/v1/{id}.json", PartialSegment, 4, partial),
        ("/{a}{b}", PartialSegment, 1, partial),
        ("/{id}}", PartialSegment, 1, partial),
        ("/v1/a{*rest}", PartialSegment, 5, partial),
        ("/{}", InvalidName, 1, name),
        ("/{*}", InvalidName, 1, name),
        ("/{i*d}", InvalidName, 1, name),
        ("/{{{id}", PartialSegment, 3, partial),
        ("/{id:[0-9]+}", InvalidName, 1, name),
        ("/{id}/x/{id}", DuplicateName, 8, twice),
        ("/{id}/{*id}", DuplicateName, 6, twice),
        ("/{*rest}/x", RestNotLast, 1, last),
        ("/v1/{*rest}/", RestNotLast, 4, last),
    ];
    for (text, kind, offset, remedy) in table {
        let Err(error) = Template::parse(text) else {
            panic!("`{text}` was taken for a template");
        };
        assert_eq!(error.kind(), kind, "kind of `{text}`");
        assert_eq!(error.offset(), offset, "offset in `{text}`");
        assert_eq!(error.template(), text);
        assert_eq!(error.to_string(), format!("route template `{text}`, byte {offset}: {remedy}"));
    }
}

#[test]
fn a_control_character_does_not_reach_the_log() {
    for (text, shown) in [
        ("/a\r\nb", r"`/a\r\nb`, byte 2:"),
        ("/\u{1b}[31m", r"`/\u{1b}[31m`, byte 1:"),
        ("/ü\u{2003}b", r"`/ü\u{2003}b`, byte 3:"),
    ] {
        let error = Template::parse(text).unwrap_err();
        assert_eq!(error.kind(), TemplateErrorKind::ForbiddenCharacter);
        assert!(error.to_string().contains(shown), "{error}");
    }
}

#[test]
fn a_template_has_at_most_1024_bytes() {
    let longest = format!("/{}", "x".repeat(MAX_BYTES - 1));
    assert!(Template::parse(&longest).is_ok(), "1024 bytes are allowed");

    let error = Template::parse(&format!("{longest}x")).unwrap_err();
    assert_eq!(error.kind(), TemplateErrorKind::TooLong);
    assert_eq!(error.offset(), MAX_BYTES);
    assert!(
        error
            .to_string()
            .ends_with("byte 1024: longer than 1024 bytes; end it early with `{*rest}`"),
        "{error}"
    );
}

#[test]
fn a_template_has_at_most_64_segments() {
    let most = "/x".repeat(MAX_SEGMENTS);
    assert!(Template::parse(&most).is_ok(), "64 segments are allowed");

    let error = Template::parse(&format!("{most}/x")).unwrap_err();
    assert_eq!(error.kind(), TemplateErrorKind::TooManySegments);
    assert!(
        error.to_string().ends_with("byte 129: more than 64 segments; end it early with `{*rest}`"),
        "{error}"
    );
}

#[test]
fn names_are_kept_as_written_but_make_no_other_route() {
    let id: Template = "/users/{id}".parse().unwrap();
    let name: Template = "/users/{name}".parse().unwrap();
    assert_eq!(id.to_string(), "/users/{id}");
    assert_ne!(id, name);
    assert!(id.same_route(&name), "names make no other route");
    assert!(!id.same_route(&"/users/{*id}".parse().unwrap()));
}
