//! A reverse proxy under the lint, for a service in any language: what callers do to connections,
//! and what the service does, is found and mended on the way.
//!
//! ```sh
//! cargo run --example gateway --features full -- --listen 127.0.0.1:8080 --upstream http://127.0.0.1:3000
//! ```
#![expect(clippy::print_stderr, clippy::print_stdout, reason = "a program for a terminal")]

mod answer;
mod arguments;
mod forward;
mod hop;
mod logs;
mod proxy;
mod serve;
mod shutdown;
mod tunnel;

use std::fs::File;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::net::TcpListener;
use tower::ServiceBuilder;
use tower_conn_lint::{ConnLint, Policy, Preset, Role};

use crate::arguments::{Arguments, Asked, HELP};
use crate::proxy::Proxy;

/// Below what Node keeps, which is five seconds: a connection that the upstream is about to close
/// carries no request.
const IDLE: Duration = Duration::from_secs(4);
const MOST_IDLE: usize = 128;
/// A dial that takes longer has lost packets, or goes nowhere.
const DIAL: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let arguments = match Arguments::read(std::env::args_os().skip(1)) {
        Ok(Asked::Run(arguments)) => arguments,
        Ok(Asked::Help) => return print(HELP),
        Ok(Asked::Version) => return print(concat!("gateway ", env!("CARGO_PKG_VERSION"), "\n")),
        Err(error) => return fail(2, error),
    };
    if let Some((path, Err(error))) = arguments.policy.as_ref().map(|path| (path, File::open(path)))
    {
        return fail(2, format_args!("the policy {} can't be read: {error}", path.display()));
    }
    logs::install();
    match tokio::runtime::Runtime::new().and_then(|runtime| runtime.block_on(run(arguments))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(1, error),
    }
}

async fn run(arguments: Arguments) -> io::Result<()> {
    let Arguments { listen, upstream, policy } = arguments;
    let policy = policy.map_or(Preset::Recommended1.into(), Policy::from_file_or_builtin);
    let lint = ConnLint::builder().role(Role::Gateway).policy(policy).build();
    let _watch = lint.watch()?;

    let mut dial = HttpConnector::new();
    dial.set_connect_timeout(Some(DIAL));
    dial.set_nodelay(true);
    let pool = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(MOST_IDLE)
        .build(lint.connector("upstream", dial).pool(IDLE, MOST_IDLE));
    let client = ServiceBuilder::new()
        .layer(lint.response_bodies())
        .layer(lint.outbound("upstream"))
        .map_request(hop::clear_request)
        .service(pool);
    let service = ServiceBuilder::new()
        .map_response(hop::clear_response)
        .layer(lint.inbound())
        .service(Proxy::new(client, upstream));

    let listener = TcpListener::bind(&listen).await;
    let listener = listener.map_err(|error| {
        io::Error::new(error.kind(), format!("can't listen on {listen}: {error}"))
    })?;
    println!("listening on http://{}", listener.local_addr()?);
    serve::serve(&lint, listener, service).await;
    Ok(())
}

fn print(text: &str) -> ExitCode {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => fail(1, error),
    }
}

fn fail(code: u8, error: impl std::fmt::Display) -> ExitCode {
    eprintln!("gateway: {error}");
    ExitCode::from(code)
}
