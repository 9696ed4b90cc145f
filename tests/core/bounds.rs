//! Sizes that a peer may choose.

use http::header::{CONNECTION, HeaderMap, HeaderName, HeaderValue};
use tower_conn_lint::field::{
    connection_elements, connection_options, join_connection_lines, remove_connection_specific,
    remove_option,
};

use crate::headers::{connection, lines};

#[test]
fn eight_kibibytes_of_commas_are_empty_elements() {
    let commas = ",".repeat(8 * 1024);
    let mut headers = connection([&commas]);
    assert_eq!(connection_elements(&headers).count(), 8 * 1024 + 1);
    assert_eq!(connection_options(&headers).count(), 0);
    assert!(!remove_option(&mut headers, "close"));

    let mut headers = connection([commas + "close"]);
    assert!(connection_options(&headers).next().expect("an option").is_close());
    assert!(remove_option(&mut headers, "close"));
    assert!(headers.is_empty(), "nothing but commas was left");
}

#[test]
fn a_hundred_lines_are_all_read_and_joined() {
    let mut headers = HeaderMap::new();
    for line in 0..100 {
        let value = HeaderValue::try_from(format!("x-{line}, close")).expect("a header value");
        headers.append(CONNECTION, value);
    }
    assert_eq!(connection_options(&headers).count(), 200);

    assert!(remove_option(&mut headers, "close"));
    assert_eq!(lines(&headers).len(), 100);
    assert!(join_connection_lines(&mut headers));
    assert_eq!(lines(&headers).len(), 1);
    let in_order = connection_options(&headers)
        .zip(0..100)
        .all(|(option, line)| option.as_str() == format!("x-{line}"));
    assert!(in_order, "the options keep their order");
    assert_eq!(connection_options(&headers).count(), 100);
}

#[test]
fn an_option_of_a_kibibyte_is_an_option() {
    let long = "x".repeat(1024);
    let mut headers = connection([format!("{long}, close")]);
    assert!(connection_options(&headers).next().expect("an option").is(&long));
    assert!(remove_option(&mut headers, &long.to_uppercase()));
    assert_eq!(lines(&headers), [b"close"]);
}

#[test]
fn three_thousand_nominated_fields_go_at_once() {
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("a"));
    let names: Vec<String> = (0..3_000).map(|number| format!("x-{number}")).collect();
    headers.insert(CONNECTION, HeaderValue::try_from(names.join(",")).expect("a header value"));
    for name in &names {
        let name = HeaderName::try_from(name).expect("a field name");
        headers.append(name, HeaderValue::from_static("1"));
    }
    headers.insert("te", HeaderValue::from_static("trailers"));

    assert!(remove_connection_specific(&mut headers));
    assert!(headers.keys().eq(["host", "te"].iter()), "the rest keeps its order");
}
