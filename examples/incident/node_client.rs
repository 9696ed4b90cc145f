//! The login page in a real Node, told to reuse no connection.

use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use crate::BoxError;

const SCRIPT: &str = include_str!("login_page.js");

/// The version of the `node` in the path; `None` where there is none that answers.
pub(crate) async fn version() -> Option<String> {
    let output = timeout(Duration::from_secs(2), run(&["--version"])).await.ok()?.ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Sends the requests one after another; gives the latency of each.
pub(crate) async fn log_in(url: &str, requests: usize) -> Result<Vec<Duration>, BoxError> {
    let output = run(&["-e", SCRIPT, "--", url, &requests.to_string()]).await?;
    if !output.status.success() {
        return Err(format!("node: {}", String::from_utf8_lossy(&output.stderr).trim()).into());
    }
    let milliseconds: Vec<f64> = serde_json::from_slice(&output.stdout)?;
    Ok(milliseconds.into_iter().map(|ms| Duration::from_secs_f64(ms / 1e3)).collect())
}

/// Runs `node` to its end; dropped before, it kills it.
async fn run(arguments: &[&str]) -> std::io::Result<Output> {
    Command::new("node").args(arguments).stdin(Stdio::null()).kill_on_drop(true).output().await
}
