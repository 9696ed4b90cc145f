use std::time::Duration;

use http::HeaderMap;
use tower_conn_lint::field::keep_alive;

use crate::headers::headers;

fn lines<const N: usize>(lines: [&str; N]) -> HeaderMap {
    headers(lines.map(|line| ("Keep-Alive", line)))
}

#[test]
fn timeout_and_max_are_plain_digits() {
    for (value, timeout, max, well_formed) in [
        ("timeout=5", Some(5), None, true),
        ("timeout=5, max=100", Some(5), Some(100), true),
        ("max=100,timeout=5", Some(5), Some(100), true),
        ("TIMEOUT=0, Max=0", Some(0), Some(0), true),
        ("", None, None, true),
        (" , ", None, None, true),
        ("foo=bar, baz=\"a, max=1\"", None, None, true),
        ("timeout=-1", None, None, false),
        ("timeout=\"5\"", None, None, false),
        ("timeout=", None, None, false),
        ("timeout", None, None, false),
        ("timeout = 5", None, None, false),
        ("timeout=5s, max=+1", None, None, false),
        ("=5", None, None, false),
        ("5", None, None, false),
        ("max=\"1", None, None, false),
        ("timeout=5 max=100", None, None, false),
        ("timeout=5; max=100", None, None, false),
        ("timeout=x, timeout=7, timeout=8", Some(7), None, false),
        ("300, timeout=5", Some(5), None, false),
        ("foo=\"a\"b\"", None, None, false),
        ("foo=\"a\\\"", None, None, false),
        ("foo=\"a\\\"b\"", None, None, true),
    ] {
        let headers = lines([value]);
        let keep_alive = keep_alive(&headers);
        assert_eq!(keep_alive.timeout(), timeout.map(Duration::from_secs), "timeout of {value}");
        assert_eq!(keep_alive.max(), max, "max of {value}");
        assert_eq!(keep_alive.is_well_formed(), well_formed, "form of {value}");
    }
}

#[test]
fn numbers_too_large_to_count_are_capped() {
    let headers = lines(["timeout=99999999999999999999, max=99999999999999999999"]);
    let keep_alive = keep_alive(&headers);
    assert_eq!(keep_alive.timeout(), Some(Duration::from_secs(1 << 31)));
    assert_eq!(keep_alive.max(), Some(u64::MAX));
    assert!(keep_alive.is_well_formed(), "they are digits nevertheless");
}

#[test]
fn parameters_of_all_lines_are_read() {
    let headers = lines(["foo=\"a, b\"", "", "oops", "max=3, Timeout=4"]);
    let items: Vec<_> = keep_alive(&headers).into_iter().map(|item| format!("{item:?}")).collect();
    assert_eq!(
        items,
        [
            r#"Ok(KeepAliveParameter(foo=\"a, b\"))"#,
            r#"Err(Malformed("oops"))"#,
            "Ok(KeepAliveParameter(max=3))",
            "Ok(KeepAliveParameter(Timeout=4))",
        ]
    );
    assert_eq!(keep_alive(&headers).timeout(), Some(Duration::from_secs(4)));
    assert!(!keep_alive(&headers).is_well_formed());
}

#[test]
fn no_field_is_well_formed_and_says_nothing() {
    let headers = HeaderMap::new();
    assert!(keep_alive(&headers).is_well_formed());
    assert_eq!(keep_alive(&headers).timeout(), None);
    assert_eq!(keep_alive(&headers).parameters().count(), 0);
}
