//! Runs a program of `benches/compare`, a package of its own: what the crate is compared with is newer
//! than the oldest versions that it admits.

use std::env;
use std::process::{Command, ExitCode};

/// Builds it as it is released, and passes the arguments on.
pub(crate) fn run(program: &str) -> ExitCode {
    // Added by `cargo bench`; without it it is `cargo test`, which wants to know that it runs.
    if !env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let arguments = env::args().skip(1).filter(|it| it != "--bench");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/compare/Cargo.toml");
    let mut command = Command::new(cargo);
    command.args(["run", "--quiet", "--release", "--manifest-path", manifest]);
    // Beside the artefacts of the crate itself, wherever these are.
    if env::var_os("CARGO_TARGET_DIR").is_none() {
        command.args(["--target-dir", concat!(env!("CARGO_MANIFEST_DIR"), "/target")]);
    }
    let status = command.args(["--bin", program, "--"]).args(arguments).status();
    match status.map(|status| status.code()) {
        Ok(Some(code)) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        _ => ExitCode::FAILURE,
    }
}
