//! Sizes that a peer may choose.

use http::header::{CONNECTION, HeaderMap, HeaderValue};
use tower_conn_lint::field::{
    connection_elements, connection_options, join_connection_lines, remove_option,
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
