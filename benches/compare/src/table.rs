use std::fmt;

use serde_json::json;

use crate::callgrind::{self, Cost, NotMeasured};
use crate::goals::GOALS;
use crate::paired;
use crate::rows::{Row, rows};

/// What each row adds to its place.
pub(crate) struct Table(Vec<(Row, Cost, i64)>);

impl Table {
    pub(crate) fn measure() -> Result<Table, NotMeasured> {
        let rows = rows();
        let costs = callgrind::added(&rows)?;
        // One after the other, and nothing beside them.
        let timed = rows.into_iter().zip(costs).map(|(row, cost)| {
            let nanos = paired::added(&row)?;
            Ok((row, cost, nanos))
        });
        Ok(Table(timed.collect::<Result<_, _>>()?))
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        let row = |(row, cost, nanos): &(Row, Cost, i64)| {
            let [case, subject, place] = row.names();
            json!({
                "case": case,
                "subject": subject,
                "place": place,
                "instructions": cost.instructions,
                "allocations": cost.allocations,
                "ns": nanos,
            })
        };
        json!({ "rows": self.0.iter().map(row).collect::<Vec<_>>() })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<40} {:<16} {:<7} {:>12} {:>11} {:>7}",
            "case", "subject", "place", "instructions", "allocations", "ns"
        )?;
        self.0.iter().try_for_each(|(row, Cost { instructions, allocations }, nanos)| {
            let [case, subject, place] = row.names();
            write!(
                f,
                "\n{case:<40} {subject:<16} {place:<7} {instructions:>12} {allocations:>11} {nanos:>7}"
            )
        })?;
        let added = |names| {
            let row = self.0.iter().find(|(row, ..)| row.names() == names);
            row.map(|(_, cost, _)| cost.instructions)
        };
        let mut judged = GOALS.iter().filter_map(|goal| goal.judge(added));
        judged.try_for_each(|(line, _)| write!(f, "\n{line}"))
    }
}
