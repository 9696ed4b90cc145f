//! What holds for any bytes that a header value can hold.

use http::header::{CONNECTION, HeaderMap, HeaderValue};
use http::{Method, StatusCode, Version};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tower_conn_lint::field::{
    ConnectionElement, Direction, connection_elements, connection_options, join_connection_lines,
    keep_alive, persistence, remove_field, remove_malformed, remove_option, request_framing,
    response_framing,
};

use crate::headers::{connection, fields, headers, lines};

/// A value of pieces that matter here, with any admissible bytes in between.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&[u8]> = vec![
        b"close",
        b"Close",
        b"keep-alive",
        b"te",
        b"x",
        b"chunked",
        b"timeout=5",
        b"5",
        b"max",
        b",",
        b",",
        b",",
        b" ",
        b"\t",
        b"\"",
        b"\\",
        b";",
        b"=",
        b"\xff",
        b"\xa0",
        b"x y",
    ];
    let byte = prop_oneof![Just(b'\t'), 0x20..=0x7e_u8, 0x80..=0xff_u8];
    let piece = prop_oneof![
        6 => select(pieces).prop_map(<[u8]>::to_vec),
        1 => vec(byte, 0..4),
    ];
    vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

/// A map with some of the fields read here, and others, in any order.
fn any_headers() -> impl Strategy<Value = HeaderMap> {
    let name = select(vec![
        "connection",
        "connection",
        "keep-alive",
        "content-length",
        "transfer-encoding",
        "te",
        "x-a",
        "x-b",
    ]);
    vec((name, value()), 0..8).prop_map(headers)
}

/// The elements of a line, found in another way than the library does; none in a blank line.
fn elements(line: &[u8]) -> Vec<&[u8]> {
    let is_ows = |byte: &u8| matches!(byte, b' ' | b'\t');
    let blank = line.iter().all(is_ows);
    let trim = |element: &'_ [u8]| {
        let start = element.iter().position(|byte| !is_ows(byte)).unwrap_or(0);
        let end = element.iter().rposition(|byte| !is_ows(byte)).map_or(0, |last| last + 1);
        start..end.max(start)
    };
    line.split(|&byte| byte == b',')
        .filter(|_| !blank)
        .map(|element| &element[trim(element)])
        .collect()
}

fn is_option(element: &[u8]) -> bool {
    let tchar = |byte: &u8| byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(byte);
    !element.is_empty() && element.iter().all(tchar)
}

/// The lines as they are without the elements for which `drop` is true.
fn without(lines: &[&[u8]], drop: impl Fn(&[u8]) -> bool) -> Vec<Vec<u8>> {
    let mut left = Vec::new();
    for line in lines {
        let elements = elements(line);
        if !elements.iter().any(|element| drop(element)) {
            left.push(line.to_vec());
            continue;
        }
        let kept: Vec<_> =
            elements.into_iter().filter(|element| !element.is_empty() && !drop(element)).collect();
        if !kept.is_empty() {
            left.push(kept.join(&b", "[..]));
        }
    }
    left
}

/// The fields beside `Connection`, as sent.
fn others(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    fields(headers).into_iter().filter(|(name, _)| name != "connection").collect()
}

/// The names in order, one for each field.
fn names(headers: &HeaderMap) -> Vec<String> {
    headers.keys().map(ToString::to_string).collect()
}

fn options(headers: &HeaderMap) -> Vec<&str> {
    connection_options(headers).map(tower_conn_lint::field::ConnectionOption::as_str).collect()
}

