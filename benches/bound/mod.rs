//! The one option of benchmarks that measure one thing: its bound.

use std::process::ExitCode;

/// The bound that stands behind this option, if it is there; else with what the program ends at once.
pub(crate) fn read(option: &str) -> Result<Option<f64>, ExitCode> {
    let (by_bench, arguments): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument == "--bench");
    if by_bench.is_empty() {
        // By `cargo test`, which wants to know that it runs.
        return Err(ExitCode::SUCCESS);
    }
    let unknown = match &arguments[..] {
        [] => return Ok(None),
        [flag, bound] if flag == option => match bound.parse() {
            Ok(bound) => return Ok(Some(bound)),
            Err(_) => bound,
        },
        [flag] if flag == option => return usage("without a number it", option),
        [unknown, ..] => unknown,
    };
    usage(&format!("`{unknown}`"), option)
}

fn usage(what: &str, option: &str) -> Result<Option<f64>, ExitCode> {
    eprintln!("{what} is not understood: {option} NUMBER");
    Err(ExitCode::from(2))
}
