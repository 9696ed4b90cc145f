use std::collections::HashSet;

use http::header::{TE, UPGRADE};
use tower_conn_lint::field::{ConnectionElement, connection_elements, connection_options};

use crate::headers::connection;

/// The elements in writing: options as they are, malformed ones in brackets, empty ones as `-`.
fn written<V: AsRef<[u8]>>(lines: impl IntoIterator<Item = V>) -> String {
    let elements: Vec<_> = connection_elements(&connection(lines))
        .map(|element| match element {
            ConnectionElement::Option(option) => option.to_string(),
            ConnectionElement::Malformed(malformed) => format!("[{malformed}]"),
            ConnectionElement::Empty => "-".into(),
            other => panic!("an element of a new kind: {other:?}"),
        })
        .collect();
    elements.join(" ")
}

#[test]
fn elements_are_told_apart() {
    for (line, expected) in [
        (&b""[..], ""),
        (b" \t ", ""),
        (b",", "- -"),
        (b",close", "- close"),
        (b"close,", "close -"),
        (b"a\t , \tB", "a B"),
        (b"a,, b", "a - b"),
        (b"a b", "[a b]"),
        (b"a\xa0", r"[a\xa0]"),
        (b"\"a, close, b\"", r#"[\"a] close [b\"]"#),
        (b"keep-alive=5, close;q=1", "[keep-alive=5] [close;q=1]"),
        (b"!#$%&'*+-.^_`|~09azAZ", "!#$%&'*+-.^_`|~09azAZ"),
        (
            b"(a), {b}, c/d, e:f, <g>, h@i, [j], k?, l\\",
            "[(a)] [{b}] [c/d] [e:f] [<g>] [h@i] [[j]] [k?] [l\\\\]",
        ),
    ] {
        assert_eq!(written([line]), expected, "{}", line.escape_ascii());
    }
}

#[test]
fn lines_are_read_in_order_and_blank_ones_yield_nothing() {
    assert_eq!(written(["a, b", "", " ", "c", ",", "d"]), "a b c - - d");
}

#[test]
fn options_are_equal_and_hash_alike_in_any_case() {
    let headers = connection(["close, Close, CLOSE, closed, clos"]);
    let options: HashSet<_> = connection_options(&headers).collect();
    assert_eq!(options.len(), 3, "{options:?}");
}

#[test]
fn an_option_knows_what_it_is_in_any_case() {
    let headers = connection(["Close, Keep-Alive, UPGRADE, tE, x-y"]);
    let options: Vec<_> = connection_options(&headers).collect();
    let is: Vec<_> = options
        .iter()
        .map(|o| [o.is_close(), o.is_keep_alive(), o.is_upgrade(), o.is_te(), o.is("X-Y")])
        .map(|is| is.iter().position(|&is| is))
        .collect();
    assert_eq!(is, [Some(0), Some(1), Some(2), Some(3), Some(4)]);
    assert!(options[2].names(&UPGRADE), "UPGRADE nominates the field upgrade");
    assert!(!options[2].names(&TE), "UPGRADE does not nominate te");
}

#[test]
fn malformed_elements_can_be_seen_from_the_options() {
    let headers = connection(["a b, close", "\u{e9}, te"]);
    let mut options = connection_options(&headers);
    assert_eq!(
        format!("{:?}", options.malformed().collect::<Vec<_>>()),
        r#"[Malformed("a b"), Malformed("\xc3\xa9")]"#
    );

    options.next();
    let left: Vec<_> =
        options.malformed().map(tower_conn_lint::field::Malformed::has_obs_text).collect();
    assert_eq!(left, [true], "only what has not been passed is left");
    assert_eq!(options.count(), 1);
}

#[test]
fn debug_shows_options_and_no_other_field() {
    let mut headers = connection(["close"]);
    headers.insert("authorization", "secret".parse().expect("a header value"));
    assert_eq!(format!("{:?}", connection_options(&headers)), r#"[ConnectionOption("close")]"#);
}
