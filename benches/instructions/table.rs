use std::fmt;

use serde_json::json;

use crate::callgrind::{Cost, NotMeasured, cost};
use crate::subjects::{SUBJECTS, Subject};

/// What each subject adds to the bare service.
pub(crate) struct Table {
    bare: Cost,
    rows: Vec<(&'static Subject, Cost)>,
}

impl Table {
    pub(crate) fn measure() -> Result<Table, NotMeasured> {
        let [bare, subjects @ ..] = &SUBJECTS;
        let bare = cost(bare)?;
        let added = |subject| {
            let whole = cost(subject)?;
            let added = Cost {
                instructions: whole.instructions - bare.instructions,
                allocations: whole.allocations - bare.allocations,
            };
            Ok((subject, added))
        };
        let rows = subjects.iter().map(added).collect::<Result<_, _>>()?;
        Ok(Table { bare, rows })
    }

    /// The instructions that a subject adds; those of the bare service itself.
    pub(crate) fn instructions(&self, subject: &Subject) -> i64 {
        let row = self.rows.iter().find(|(row, _)| row.name == subject.name);
        row.map_or(self.bare.instructions, |(_, added)| added.instructions)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        let row = |(subject, added): &(&Subject, Cost)| {
            json!({
                "subject": subject.name,
                "instructions": added.instructions,
                "allocations": added.allocations,
            })
        };
        json!({ "rows": self.rows.iter().map(row).collect::<Vec<_>>() })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<16} {:>12} {:>12}", "added by", "instructions", "allocations")?;
        for (subject, added) in &self.rows {
            writeln!(
                f,
                "{:<16} {:>12} {:>12}",
                subject.name, added.instructions, added.allocations
            )?;
        }
        write!(f, "to a bare service: {} instructions a call", self.bare.instructions)
    }
}
