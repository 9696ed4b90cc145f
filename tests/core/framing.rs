use http::{Method, StatusCode, Version};
use tower_conn_lint::field::{Framing, FramingFault, request_framing, response_framing};

use crate::headers::headers;

const CL: &str = "content-length";
const TE: &str = "transfer-encoding";

/// The framing of an HTTP/1.1 request with these fields.
fn request<const N: usize>(fields: [(&str, &str); N]) -> Framing {
    request_framing(Version::HTTP_11, &headers(fields))
}

/// The framing of a response with these fields.
fn response<const N: usize>(
    method: Method,
    status: u16,
    version: Version,
    fields: [(&str, &str); N],
) -> Framing {
    let status = StatusCode::from_u16(status).expect("a status");
    response_framing(&method, status, version, &headers(fields))
}

#[test]
fn a_length_is_digits_and_every_repetition_agrees() {
    let conflict = Framing::Faulty(FramingFault::ConflictingLengths);
    let invalid = Framing::Faulty(FramingFault::InvalidLength);
    for (value, framing) in [
        ("0", Framing::Length(0)),
        ("18446744073709551615", Framing::Length(u64::MAX)),
        ("5, 5", Framing::Length(5)),
        ("5\t,05", Framing::Length(5)),
        ("5, 6", conflict),
        ("5, 6, 5", conflict),
        ("5, 6, x", invalid),
        ("", invalid),
        ("5,", invalid),
        ("+5", invalid),
        ("-5", invalid),
        ("5 5", invalid),
        ("0x5", invalid),
        ("\"5\"", invalid),
        ("18446744073709551616", invalid),
    ] {
        assert_eq!(request([(CL, value)]), framing, "Content-Length: {value}");
    }
    assert_eq!(request([(CL, "5"), (CL, "5")]), Framing::Length(5), "two equal lines");
    assert_eq!(request([(CL, "5"), (CL, "6")]), conflict, "two lines that differ");
    assert_eq!(request([(CL, "5"), (CL, "")]), invalid, "a blank line is no length");
}

#[test]
fn only_chunked_as_the_last_coding_ends_a_request() {
    let fault = Framing::Faulty(FramingFault::NotChunkedLast);
    for (value, framing) in [
        ("chunked", Framing::Chunked),
        ("Chunked", Framing::Chunked),
        ("gzip, CHUNKED", Framing::Chunked),
        ("gzip, chunked , ", Framing::Chunked),
        ("chunked ; q=1", Framing::Chunked),
        ("x;a=\"b, c\", chunked", Framing::Chunked),
        ("chunked, gzip", fault),
        ("xchunked", fault),
        ("chunked x", fault),
        ("x;a=\"b, chunked;c\"", fault),
        ("x;a=\"b, chunked", fault),
        ("x;a=\"\\\", chunked;\"", fault),
        ("", fault),
    ] {
        assert_eq!(request([(TE, value)]), framing, "Transfer-Encoding: {value}");
    }
    assert_eq!(request([(TE, "gzip"), (TE, "chunked")]), Framing::Chunked, "over two lines");
    assert_eq!(request([(TE, "chunked"), (TE, "gzip")]), fault, "over two lines, gzip last");
    assert_eq!(request([(TE, "chunked"), (TE, "")]), Framing::Chunked, "a blank line adds nothing");
}

#[test]
fn a_request_that_announces_no_body_has_none() {
    assert_eq!(request([]), Framing::None);
    assert_eq!(request_framing(Version::HTTP_10, &headers([("host", "a")])), Framing::None);
}

#[test]
fn a_transfer_coding_beside_a_length_or_in_http_10_is_faulty() {
    let both = Framing::Faulty(FramingFault::TransferEncodingWithContentLength);
    let old = Framing::Faulty(FramingFault::TransferEncodingInHttp10);
    let fields = [(TE, "chunked"), (CL, "5")];

    assert_eq!(request(fields), both);
    assert_eq!(request_framing(Version::HTTP_10, &headers(fields)), old);
    assert_eq!(response(Method::GET, 200, Version::HTTP_11, fields), both);
    assert_eq!(response(Method::GET, 200, Version::HTTP_10, fields), old);
    assert_eq!(response(Method::HEAD, 200, Version::HTTP_10, [(TE, "chunked")]), old);
}

#[test]
fn method_and_status_come_before_the_fields() {
    let fields = [(CL, "x")];
    for (method, status, framing) in [
        (Method::HEAD, 200, Framing::None),
        (Method::GET, 100, Framing::None),
        (Method::GET, 103, Framing::None),
        (Method::GET, 204, Framing::None),
        (Method::GET, 304, Framing::None),
        (Method::GET, 101, Framing::Tunnel),
        (Method::HEAD, 101, Framing::Tunnel),
        (Method::CONNECT, 200, Framing::Tunnel),
        (Method::CONNECT, 204, Framing::Tunnel),
        (Method::CONNECT, 407, Framing::Faulty(FramingFault::InvalidLength)),
        (Method::GET, 205, Framing::Faulty(FramingFault::InvalidLength)),
    ] {
        let seen = response(method.clone(), status, Version::HTTP_11, fields);
        assert_eq!(seen, framing, "{status} to {method}");
    }
}

#[test]
fn a_response_without_an_end_of_its_own_ends_with_the_connection() {
    let get = |fields| response(Method::GET, 200, Version::HTTP_11, [fields]);
    assert_eq!(get(("date", "x")), Framing::CloseDelimited);
    assert_eq!(get((TE, "gzip")), Framing::CloseDelimited);
    assert_eq!(get((TE, "chunked")), Framing::Chunked);
    assert_eq!(get((CL, "3")), Framing::Length(3));
}

#[test]
fn http_2_and_3_frame_by_streams_whatever_the_fields_say() {
    for version in [Version::HTTP_2, Version::HTTP_3] {
        let fields = [(TE, "gzip"), (CL, "x")];
        assert_eq!(request_framing(version, &headers(fields)), Framing::Multiplexed);
        assert_eq!(response(Method::CONNECT, 200, version, fields), Framing::Multiplexed);
    }
}

#[test]
fn a_connection_is_usable_after_bodies_with_an_end_of_their_own_only() {
    for framing in [Framing::None, Framing::Length(1), Framing::Chunked, Framing::Multiplexed] {
        assert!(framing.persists(), "{framing:?}");
    }
    let fault = Framing::Faulty(FramingFault::InvalidLength);
    for framing in [Framing::CloseDelimited, Framing::Tunnel, fault] {
        assert!(!framing.persists(), "{framing:?}");
    }
}
