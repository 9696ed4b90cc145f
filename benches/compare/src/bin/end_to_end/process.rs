//! Servers and clients in processes of their own: with a subscriber or without, and under valgrind.

use std::io::{BufRead as _, BufReader, ErrorKind};
use std::pin::Pin;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::{env, io};

use tokio::runtime::Runtime;

use crate::{BoxError, load};

/// What stands around the router, or the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Nothing,
    All,
    TraceInfo,
    AxumPrometheus,
}

/// A server that listens, until this is dropped.
pub(crate) struct Server {
    child: Child,
    stdin: Option<ChildStdin>,
    port: u16,
}

/// Between these the slope is taken.
const REQUESTS: [usize; 2] = [200, 1_200];

const CALLGRIND: [&str; 4] = [
    "valgrind",
    "--tool=callgrind",
    "--callgrind-out-file=/dev/null",
    // Not the start: a recorder's clock is calibrated for a time, not for a number of turns.
    "--toggle-collect=*measured*",
];

// === impl Subject ===

impl Subject {
    pub(crate) const SERVERS: [Subject; 4] =
        [Subject::Nothing, Subject::All, Subject::TraceInfo, Subject::AxumPrometheus];
    pub(crate) const CLIENTS: [Subject; 3] = [Subject::Nothing, Subject::All, Subject::TraceInfo];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Subject::Nothing => "nothing",
            Subject::All => "all",
            Subject::TraceInfo => "trace-info",
            Subject::AxumPrometheus => "axum-prometheus",
        }
    }

    pub(crate) fn named(name: &str) -> Result<Subject, BoxError> {
        let subject = Subject::SERVERS.into_iter().find(|subject| subject.name() == name);
        subject.ok_or_else(|| format!("`{name}` is no subject").into())
    }
}

/// Runs what is measured, whose name valgrind knows. Boxed, since the names of closures hold that of the
/// function around them.
#[inline(never)]
pub(crate) fn measured(
    runtime: &Runtime,
    run: Pin<Box<dyn Future<Output = Result<(), BoxError>>>>,
) -> Result<(), BoxError> {
    runtime.block_on(run)
}

/// What a request costs a server, of all that it does.
pub(crate) fn slope_of_server(subject: Subject) -> Result<f64, BoxError> {
    slope(|requests| {
        let server = Server::under(&CALLGRIND, subject)?;
        load::one_by_one(server.port(), requests)?;
        collected(&server.end()?)
    })
}

/// What a request costs a client.
pub(crate) fn slope_of_client(subject: Subject) -> Result<f64, BoxError> {
    let server = Server::start(Subject::Nothing)?;
    slope(|requests| {
        let mut command = program(&CALLGRIND)?;
        command.args(["--call", subject.name(), &server.port().to_string()]);
        let output = command.args([&requests.to_string(), "1"]).output().map_err(missing)?;
        collected(&String::from_utf8_lossy(&output.stderr))
    })
}

/// How many nanoseconds a client takes for some requests.
pub(crate) fn client(
    subject: Subject,
    server: &Server,
    requests: usize,
    at_once: usize,
) -> Result<u64, BoxError> {
    let mut command = program(&[])?;
    command.args(["--call", subject.name(), &server.port().to_string()]);
    let output = command.args([requests.to_string(), at_once.to_string()]).output()?;
    let nanos = String::from_utf8_lossy(&output.stdout).trim().parse();
    nanos.map_err(|_| String::from_utf8_lossy(&output.stderr).into())
}

fn slope(run: impl Fn(usize) -> Result<f64, BoxError>) -> Result<f64, BoxError> {
    let [few, many] = REQUESTS;
    Ok((run(many)? - run(few)?) / (many - few) as f64)
}

fn collected(log: &str) -> Result<f64, BoxError> {
    let mut found =
        log.lines().filter_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    found.next().ok_or_else(|| format!("valgrind counted nothing: {log}").into())
}

/// This program, perhaps under another.
fn program(under: &[&str]) -> Result<Command, BoxError> {
    let this = env::current_exe()?;
    Ok(match under {
        [] => Command::new(this),
        [under, arguments @ ..] => {
            let mut command = Command::new(under);
            command.args(arguments).arg(this);
            command
        }
    })
}

fn missing(error: io::Error) -> BoxError {
    match error.kind() {
        ErrorKind::NotFound => "instructions are counted by valgrind, which is not installed: \
                                apt-get install valgrind"
            .into(),
        _ => error.into(),
    }
}

// === impl Server ===

impl Server {
    pub(crate) fn start(subject: Subject) -> Result<Server, BoxError> {
        Server::under(&[], subject)
    }

    fn under(under: &[&str], subject: Subject) -> Result<Server, BoxError> {
        let mut command = program(under)?;
        command.args(["--serve", subject.name()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().map_err(missing)?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().ok_or("no output")?);
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        Ok(Server { child, stdin, port: line.trim().parse()? })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Ends it; what it left on its standard error.
    fn end(mut self) -> Result<String, BoxError> {
        drop(self.stdin.take());
        let stderr = self.child.stderr.take().ok_or("no log")?;
        let log = io::read_to_string(stderr)?;
        self.child.wait()?;
        Ok(log)
    }
}

impl Drop for Server {
    /// It ends with its standard input; it is waited for, or it stays in the table of processes.
    fn drop(&mut self) {
        drop(self.stdin.take());
        _ = self.child.wait();
    }
}
