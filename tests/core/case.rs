//! The tables in `tests/cases`: tab-separated, one header line.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode, Version};
use tower_conn_lint::field::{Direction, connection_options};

/// One row: a message head, and what RFC 9112 says of it.
pub(crate) struct Case {
    pub id: &'static str,
    pub direction: Direction,
    pub version: Version,
    method_or_status: &'static str,
    fields: Vec<(String, String)>,
    pub persistent: bool,
    options: Vec<String>,
}

/// All rows of a table.
pub(crate) fn cases(table: &'static str) -> Vec<Case> {
    table.lines().skip(1).map(Case::read).collect()
}

impl Case {
    fn read(row: &'static str) -> Self {
        let columns: Vec<_> = row.split('\t').collect();
        let [id, direction, version, method_or_status, fields, persistent, options, ..] =
            columns[..]
        else {
            panic!("a row has seven columns at least: {row}");
        };
        Self {
            id,
            direction: match direction {
                "request" => Direction::Request,
                "response" => Direction::Response,
                other => panic!("{id}: no direction: {other}"),
            },
            version: match version {
                "1.0" => Version::HTTP_10,
                "1.1" => Version::HTTP_11,
                "2" => Version::HTTP_2,
                "3" => Version::HTTP_3,
                other => panic!("{id}: no version: {other}"),
            },
            method_or_status,
            fields: serde_json::from_str(fields).expect("fields are pairs of strings"),
            persistent: persistent.parse().expect("persistent is true or false"),
            options: serde_json::from_str(options).expect("options are strings"),
        }
    }

    /// The fields as a map; none if the `http` crate admits one of their names or values not.
    pub(crate) fn headers(&self) -> Option<HeaderMap> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.fields {
            let name = HeaderName::from_bytes(&latin1(name)).ok()?;
            headers.append(name, HeaderValue::from_bytes(&latin1(value)).ok()?);
        }
        Some(headers)
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.method_or_status.parse().expect("a status")
    }

    pub(crate) fn method(&self) -> Method {
        self.method_or_status.parse().expect("a method")
    }

    /// The options, in lower case and without duplicates, are those of the table.
    pub(crate) fn assert_options(&self, headers: &HeaderMap) {
        let mut options: Vec<String> = Vec::new();
        for option in connection_options(headers) {
            let option = option.as_str().to_ascii_lowercase();
            if !options.contains(&option) {
                options.push(option);
            }
        }
        assert_eq!(options, self.options, "{}: the options differ from the table", self.id);
    }
}

/// Every character is one byte.
fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|char| u8::try_from(char).expect("a Latin-1 character")).collect()
}
