use std::hint::black_box;

use allocation_counter::measure;
use http::{Method, StatusCode, Version};
use tower_conn_lint::field::{
    Direction, connection_elements, connection_options, keep_alive, persistence, remove_option,
    request_framing, response_framing,
};

use crate::headers::headers;

#[test]
fn reading_allocates_nothing() {
    let mut headers = headers([
        ("connection", &b"keep-alive, x y, \xff"[..]),
        ("connection", b",upgrade"),
        ("keep-alive", b"timeout=5, max=100, x=\"a, b\""),
        ("transfer-encoding", b"gzip, chunked"),
    ]);
    let allocations = measure(|| {
        black_box(connection_options(&headers).clone().count());
        black_box(connection_options(&headers).malformed().count());
        black_box(connection_elements(&headers).count());
        black_box(persistence(Direction::Request, Version::HTTP_10, &headers));
        black_box(request_framing(Version::HTTP_11, &headers));
        black_box(response_framing(&Method::GET, StatusCode::OK, Version::HTTP_11, &headers));
        black_box(keep_alive(&headers).timeout());
        black_box(keep_alive(&headers).is_well_formed());
        black_box(remove_option(&mut headers, "close"));
    });
    assert_eq!(allocations.count_total, 0, "{allocations:?}");
}
