use http::Version;
use tower_conn_lint::field::{Direction, Persistence, persistence};

use crate::case::cases;
use crate::headers::connection;

const TABLE: &str = include_str!("../cases/persistence.tsv");

#[test]
fn every_head_of_the_table_persists_as_rfc_9112_says() {
    let cases = cases(TABLE);
    assert_eq!(cases.len(), 102, "rows of the table");

    let mut rejected = Vec::new();
    for case in &cases {
        let Some(headers) = case.headers() else {
            rejected.push(case.id);
            continue;
        };
        let verdict = persistence(case.direction, case.version, &headers);
        assert_eq!(verdict.persists(), case.persistent, "{}: {verdict}", case.id);
        case.assert_options(&headers);
    }
    // FF, DEL and bare CR in a value, a space in a name.
    assert_eq!(rejected, ["P136", "P138", "P139", "P143"], "rows that no header map can hold");
}

#[test]
fn the_verdict_names_its_rule() {
    use Direction::{Request, Response};
    use Persistence::*;
    let table = [
        (Request, Version::HTTP_3, "close", Multiplexed),
        (Response, Version::HTTP_2, "close", Multiplexed),
        (Request, Version::HTTP_11, "", DefaultPersistent),
        (Request, Version::HTTP_11, "keep-alive, CLOSE", CloseOption),
        (Request, Version::HTTP_10, "close, keep-alive", CloseOption),
        (Request, Version::HTTP_10, "Keep-Alive", KeepAliveOptionUnlessProxy),
        (Response, Version::HTTP_10, "Keep-Alive", KeepAliveOption),
        (Response, Version::HTTP_10, "keep alive", Http10WithoutKeepAlive),
        (Request, Version::HTTP_09, "keep-alive", Http09),
        (Request, Version::HTTP_09, "close", CloseOption),
    ];
    for (direction, version, value, rule) in table {
        let verdict = persistence(direction, version, &connection([value]));
        assert_eq!(verdict, rule, "{direction:?} {version:?} with {value:?}");
    }
}