proptest! {
    #[test]
    fn no_bytes_make_reading_panic(headers in any_headers(), status in 100..600_u16) {
        let status = StatusCode::from_u16(status).expect("a status");
        for version in [Version::HTTP_09, Version::HTTP_10, Version::HTTP_11, Version::HTTP_2] {
            for direction in [Direction::Request, Direction::Response] {
                let _ = persistence(direction, version, &headers).to_string();
            }
            let _ = request_framing(version, &headers);
            for method in [Method::GET, Method::HEAD, Method::CONNECT] {
                let _ = response_framing(&method, status, version, &headers);
            }
        }
        let _ = format!("{:?}", connection_options(&headers));
        let _ = format!("{:?}", keep_alive(&headers));
        let _ = (keep_alive(&headers).timeout(), keep_alive(&headers).max());
        let _ = keep_alive(&headers).is_well_formed();
    }

    #[test]
    fn every_element_is_what_lies_between_the_commas(lines in vec(value(), 0..4)) {
        let headers = connection(&lines);
        let expected: Vec<_> = lines.iter().flat_map(|line| elements(line)).collect();
        let seen: Vec<_> = connection_elements(&headers).collect();
        prop_assert_eq!(seen.len(), expected.len());
        for (element, bytes) in seen.into_iter().zip(expected) {
            let same = match element {
                ConnectionElement::Option(option) => is_option(bytes) && option.as_str().as_bytes() == bytes,
                ConnectionElement::Malformed(malformed) => !is_option(bytes) && malformed.as_bytes() == bytes && !bytes.is_empty(),
                _ => bytes.is_empty(),
            };
            prop_assert!(same, "{:?} for {}", element, bytes.escape_ascii());
        }
    }

    #[test]
    fn removing_an_option_removes_it_and_only_it(
        mut headers in any_headers(),
        option in select(vec!["close", "TE", "keep-alive", "x y", ""]),
    ) {
        let before = headers.clone();
        let same = |element: &[u8]| {
            is_option(element) && element.eq_ignore_ascii_case(option.as_bytes())
        };
        let changed = remove_option(&mut headers, option);

        prop_assert_eq!(lines(&headers), without(&lines(&before), same));
        prop_assert_eq!(others(&headers), others(&before));
        prop_assert_eq!(changed, fields(&headers) != fields(&before));
        let mut order = names(&before);
        order.retain(|name| name != "connection" || headers.contains_key(CONNECTION));
        prop_assert_eq!(names(&headers), order, "the fields keep their places");

        let once = fields(&headers);
        prop_assert!(!remove_option(&mut headers, option), "nothing is left to remove");
        prop_assert_eq!(fields(&headers), once);
    }

    #[test]
    fn removing_malformed_elements_removes_those_and_only_those(
        mut headers in any_headers(),
        bound in 0..4_usize,
    ) {
        let before = headers.clone();
        let long = |element: &[u8]| element.len() > bound;
        let changed = remove_malformed(&mut headers, long);

        let dropped = |element: &[u8]| !element.is_empty() && !is_option(element) && long(element);
        prop_assert_eq!(lines(&headers), without(&lines(&before), dropped));
        prop_assert_eq!(options(&headers), options(&before));
        prop_assert_eq!(others(&headers), others(&before));
        prop_assert_eq!(changed, fields(&headers) != fields(&before));
        prop_assert!(!remove_malformed(&mut headers, long), "nothing is left to remove");
    }

    #[test]
    fn removing_a_field_removes_it_and_only_it(
        mut headers in any_headers(),
        name in select(vec!["connection", "keep-alive", "x-a", "absent"]),
    ) {
        let mut left = fields(&headers);
        left.retain(|(field, _)| field != name);
        let changed = headers.contains_key(name);
        prop_assert_eq!(remove_field(&mut headers, &name.parse().expect("a field name")), changed);
        prop_assert_eq!(fields(&headers), left);
    }

    #[test]
    fn a_list_reads_the_same_on_one_line_or_several(lines in vec(value(), 0..4)) {
        let apart = connection(&lines);
        let together = connection([lines.join(&b','), b"".to_vec()]);
        prop_assert_eq!(options(&apart), options(&together));
        prop_assert_eq!(
            connection_options(&apart).malformed().collect::<Vec<_>>(),
            connection_options(&together).malformed().collect::<Vec<_>>()
        );
        let verdict = |headers| persistence(Direction::Request, Version::HTTP_10, headers);
        prop_assert_eq!(verdict(&apart), verdict(&together));
    }

    #[test]
    fn joining_lines_changes_no_option(mut headers in any_headers()) {
        let before = headers.clone();
        let changed = join_connection_lines(&mut headers);

        let count = before.get_all(CONNECTION).iter().count();
        let sound = connection_options(&before).malformed().next().is_none();
        prop_assert_eq!(changed, count > 1 && sound);
        prop_assert_eq!(options(&headers), options(&before));
        prop_assert_eq!(others(&headers), others(&before));
        prop_assert_eq!(names(&headers), names(&before));
        prop_assert_eq!(headers.get_all(CONNECTION).iter().count(), if changed { 1 } else { count });
        if !changed {
            prop_assert_eq!(fields(&headers), fields(&before));
        }
    }

    #[test]
    fn a_token_survives_any_neighbours(before in value(), after in value()) {
        let line = [&before[..], b",close,", &after[..]].concat();
        let value = HeaderValue::from_bytes(&line).expect("a header value");
        let headers = HeaderMap::from_iter([(CONNECTION, value)]);
        prop_assert!(connection_options(&headers).any(tower_conn_lint::field::ConnectionOption::is_close));
        prop_assert!(!persistence(Direction::Response, Version::HTTP_11, &headers).persists());
    }
}
