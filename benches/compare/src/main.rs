//! What layers add to a request and its response: instructions, allocations and time. How to run and
//! read it: `benches/README.md`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that reports")]

mod allocator;
mod arguments;
mod callgrind;
mod case;
mod driven;
mod goals;
mod guard;
mod least;
mod least_lint;
mod messages;
mod ours;
mod paired;
mod rows;
mod services;
mod subjects;
mod table;
#[path = "../../scale/wire.rs"]
mod wire;

use std::process::ExitCode;

use self::arguments::Command;
use self::callgrind::NotMeasured;
use self::table::Table;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let command = match Command::read(&words) {
        Ok(command) => command,
        Err(mistake) => {
            eprintln!("{mistake}");
            return ExitCode::from(2);
        }
    };
    // Timers need one.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime starts");
    let _entered = runtime.enter();
    match run(&command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(if matches!(error, NotMeasured::NoValgrind) { 2 } else { 1 })
        }
    }
}

fn run(command: &Command) -> Result<ExitCode, NotMeasured> {
    match command {
        Command::Table { json: false } => println!("{}", Table::measure()?),
        Command::Table { json: true } => println!("{}", Table::measure()?.json()),
        Command::Record => println!("{}", guard::record()?),
        Command::Check => {
            let checked = guard::check()?;
            checked.lines.iter().for_each(|line| println!("{line}"));
            if checked.exceeded {
                eprintln!(
                    "more than was recorded; where that is meant: \
                     cargo bench --bench compare -- --record"
                );
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Counted { row, calls } => println!("{}", row.calls().calls(*calls).allocations),
        Command::Timed { row } => println!("{}", paired::time(row)),
    }
    Ok(ExitCode::SUCCESS)
}
