//! Counts the instructions of a subject in a process of its own.

use std::env;
use std::fmt;
use std::io::ErrorKind;
use std::process::{Command, Stdio};

use crate::subjects::{MEASURED, Subject};

/// What one call costs.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) instructions: i64,
    pub(crate) allocations: i64,
}

/// Why there is no measurement.
pub(crate) enum NotMeasured {
    NoValgrind,
    Failed(String),
}

/// Start-up and first calls are in both runs, so the slope between them has neither. The second
/// count is far enough from the first that a table that grows once is no whole instruction.
const CALLS: [usize; 2] = [64, 320];

/// The cost of one call of a subject: it repeats exactly.
pub(crate) fn cost(subject: &Subject) -> Result<Cost, NotMeasured> {
    let [few, many] = CALLS;
    let (base, whole) = (run(subject, few)?, run(subject, many)?);
    let slope = |base: i64, whole: i64| {
        let calls = (many - few) as f64;
        ((whole - base) as f64 / calls).round() as i64
    };
    Ok(Cost {
        instructions: slope(base.instructions, whole.instructions),
        allocations: slope(base.allocations, whole.allocations),
    })
}

fn run(subject: &Subject, calls: usize) -> Result<Cost, NotMeasured> {
    let failed = |what: &str| NotMeasured::Failed(format!("{}: {what}", subject.name));
    let program = env::current_exe().map_err(|error| failed(&error.to_string()))?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(format!("--toggle-collect={MEASURED}"))
        .arg(program)
        .args(["--measured", subject.name, &calls.to_string()])
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
