//! Counts the instructions of a row in a process of its own.

use std::collections::HashMap;
use std::env;
use std::fmt;
use std::io::ErrorKind;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::driven::MEASURED;
use crate::rows::Row;

/// What one call costs.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) instructions: i64,
    pub(crate) allocations: i64,
}

/// Why there is no measurement.
#[derive(Debug)]
pub(crate) enum NotMeasured {
    NoValgrind,
    Failed(String),
}

/// Start-up and first calls are in both runs, so the slope between them has neither. The second
/// count is far enough from the first that a table that grows once is no whole instruction.
const CALLS: [usize; 2] = [64, 320];

/// Which of its copies of memory the C library takes is asked of the CPU, as far as valgrind shows it:
/// without these all that have AVX2 take the same.
const PINNED: &str = "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-ERMS,-FSRM,-RTM";

/// What each row costs and what it adds to its place, two processes at a time: counts do not depend on what else runs.
pub(crate) fn added(rows: &[Row]) -> Result<Vec<Cost>, NotMeasured> {
    let mut all: Vec<Row> = rows.iter().map(Row::base).chain(rows.iter().copied()).collect();
    let mut seen = HashMap::new();
    all.retain(|row| seen.insert(row.names(), ()).is_none());
    let (next, costs) = (AtomicUsize::new(0), Mutex::new(HashMap::new()));
    let work = || -> Result<(), NotMeasured> {
        while let Some(row) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
            let cost = cost(row)?;
            costs.lock().expect("no thread panics").insert(row.names(), cost);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let other = scope.spawn(work);
        work().and(other.join().expect("no thread panics"))
    })?;
    let costs = costs.into_inner().expect("no thread panics");
    let added = |row: &Row| {
        let (base, whole) = (costs[&row.base().names()], costs[&row.names()]);
        Cost {
            instructions: whole.instructions - base.instructions,
            allocations: whole.allocations - base.allocations,
        }
    };
    Ok(rows.iter().map(added).collect())
}

/// The cost of one call: it repeats exactly.
pub(crate) fn cost(row: &Row) -> Result<Cost, NotMeasured> {
    let [few, many] = CALLS;
    let (base, whole) = (run(row, few)?, run(row, many)?);
    let slope = |base: i64, whole: i64| {
        let calls = (many - few) as f64;
        ((whole - base) as f64 / calls).round() as i64
    };
    Ok(Cost {
        instructions: slope(base.instructions, whole.instructions),
        allocations: slope(base.allocations, whole.allocations),
    })
}

fn run(row: &Row, calls: usize) -> Result<Cost, NotMeasured> {
    let failed = |what: &str| NotMeasured::Failed(format!("{}: {what}", row.names().join(" ")));
    let program = env::current_exe().map_err(|error| failed(&error.to_string()))?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(format!("--toggle-collect={MEASURED}"))
        .arg(program)
        .arg("--counted")
        .args(row.names())
        .arg(calls.to_string())
        .env("GLIBC_TUNABLES", PINNED)
        .stdin(Stdio::null())
        .output();
    let output = match output {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(NotMeasured::NoValgrind),
        output => output.map_err(|error| failed(&error.to_string()))?,
    };
    let log = String::from_utf8_lossy(&output.stderr);
    let collected =
        log.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    match (collected, String::from_utf8_lossy(&output.stdout).trim().parse()) {
        // Nothing is collected where no function has the name.
        (Some(instructions), Ok(allocations)) if instructions > 0 => {
            Ok(Cost { instructions, allocations })
        }
        _ => Err(failed(&log)),
    }
}

impl fmt::Display for NotMeasured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotMeasured::NoValgrind => f.write_str(
                "instructions are counted by valgrind, which is not installed: \
                 apt-get install valgrind",
            ),
            NotMeasured::Failed(what) => write!(f, "not measured: {what}"),
        }
    }
}
