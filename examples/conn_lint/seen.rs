//! The requests that a service has seen, by its snapshot.

use std::ffi::OsStr;
use std::fmt::Display;
use std::fs;

use serde_json::Value;
use tower_conn_lint::connection::Side;

use crate::command::Failure;

/// Those in the windows of a snapshot.
pub(crate) struct Seen {
    /// In seconds.
    pub(crate) window: f64,
    pub(crate) rows: Vec<Row>,
}

/// Inbound by route, outbound by upstream.
pub(crate) struct Row {
    pub(crate) side: Side,
    /// The route's template, or the upstream's host and port; `other` is all that have no row.
    pub(crate) name: String,
    /// The client that calls the upstream.
    pub(crate) client: Option<String>,
    pub(crate) requests: u64,
}

// === impl Seen ===

impl Seen {
    pub(crate) fn read(path: &OsStr) -> Result<Seen, Failure> {
        let refuse = |reason: &dyn Display| {
            Failure::usage(format_args!("{}: {reason}", path.to_string_lossy()))
        };
        let text = fs::read_to_string(path).map_err(|error| refuse(&error))?;
        let snapshot: Value = serde_json::from_str(&text).map_err(|error| refuse(&error))?;
        Seen::of(&snapshot)
            .ok_or_else(|| refuse(&"no snapshot: write `ConnLint::snapshot()` as JSON"))
    }

    fn of(snapshot: &Value) -> Option<Seen> {
        let routes = snapshot["routes"].as_array()?.iter();
        let routes = routes.map(|row| Row::of(row, Side::Inbound, "route"));
        let upstreams = snapshot["upstreams"].as_array()?.iter();
        let upstreams = upstreams.map(|row| Row::of(row, Side::Outbound, "name"));
        let rows = routes.chain(upstreams).collect::<Option<_>>()?;
        Some(Seen { window: snapshot["window"].as_f64()?, rows })
    }
}

// === impl Row ===

impl Row {
    fn of(row: &Value, side: Side, name: &str) -> Option<Row> {
        Some(Row {
            side,
            name: printable(row[name].as_str()?),
            client: row["client"].as_str().map(printable),
            requests: row["requests"].as_u64()?,
        })
    }
}

/// A terminal obeys control characters.
fn printable(text: &str) -> String {
    text.replace(char::is_control, " ")
}
