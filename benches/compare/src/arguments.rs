use crate::rows::Row;

/// What the command line asks for.
pub(crate) enum Command {
    /// Measures all rows, and prints a table, or JSON.
    Table { json: bool },
    /// Measures the main rows, and holds them against what was recorded.
    Check,
    /// Measures the main rows, and records them.
    Record,
    /// Calls a row so often, and prints how many allocations that made.
    Counted { row: Row, calls: usize },
    /// Times a row, and prints the nanoseconds that it adds.
    Timed { row: Row },
}

const USAGE: &str = "nothing for a table, --json, --check or --record";

impl Command {
    pub(crate) fn read(words: &[String]) -> Result<Command, String> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match &words[..] {
            [] => Ok(Command::Table { json: false }),
            ["--json"] => Ok(Command::Table { json: true }),
            ["--check"] => Ok(Command::Check),
            ["--record"] => Ok(Command::Record),
            ["--counted", case, subject, place, calls] => {
                let calls = calls.parse().map_err(|_| format!("`{calls}` is no number"))?;
                Ok(Command::Counted { row: row(case, subject, place)?, calls })
            }
            ["--timed", case, subject, place] => {
                Ok(Command::Timed { row: row(case, subject, place)? })
            }
            [unknown, ..] => Err(format!("`{unknown}` is no option: {USAGE}")),
        }
    }
}

fn row(case: &str, subject: &str, place: &str) -> Result<Row, String> {
    let row = Row::named(case, subject, place);
    row.ok_or_else(|| format!("`{case} {subject} {place}` is no row"))
}
