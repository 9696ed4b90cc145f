//! What letting the peer close first costs in latency: nine alternating pairs of each client that says
//! `close`, without the cure and with it.
//!
//! ```sh
//! cargo bench --features full --bench healing
//! ```
#![allow(clippy::print_stdout)]

#[path = "../../examples/healing/closers.rs"]
mod closers;
#[path = "../../examples/healing/measured.rs"]
#[allow(dead_code)]
mod measured;
#[path = "../../examples/healing/server.rs"]
#[allow(dead_code)]
mod server;
#[path = "../../examples/incident/sockets.rs"]
mod sockets;

use crate::measured::Measured;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

const REQUESTS: usize = 200;

const PAIRS: usize = 9;

/// One of a pair.
type Side = fn(&(Measured, Measured)) -> &Measured;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    println!("client    median p50 ratio (min-max)    p50 ms before/after    p99 ms before/after");
    macro_rules! client {
        ($name:literal, $run:expr) => {
            let mut pairs = Vec::new();
            for _ in 0..PAIRS {
                match $run.await? {
                    Some(pair) => pairs.push(pair),
                    None => break,
                }
            }
            tell($name, &pairs);
        };
    }
    client!("node", closers::node());
    client!("curl", closers::curl());
    client!("python", closers::python());
    client!("eof", closers::eof());
    Ok(())
}

fn tell(name: &str, pairs: &[(Measured, Measured)]) {
    if pairs.is_empty() {
        return println!("{name:8}  left out: its program is missing");
    }
    let of = |measured: &Measured, share| measured.quantile(share).unwrap_or(f64::NAN);
    let mut ratios: Vec<_> =
        pairs.iter().map(|(before, after)| of(after, 0.5) / of(before, 0.5)).collect();
    ratios.sort_by(f64::total_cmp);
    let median = |share, side: Side| {
        let mut all: Vec<_> = pairs.iter().map(|pair| of(side(pair), share)).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    let [before, after]: [Side; 2] = [|pair| &pair.0, |pair| &pair.1];
    println!(
        "{name:8}  {:.3} ({:.3}-{:.3})             {:.3}/{:.3}            {:.3}/{:.3}",
        ratios[ratios.len() / 2],
        ratios[0],
        ratios[ratios.len() - 1],
        median(0.5, before),
        median(0.5, after),
        median(0.99, before),
        median(0.99, after),
    );
}
