//! What it costs to ask the kernel about a dial: alternating pairs of dials on loopback that nobody asks
//! about, as by default, and that are all asked about.
//!
//! ```sh
//! cargo bench --features full --bench dials                  # a line a pair, and the median
//! cargo bench --features full --bench dials -- --max 15      # exits 1 where it takes more us
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that reports")]

#[path = "../bound/mod.rs"]
mod bound;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use tokio::net::TcpListener;
use tower::{Service, ServiceExt};
use tower_conn_lint::ConnLint;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

const PAIRS: usize = 9;

/// Few, since each leaves a port in TIME_WAIT.
const DIALS: usize = 400;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, BoxError> {
    let most = match bound::read("--max") {
        Ok(most) => most,
        Err(code) => return Ok(code),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let uri: Uri = format!("http://{}/", listener.local_addr()?).parse()?;
    // Each until its client is done with it, so that the kernel knows it as it is asked.
    tokio::spawn(async move {
        let mut open = std::collections::VecDeque::new();
        while let Ok((stream, _)) = listener.accept().await {
            open.push_back(stream);
            if open.len() > 64 {
                open.pop_front();
            }
        }
    });

    println!("us a dial:  without  asked   more");
    let mut differences = Vec::new();
    for _ in 0..PAIRS {
        let without = dial(&uri, Duration::MAX).await?;
        let asked = dial(&uri, Duration::ZERO).await?;
        println!("            {without:7.1}  {asked:5.1}  {:5.1}", asked - without);
        differences.push(asked - without);
    }
    differences.sort_by(f64::total_cmp);
    let median = differences[PAIRS / 2];
    println!("median: {median:.1} us more");
    Ok(if most.is_some_and(|most| median > most) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The median of what a dial takes, in microseconds, where the kernel is asked from so long a one on.
async fn dial(uri: &Uri, from: Duration) -> Result<f64, BoxError> {
    let lint = ConnLint::builder().slow_dial(from).environment("").without_tracing();
    #[cfg(feature = "metrics")]
    let lint = lint.without_metrics();
    let mut connector = lint.build().connector("upstream", HttpConnector::new());
    let mut times = Vec::with_capacity(DIALS);
    for _ in 0..DIALS {
        let began = Instant::now();
        let stream = connector.ready().await?.call(uri.clone()).await?;
        times.push(began.elapsed());
        drop(stream);
        tokio::task::yield_now().await;
    }
    times.sort_unstable();
    Ok(times[DIALS / 2].as_secs_f64() * 1e6)
}
