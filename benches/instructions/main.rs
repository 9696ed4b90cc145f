//! What a layer adds to a request and its response, in instructions and allocations. How to run
//! and read it: `benches/README.md`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that reports")]

mod allocator;
mod arguments;
mod callgrind;
mod least;
mod messages;
mod subjects;
mod table;

use std::process::ExitCode;

use self::arguments::{Arguments, Command};
use self::callgrind::NotMeasured;
use self::subjects::SUBJECTS;
use self::table::Table;

fn main() -> ExitCode {
    let arguments = match Arguments::read(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(mistake) => {
            eprintln!("{mistake}");
            return ExitCode::from(2);
        }
    };
    match arguments.command {
        Command::Measured { subject, calls } => {
            println!("{}", (subject.run)(calls));
            ExitCode::SUCCESS
        }
        Command::Once => {
            SUBJECTS.iter().for_each(|subject| _ = (subject.run)(1));
            ExitCode::SUCCESS
        }
        Command::Measure => match Table::measure() {
            Ok(table) => report(&table, &arguments),
            Err(error) => {
                eprintln!("{error}");
                let missing = matches!(error, NotMeasured::NoValgrind);
                ExitCode::from(if missing { 2 } else { 1 })
            }
        },
    }
}

fn report(table: &Table, arguments: &Arguments) -> ExitCode {
    if arguments.json {
        println!("{}", table.json());
    } else {
        println!("{table}");
    }
    let mut code = ExitCode::SUCCESS;
    for (subject, bound) in &arguments.bounds {
        let added = table.instructions(subject);
        if added > *bound {
            eprintln!("{} adds {added} instructions, more than {bound}", subject.name);
            code = ExitCode::FAILURE;
        }
    }
    code
}
