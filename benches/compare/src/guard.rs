//! What the main rows cost when that was last recorded, and what they cost now.

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::callgrind::{self, NotMeasured};
use crate::goals::GOALS;
use crate::rows::guarded;

/// What was found to be more than it may.
pub(crate) struct Checked {
    pub(crate) lines: Vec<String>,
    pub(crate) exceeded: bool,
}

/// What counts depend on beside the code.
#[derive(PartialEq, Eq)]
struct Machine {
    rustc: String,
    libc: String,
    avx2: bool,
}

/// From here on it is a change: counts repeat exactly, and what the compiler puts where moves them
/// by two of a hundred.
const SLACK: f64 = 1.03;

pub(crate) fn record() -> Result<String, NotMeasured> {
    let rows = guarded();
    let costs = callgrind::added(&rows)?;
    let row = |(row, cost): (&crate::rows::Row, &callgrind::Cost)| {
        let [case, subject, place] = row.names();
        json!({ "case": case, "subject": subject, "place": place, "instructions": cost.instructions,
                "allocations": cost.allocations })
    };
    let rows: Vec<Value> = rows.iter().zip(&costs).map(row).collect();
    let Machine { rustc, libc, avx2 } = Machine::this();
    let recorded = json!({ "rustc": rustc, "libc": libc, "avx2": avx2, "rows": rows });
    let text = format!("{recorded:#}\n");
    fs::write(path(), text).map_err(|error| failed(&error))?;
    Ok(format!("{} rows were recorded in {}", costs.len(), path().display()))
}

pub(crate) fn check() -> Result<Checked, NotMeasured> {
    let text = fs::read_to_string(path()).map_err(|error| failed(&error))?;
    let recorded: Value = serde_json::from_str(&text).map_err(|error| failed(&error))?;
    let was = Machine::of(&recorded);
    let is = Machine::this();
    let rows = guarded();
    let costs = callgrind::added(&rows)?;
    let mut checked = Checked { lines: Vec::new(), exceeded: false };
    if was != is {
        checked.lines.push(format!(
            "recorded with {was}, and measured with {is}: only the goals are judged"
        ));
    }
    for (row, cost) in rows.iter().zip(&costs) {
        let names = row.names();
        let [instructions, allocations] =
            ["instructions", "allocations"].map(|key| figure(&recorded, names, key));
        let more = was == is
            && (cost.instructions as f64 > instructions as f64 * SLACK
                || cost.allocations > allocations);
        checked.exceeded |= more;
        checked.lines.push(format!(
            "{:<40} {:>6} instructions, {instructions} recorded; {} allocations, {allocations} recorded{}",
            names.join(" "),
            cost.instructions,
            cost.allocations,
            if more { ": MORE" } else { "" },
        ));
    }
    let added = |names: [&str; 3]| {
        let at = rows.iter().position(|row| row.names() == names);
        at.map(|at| costs[at].instructions)
    };
    for goal in GOALS {
        let Some((line, holds)) = goal.judge(added) else { continue };
        // What was beyond a goal as it was recorded is judged by the record.
        let held = goal.judge(|names| Some(figure(&recorded, names, "instructions")));
        checked.exceeded |= !holds && held.is_none_or(|(_, held)| held);
        checked.lines.push(line);
    }
    Ok(checked)
}

fn figure(recorded: &Value, names: [&str; 3], key: &str) -> i64 {
    let keys = ["case", "subject", "place"];
    let is_it = |row: &&Value| keys.iter().zip(names).all(|(key, name)| row[key] == name);
    let row = recorded["rows"].as_array().and_then(|rows| rows.iter().find(is_it));
    row.and_then(|row| row[key].as_i64()).unwrap_or_default()
}

fn path() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../instructions.json"))
}

fn failed(error: &dyn fmt::Display) -> NotMeasured {
    NotMeasured::Failed(format!("{}: {error}", path().display()))
}

// === impl Machine ===

impl Machine {
    fn this() -> Machine {
        let avx2 = fs::read_to_string("/proc/cpuinfo").is_ok_and(|text| text.contains(" avx2 "));
        Machine {
            rustc: said(&["rustc", "-V"]),
            libc: said(&["getconf", "GNU_LIBC_VERSION"]),
            avx2,
        }
    }

    fn of(recorded: &Value) -> Machine {
        let text = |key| recorded[key].as_str().unwrap_or_default().to_owned();
        let avx2 = recorded["avx2"].as_bool().unwrap_or_default();
        Machine { rustc: text("rustc"), libc: text("libc"), avx2 }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let avx2 = if self.avx2 { "" } else { ", without AVX2" };
        write!(f, "{}, {}{avx2}", self.rustc, self.libc)
    }
}

/// The first line of what a program says.
fn said(words: &[&str]) -> String {
    let output = Command::new(words[0]).args(&words[1..]).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_default()
}
