//! Times a row beside the same without a layer, in a process of its own.

use std::env;
use std::process::Command;

use crate::callgrind::NotMeasured;
use crate::driven::{BATCH, Calls};
use crate::rows::Row;

/// Batches of each, one beside the other. An odd number, so that one of them is the median.
const PAIRS: usize = 1_001;

/// Before any of them.
const WARM_UP: usize = 100;

/// How many nanoseconds a call takes longer, median of adjacent pairs.
pub(crate) fn added(row: &Row) -> Result<i64, NotMeasured> {
    let failed = |what: &str| NotMeasured::Failed(format!("{}: {what}", row.names().join(" ")));
    let program = env::current_exe().map_err(|error| failed(&error.to_string()))?;
    let output = Command::new(program).arg("--timed").args(row.names()).output();
    let output = output.map_err(|error| failed(&error.to_string()))?;
    let nanos = String::from_utf8_lossy(&output.stdout).trim().parse();
    nanos.map_err(|_| failed(&String::from_utf8_lossy(&output.stderr)))
}

/// The same, here.
pub(crate) fn time(row: &Row) -> i64 {
    let (mut base, mut layered) = (row.base().calls(), row.calls());
    let time = |calls: &mut dyn Calls| calls.calls(BATCH).nanos as i64;
    for _ in 0..WARM_UP {
        time(&mut *base);
        time(&mut *layered);
    }
    let pair = |pair| {
        if pair % 2 == 0 {
            let without = time(&mut *base);
            return time(&mut *layered) - without;
        }
        let with = time(&mut *layered);
        with - time(&mut *base)
    };
    let mut pairs: Vec<_> = (0..PAIRS).map(pair).collect();
    pairs.sort_unstable();
    pairs[PAIRS / 2] / BATCH as i64
}
