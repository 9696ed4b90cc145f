//! How long policy files take to load, good ones and evil ones, and what many routes cost a request.
//! How to run and read it: `benches/README.md`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that reports")]

#[path = "../bound/mod.rs"]
mod bound;
mod evil;
mod exchange;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use tower_conn_lint::{ConnLint, Policy};

use self::evil::EVIL;
use self::exchange::nanoseconds;

/// The least of them is shown: what else the machine did is in the others.
const RUNS: usize = 5;

fn main() -> ExitCode {
    let most_ms = match bound::read("--max-load") {
        Ok(most_ms) => most_ms,
        Err(code) => return code,
    };

    println!("{:<34} {:>9} {:>10} {:>9}", "file", "bytes", "load ms", "mistakes");
    let [_, many] = [20, 10_000].map(|routes| show(&format!("{routes} routes"), &file(routes)));
    for (name, text) in EVIL {
        show(name, &text());
    }

    println!("\n{:<34} {:>9}", "a request with a finding", "ns");
    let costs = [0, 20, 10_000].map(|routes| {
        let policy = Policy::stack().text("x.toml", file(routes)).load_or_builtin();
        let cost = nanoseconds(policy, routes.max(1));
        println!("{:<34} {cost:>9.0}", format!("{routes} routes"));
        cost
    });
    println!("{:<34} {:>9.2}", "10,000 routes / 20 routes", costs[2] / costs[1]);

    if let Some(most) = most_ms.filter(|most| many > *most) {
        eprintln!("10,000 routes took {many:.0} ms to load, more than {most}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Loads a text and makes a lint of it; a line says how long the former took.
fn show(name: &str, text: &str) -> f64 {
    let mut least = Duration::MAX;
    let mut mistakes = 0;
    for _ in 0..RUNS {
        let started = Instant::now();
        let policy = Policy::stack().text("x.toml", text).load_or_builtin();
        least = least.min(started.elapsed());
        mistakes = policy.problems().map_or(0, |errors| errors.iter().count() + errors.more());
        drop(ConnLint::builder().policy(policy).environment("").without_tracing().build());
    }
    let ms = least.as_secs_f64() * 1e3;
    println!("{name:<34} {:>9} {ms:>10.1} {mistakes:>9}", text.len());
    ms
}

/// A file with so many routes, as a service has them.
fn file(routes: usize) -> String {
    let route = |number: usize| {
        let path = exchange::template(number);
        format!(
            "[[route]]\ninbound = \"GET {path}\"\nlints = {{ caller-sends-close = \"warn\" }}\n\n"
        )
    };
    let routes: String = (0..routes).map(route).collect();
    format!("version = 1\npreset = \"recommended-1\"\n\n{routes}")
}
