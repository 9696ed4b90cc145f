//! A million open connections with records, of 10,000 callers and to 10,000 upstreams, of which
//! 100,000 close in a second of their clock. How to run and read it: `benches/README.md`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that reports")]

mod allocator;
#[path = "../bound/mod.rs"]
mod bound;
mod wire;
mod world;

use std::mem::size_of;
use std::process::ExitCode;
use std::time::Instant;

use hyper_util::rt::TokioIo;
use tower_conn_lint::connection::Io;
use tower_conn_lint::inbound::{Inbound, PerConnection};
use tower_conn_lint::outbound::Connection;

use self::wire::Wire;
use self::world::{Handler, Open, World};

const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// Events of each kind, two seconds of the simulation's clock.
const EVENTS: usize = 200_000;

/// How many windows of callers, and how many of upstreams, a lint keeps.
const MOST_PARTIES: usize = 256;

fn main() -> ExitCode {
    let most_bytes = match bound::read("--max-bytes") {
        Ok(most_bytes) => most_bytes,
        Err(code) => return code,
    };
    println!(
        "{:>11} {:>7} {:>9} {:>8} {:>10} {:>9} {:>9}",
        "connections", "bytes", "accepted", "dialled", "request ns", "close ns", "open ns"
    );
    let [.., bytes] = SIZES.map(measure);
    if most_bytes.is_some_and(|most| bytes as f64 > most) {
        eprintln!("a connection takes {bytes} bytes, more than {}", most_bytes.unwrap_or_default());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// What a connection takes where so many are open.
fn measure(size: usize) -> usize {
    let mut world = World::new();
    // All tables at the size that they have with this many parties, before anything is counted.
    let mut open: Vec<Open> = Vec::with_capacity(size);
    let before = allocator::in_use();
    open.extend((0..size).map(|number| world.open(number)));
    let heap = (allocator::in_use() - before) / size;
    // Beside the heap: the streams and services that are wrapped, in the task of their connection.
    let accepted = size_of::<Io<Wire>>() + size_of::<PerConnection<Inbound<Handler>>>();
    let dialled = size_of::<Connection<TokioIo<Wire>>>();
    let bytes = heap + usize::midpoint(accepted, dialled);

    let [mut requests, mut closes, mut opens] = [0; 3];
    for event in 0..EVENTS {
        world.step();
        let at = world.below(size);
        let began = Instant::now();
        world.request(&mut open[at]);
        let requested = Instant::now();
        let number = size + event;
        // Of its kind, so that there are as many of each as there were.
        let at = world.below(size) / 2 * 2 + number % 2;
        let closing = Instant::now();
        drop(open.swap_remove(at));
        let closed = Instant::now();
        let one = world.open(number);
        let opened = Instant::now();
        open.push(one);
        open.swap(at, size - 1);
        requests += (requested - began).as_nanos();
        closes += (closed - closing).as_nanos();
        opens += (opened - closed).as_nanos();
    }
    let [requests, closes, opens] = [requests, closes, opens].map(|nanos| nanos / EVENTS as u128);
    println!(
        "{size:>11} {bytes:>7} {accepted:>9} {dialled:>8} {requests:>10} {closes:>9} {opens:>9}"
    );

    let snapshot = world.lint.snapshot();
    assert!(snapshot.callers.len() <= MOST_PARTIES + 1, "the callers' table is bounded");
    assert!(snapshot.upstreams.len() <= MOST_PARTIES + 1, "the upstreams' table is bounded");
    bytes
}
