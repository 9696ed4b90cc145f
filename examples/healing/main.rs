//! What cures are worth: the same clients and the same servers, without and with them.
//!
//! ```sh
//! cargo run --release --example healing --features full [-- --json] [CASE...]
//! ```
//!
//! A case whose program (node, curl, python3) is missing is left out, and named.

// A table for people, or JSON, is what it prints.
#![allow(clippy::print_stderr, clippy::print_stdout)]

mod bodies;
mod closers;
mod drain;
mod measured;
mod server;
#[path = "../incident/sockets.rs"]
mod sockets;
mod stale;
mod table;

use std::process::ExitCode;

use crate::measured::Case;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How many requests a case sends, where it doesn't say otherwise.
const REQUESTS: usize = 200;

#[tokio::main]
async fn main() -> ExitCode {
    let (options, words): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with('-'));
    if options.iter().any(|option| option == "--help" || option == "-h") {
        println!(
            "healing [--json] [CASE...]: what cures are worth; a case is any part of its name"
        );
        return ExitCode::SUCCESS;
    }
    if let Some(option) = options.iter().find(|option| *option != "--json") {
        eprintln!("unknown option `{option}`: there are `--json` and `--help`");
        return ExitCode::from(2);
    }
    // reqwest wants a provider for TLS, though nothing is under TLS here.
    _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    match run(&words).await {
        Ok(cases) if options.is_empty() => table::print(&cases),
        Ok(cases) => println!("{:#}", table::json(&cases)),
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

async fn run(words: &[String]) -> Result<Vec<Case>, BoxError> {
    let mut cases = Vec::new();
    let is_asked = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    macro_rules! case {
        ($name:expr, $run:expr) => {
            if is_asked($name) {
                eprintln!("{} ...", $name);
                match $run.await? {
                    Some((before, after)) => cases.push(Case { name: $name, before, after }),
                    None => eprintln!("{}: left out, its program is missing", $name),
                }
            }
        };
    }
    case!("node without keep-alive", closers::node());
    case!("curl with close", closers::curl());
    case!("python http.client with close", closers::python());
    case!("a client that reads to eof", closers::eof());
    case!("unread bodies of 1 MiB, hyper-util", bodies::unread());
    case!("unread bodies of 1 MiB, reqwest", bodies::unread_by_reqwest());
    case!("bodies of 10 MiB, beyond the budget", bodies::beyond());
    case!("dropped responses of 1 MiB, hyper-util", bodies::dropped());
    case!("dropped responses of 1 MiB, reqwest", bodies::dropped_by_reqwest());
    case!("stale connections to an upstream that advertises 1 s", stale::advertised());
    case!("learned from an upstream that advertises nothing", stale::learned());
    case!("drain of 200 busy connections over 2 s", drain::spread());
    Ok(cases)
}
