use std::io::Write as _;
use std::process::Stdio;

use tokio::process::Command;

use crate::within::within;

/// Runs a program to its end. Where it is not installed, the test is left out and says so;
/// under CI that is a failure.
pub(crate) async fn run(test: &str, program: &str, arguments: &[String]) -> Option<String> {
    within(program, run_long(test, program, arguments)).await
}

/// The same, for who bounds the time by itself.
pub(crate) async fn run_long(test: &str, program: &str, arguments: &[String]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let output = match command.output().await {
        Ok(output) => output,
        Err(error) if is_ci() => panic!("{program} has to be there under CI: {error}"),
        Err(_) => {
            left_out(&format!("{test} (no {program})"));
            return None;
        }
    };
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} ended with {}: {error}", output.status);
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Into the list that the test command shows at its end; without one, at once.
fn left_out(test: &str) {
    let list = std::env::var_os("LEFT_OUT")
        .and_then(|list| std::fs::OpenOptions::new().append(true).open(list).ok());
    // Not by a macro: those are captured while a test passes.
    _ = match list {
        Some(mut list) => writeln!(list, "  {test}"),
        None => writeln!(std::io::stderr(), "left out: {test}"),
    };
}

fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|ci| ci == "true")
}
