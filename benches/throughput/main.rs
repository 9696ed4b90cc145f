//! What the IO wrapper costs in throughput: bytes through a connection on loopback, bare and
//! watched, in alternating pairs. How to run and read it: `benches/README.md`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that reports")]

#[path = "../bound/mod.rs"]
mod bound;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tower_conn_lint::ConnLint;

/// An odd number, so that one of them is the median.
const PAIRS: usize = 9;
const BYTES: usize = 512 << 20;
/// As hyper reads and writes at most by default.
const CHUNK: usize = 64 << 10;

fn main() -> ExitCode {
    let least = match bound::read("--min") {
        Ok(least) => least,
        Err(code) => return code,
    };
    let median = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts")
        .block_on(measure());
    println!("watched / bare, median of {PAIRS} pairs: {median:.3}");
    if least.is_some_and(|least| median < least) {
        eprintln!("less than {}", least.unwrap_or_default());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

async fn measure() -> f64 {
    let lint = ConnLint::builder().environment("").without_tracing().build();
    let mut ratios = Vec::new();
    // The first pair warms up.
    for pair in 0..=PAIRS {
        let (bare, watched) = if pair % 2 == 0 {
            let bare = time(|stream| stream).await;
            (bare, time(|stream| lint.accept(stream, None).0).await)
        } else {
            let watched = time(|stream| lint.accept(stream, None).0).await;
            (time(|stream| stream).await, watched)
        };
        if pair > 0 {
            let ratio = bare.as_secs_f64() / watched.as_secs_f64();
            println!("bare {:>6.0} MiB/s, watched {:>6.0} MiB/s", rate(bare), rate(watched));
            ratios.push(ratio);
        }
    }
    ratios.sort_by(f64::total_cmp);
    ratios[PAIRS / 2]
}

fn rate(time: Duration) -> f64 {
    (BYTES >> 20) as f64 / time.as_secs_f64()
}

/// How long the bytes take there and back, half of them each way.
async fn time<T>(wrap: impl FnOnce(TcpStream) -> T) -> Duration
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let addr = listener.local_addr().expect("it is bound");
    let (dialled, accepted) = tokio::join!(TcpStream::connect(addr), listener.accept());
    let (mut peer, (stream, _)) = (dialled.expect("a dial"), accepted.expect("a connection"));
    let mut stream = wrap(stream);
    let began = Instant::now();
    let other = tokio::spawn(async move {
        write(&mut peer).await;
        read(&mut peer).await;
    });
    read(&mut stream).await;
    write(&mut stream).await;
    other.await.expect("the other end has no panic");
    began.elapsed()
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) {
    let mut buffer = vec![0; CHUNK];
    let mut left = BYTES / 2;
    while left > 0 {
        left -= stream.read(&mut buffer[..CHUNK.min(left)]).await.expect("bytes come");
    }
}

async fn write(stream: &mut (impl AsyncWrite + Unpin)) {
    let buffer = vec![7; CHUNK];
    for _ in 0..BYTES / 2 / CHUNK {
        stream.write_all(&buffer).await.expect("bytes go");
    }
}
