//! A whole server of axum and a whole client of hyper-util over loopback, with layers and without:
//! throughput in alternating pairs, and the slope of all their instructions. How to run and read it:
//! `benches/README.md`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that reports")]

mod client;
mod load;
mod process;
mod ratio;
mod server;

use std::process::ExitCode;

use self::process::Subject;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

const USAGE: &str = "nothing for all, or --slopes";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match &words[..] {
        [] => slopes().and_then(|()| ratios()),
        ["--slopes"] => slopes(),
        // In processes of their own.
        ["--serve", subject] => Subject::named(subject).and_then(server::serve),
        ["--call", subject, port, requests, at_once] => {
            client::call(subject, port, requests, at_once)
        }
        [unknown, ..] => {
            eprintln!("`{unknown}` is no option: {USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// What each adds to the instructions of a whole process per request.
fn slopes() -> Result<(), BoxError> {
    println!("{:<24} {:>12} {:>8}", "whole process, a request", "instructions", "added");
    let of_server: fn(Subject) -> Result<f64, BoxError> = process::slope_of_server;
    let sides = [
        ("server", &Subject::SERVERS[..], of_server),
        ("client", &Subject::CLIENTS[..], process::slope_of_client),
    ];
    for (side, subjects, slope) in sides {
        let mut bare = None;
        for subject in subjects {
            let instructions = slope(*subject)?;
            let bare = *bare.get_or_insert(instructions);
            let added = (instructions / bare - 1.0) * 100.0;
            let name = format!("{side} {}", subject.name());
            println!("{name:<24} {instructions:>12.0} {added:>7.1}%");
        }
    }
    Ok(())
}

/// How much passes with each, over how much passes without.
fn ratios() -> Result<(), BoxError> {
    println!(
        "\n{:<24} {:>9} {:>7} {:>7} {:>12}",
        "throughput, with/without", "median", "least", "most", "without, 1/s"
    );
    for subject in Subject::SERVERS {
        ratio::of_server(subject)?.tell("server", subject);
    }
    for subject in Subject::CLIENTS {
        ratio::of_client(subject)?.tell("client", subject);
    }
    Ok(())
}
