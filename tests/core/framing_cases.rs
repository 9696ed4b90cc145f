use http::Method;
use tower_conn_lint::field::{Direction, persistence, request_framing, response_framing};

use crate::case::cases;

const TABLE: &str = include_str!("../cases/persistence-framing.tsv");

#[test]
fn every_head_of_the_table_persists_as_its_framing_lets_it() {
    let cases = cases(TABLE);
    assert_eq!(cases.len(), 13, "rows of the table");

    for case in &cases {
        let headers = case.headers().expect("a header map can hold every row of this table");
        let framing = match case.direction {
            Direction::Request => {
                assert_eq!(case.method(), Method::POST, "{}: the method decides nothing", case.id);
                request_framing(case.version, &headers)
            }
            Direction::Response => {
                response_framing(&Method::GET, case.status(), case.version, &headers)
            }
        };
        let persistence = persistence(case.direction, case.version, &headers);
        let persistent = persistence.persists() && framing.persists();
        assert_eq!(persistent, case.persistent, "{}: {persistence}, {framing:?}", case.id);
        case.assert_options(&headers);
    }
}
