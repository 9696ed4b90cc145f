use http::header::{ACCEPT, CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue};
use tower_conn_lint::field::{
    join_connection_lines, remove_field, remove_malformed, remove_option,
};

use crate::headers::{connection, fields, headers, lines};

fn bytes<'a>(lines: &[&'a str]) -> Vec<&'a [u8]> {
    lines.iter().map(|line| line.as_bytes()).collect()
}

#[test]
fn an_option_goes_from_all_lines_and_nothing_else_does() {
    for (before, after) in [
        (&["close"][..], &[][..]),
        (&["CLOSE, close ,Close"], &[]),
        (&["close", "close"], &[]),
        (&["close,, "], &[]),
        (&["Upgrade,close"], &["Upgrade"]),
        (&["a ,close,B b,,\t\"c"], &["a, B b, \"c"]),
        (&["a ,b,,", "close", "", "close;q=1,TE"], &["a ,b,,", "", "close;q=1,TE"]),
        (&["close", " "], &[" "]),
        (&["x", "close, y", "z"], &["x", "y", "z"]),
        (&["te", "te, te", "close"], &["te", "te, te"]),
    ] {
        let mut headers = connection(before);
        assert!(remove_option(&mut headers, "Close"), "{before:?} has the option");
        assert_eq!(lines(&headers), bytes(after), "{before:?} without close");
    }
}

#[test]
fn without_the_option_nothing_is_touched() {
    for line in ["", " , ", "disclose", "close x", "\"close\"", "te ,, close;q=1"] {
        let mut headers = connection([line]);
        assert!(!remove_option(&mut headers, "close"), "{line:?} has no such option");
        assert_eq!(lines(&headers), [line.as_bytes()], "{line:?} is untouched");
    }
    assert!(!remove_option(&mut connection([""; 0]), "close"));
    assert!(!remove_option(&mut connection(["a b, , c"]), "a b"), "no option has a space");
    assert!(!remove_option(&mut connection(["a b, , c"]), ""), "no option is empty");
}

/// Fields whose order `HeaderMap::remove` would change.
fn crowded() -> HeaderMap {
    headers([
        ("host", "a"),
        ("connection", "close"),
        ("accept", "1"),
        ("x-a", "1"),
        ("accept", "2"),
        ("connection", "close"),
        ("te", "trailers"),
        ("x-b", "1"),
    ])
}

#[test]
fn the_other_fields_keep_their_order() {
    let rest: Vec<_> =
        fields(&crowded()).into_iter().filter(|(name, _)| name != "connection").collect();
    assert_eq!(rest.len(), 6);

    let mut headers = crowded();
    assert!(remove_option(&mut headers, "close"));
    assert_eq!(fields(&headers), rest);

    let mut headers = crowded();
    assert!(remove_field(&mut headers, &CONNECTION));
    assert_eq!(fields(&headers), rest);
    assert!(!remove_field(&mut headers, &CONNECTION));
    assert_eq!(fields(&headers), rest);

    let mut headers = crowded();
    headers.append(CONNECTION, HeaderValue::from_static("te"));
    let mut left = fields(&headers);
    left.retain(|(_, value)| value != b"close");
    assert!(remove_option(&mut headers, "close"));
    assert_eq!(fields(&headers), left, "the field stays in its place when lines are left");
}

#[test]
fn the_first_and_the_last_field_can_be_removed() {
    for (name, left) in [(HOST, ["accept", "te"]), (ACCEPT, ["host", "te"])] {
        let mut headers = headers([("host", "1"), ("accept", "1"), ("te", "1"), ("accept", "2")]);
        assert!(remove_field(&mut headers, &name));
        assert!(headers.keys().eq(left.iter()), "{name} is removed, {left:?} are left");
    }
    let mut headers = headers([("host", "1"), ("te", "1")]);
    assert!(remove_field(&mut headers, &http::header::TE));
    assert_eq!(fields(&headers), [("host".to_owned(), b"1".to_vec())]);
}

#[test]
fn malformed_elements_go_if_told_so() {
    let mut headers = connection(["a=1,te,, b=2", "close", "b=2"]);
    assert!(!remove_malformed(&mut headers, |_| false));
    assert!(!remove_malformed(&mut headers, |element| element == b"close" || element.is_empty()));
    assert!(remove_malformed(&mut headers, |element| element == b"b=2"));
    assert_eq!(lines(&headers), [&b"a=1, te"[..], b"close"]);
    assert!(remove_malformed(&mut headers, |_| true));
    assert_eq!(lines(&headers), [&b"te"[..], b"close"]);
}

#[test]
fn lines_are_joined_if_all_elements_are_options() {
    for (before, after) in [
        (&["TE", "close"][..], Some("TE, close")),
        (&["a ,B", "", "a,"], Some("a, B, a")),
        (&["", ","], Some("")),
        (&["a, b"], None),
        (&["a", "b c"], None),
        (&["a", "\"b\"", "c"], None),
        (&[], None),
    ] {
        let mut headers = connection(before);
        assert_eq!(join_connection_lines(&mut headers), after.is_some(), "{before:?}");
        let left = after.map_or_else(|| bytes(before), |after| bytes(&[after]));
        assert_eq!(lines(&headers), left, "{before:?}");
    }
}

#[test]
fn a_sensitive_line_stays_sensitive() {
    let sensitive = |line| {
        let mut line = HeaderValue::from_static(line);
        line.set_sensitive(true);
        line
    };
    let mut headers = connection(["a, close"]);
    headers.append(CONNECTION, sensitive("b, close"));
    headers.append(CONNECTION, sensitive("c"));
    headers.insert("cookie", sensitive("d"));

    remove_option(&mut headers, "close");
    let flags: Vec<_> = headers.iter().map(|(_, value)| value.is_sensitive()).collect();
    assert_eq!(flags, [false, true, true, true]);

    join_connection_lines(&mut headers);
    assert!(headers[CONNECTION].is_sensitive(), "a join with a sensitive line is sensitive");

    remove_field(&mut headers, &CONNECTION);
    assert!(headers["cookie"].is_sensitive(), "other fields keep their flag");
}

#[test]
fn a_map_with_too_many_names_to_keep_their_order_still_loses_the_field() {
    for names in [3_275, 3_276, 24_575] {
        let mut headers = connection(["close, te", "te"]);
        for name in 0..names {
            let name = HeaderName::try_from(format!("x-{name}")).expect("a field name");
            headers.insert(name, HeaderValue::from_static("1"));
        }
        let order: Vec<_> = headers.keys().skip(1).cloned().collect();

        // A map of 24,576 names is full: http gives out no entry, and the lines stay as they are.
        assert_eq!(remove_option(&mut headers, "close"), names < 24_575, "{names} names beside");
        assert!(remove_field(&mut headers, &CONNECTION), "{names} names beside");
        assert!(!headers.contains_key(CONNECTION));
        assert_eq!(headers.keys_len(), names, "no other field is lost");
        assert_eq!(headers.keys().eq(order.iter()), names < 3_276, "order of {names} names");
    }
}
