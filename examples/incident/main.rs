//! The incident that this crate is about, on plain loopback: no root, no network, a few seconds.
//!
//! ```sh
//! cargo run --example incident --features full
//! ```
#![expect(clippy::print_stderr, reason = "an example for a terminal")]

mod act;
mod gateway;
mod json;
#[cfg(target_os = "linux")]
mod lab;
#[cfg(not(target_os = "linux"))]
mod lab {
    pub(crate) async fn play(_: crate::Output) -> Result<(), crate::BoxError> {
        Err("the lab needs Linux".into())
    }
}
mod login_page;
mod node_client;
mod paint;
mod sockets;
mod story;
mod table;
mod tally;

use std::error::Error;
use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;
use std::{env, io};

use tokio::time::Instant;

use crate::act::{Act, Caller, Stage};
use crate::paint::Paint;
use crate::story::{Prologue, Story};

type BoxError = Box<dyn Error + Send + Sync>;

const USAGE: &str = "\
Plays the incident on loopback: a login page that says `close`, without the layer and with it.

Usage: cargo run --example incident --features full [-- OPTION]

Options:
  --lab   play it in a network namespace of its own, with a balancer that drops a source port which
          is used again too soon: some minutes; needs Linux, root, iproute2 and nftables
  --json  print the measurements as one JSON object, and nothing else
  --help  print this";

/// How long all clients may take together.
const LIMIT: Duration = Duration::from_secs(12);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Output {
    People,
    Json,
}

// One thread: a pool that dials while it waits would blur the number of connections.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let (mut output, mut in_lab) = (Output::People, false);
    for argument in env::args_os().skip(1) {
        match argument.to_str() {
            Some("--json") => output = Output::Json,
            Some("--lab") => in_lab = true,
            Some("--help" | "-h") => {
                _ = print(format_args!("{USAGE}\n"));
                return ExitCode::SUCCESS;
            }
            _ => {
                eprintln!("error: unknown argument `{}`\n\n{USAGE}", argument.to_string_lossy());
                return ExitCode::from(2);
            }
        }
    }
    let played = match in_lab {
        true => lab::play(output).await,
        false => play(output).await,
    };
    match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn play(output: Output) -> Result<(), BoxError> {
    let deadline = Instant::now() + LIMIT;
    let paint = Paint::of_stdout();
    let node = node_client::version().await;
    match output {
        Output::People => print(Prologue { node: node.as_deref(), paint })?,
        Output::Json if node.is_none() => {
            eprintln!("note: node was not found: its two acts are left out");
        }
        Output::Json => {}
    }

    let mut acts = both(Caller::Hyper, deadline).await?;
    if node.is_some() {
        match both(Caller::Node, deadline).await {
            Ok(of_node) => acts.extend(of_node),
            Err(error) => eprintln!("note: the two acts of node are left out: {error}"),
        }
    }
    match output {
        Output::People => print(Story { acts: &acts, paint })?,
        Output::Json => print(format_args!("{}\n", json::object(&acts)))?,
    }
    Ok(())
}

/// Prints to a reader who may have left, as `head` does.
fn print(text: impl Display) -> io::Result<()> {
    match write!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

/// The act of a caller without the layer, and the one with it.
async fn both(caller: Caller, deadline: Instant) -> Result<Vec<Act>, BoxError> {
    let without = Act::play(caller, false, Stage::LOOPBACK, deadline).await?;
    let with = Act::play(caller, true, Stage::LOOPBACK, deadline).await?;
    Ok(vec![without, with])
}
