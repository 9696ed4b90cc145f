//! Clients that say `close` on each request: who closes first, and who pays for it.

use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::Command;
use tower_conn_lint::heal::{Cures, Grace};

use crate::measured::Measured;
use crate::server::Server;
use crate::sockets::TimeWait;
use crate::{BoxError, REQUESTS};

type Pair = Option<(Measured, Measured)>;

const NODE: &str = include_str!("../incident/login_page.js");

const PYTHON: &str = r#"
import http.client, json, sys, time
port, requests = int(sys.argv[1]), int(sys.argv[2])
latencies = []
for _ in range(requests):
    start = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/", headers={"Connection": "close"})
    connection.getresponse().read()
    connection.close()
    latencies.append((time.perf_counter() - start) * 1e3)
print(json.dumps(latencies))
"#;

pub(crate) async fn node() -> Result<Pair, BoxError> {
    pair("node", both(), |server| {
        vec!["-e".into(), NODE.into(), "--".into(), server.url("/"), REQUESTS.to_string()]
    })
    .await
}

pub(crate) async fn python() -> Result<Pair, BoxError> {
    pair("python3", both(), |server| {
        vec!["-c".into(), PYTHON.into(), server.address.port().to_string(), REQUESTS.to_string()]
    })
    .await
}

pub(crate) async fn curl() -> Result<Pair, BoxError> {
    pair("curl", both(), |server| {
        let url = format!("{}?[1-{REQUESTS}]", server.url("/"));
        let arguments =
            ["-s", "-o", "/dev/null", "-H", "connection: close", "-w", "%{time_total}\n", &url];
        arguments.map(str::to_owned).to_vec()
    })
    .await
}

/// A client that takes the end of the connection for that of the response.
pub(crate) async fn eof() -> Result<Pair, BoxError> {
    let mut pair = Vec::new();
    for cures in both() {
        let server = Server::start(cures).await?;
        let mut measured = Measured::default();
        for _ in 0..REQUESTS {
            let start = Instant::now();
            let mut stream = TcpStream::connect(server.address).await?;
            stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await?;
            let mut response = Vec::new();
            match stream.read_to_end(&mut response).await {
                Ok(_) => measured.latencies.push(start.elapsed()),
                Err(_) => measured.errors += 1,
            }
        }
        pair.push(finished(measured, &server).await);
    }
    Ok(Some((pair.remove(0), pair.remove(0))))
}

fn both() -> [Cures; 2] {
    [Cures::new(), Cures::new().peer_closes_first(Grace::default())]
}

/// Runs a program against both servers. It prints a latency for each request: as a JSON array in
/// milliseconds with `null` for one that failed, or one a line in seconds.
pub(crate) async fn pair(
    program: &str,
    both: [Cures; 2],
    arguments: impl Fn(&Server) -> Vec<String>,
) -> Result<Pair, BoxError> {
    let mut pair = Vec::new();
    for cures in both {
        let server = Server::start(cures).await?;
        let mut command = Command::new(program);
        command.args(arguments(&server)).stdin(Stdio::null()).kill_on_drop(true);
        let output = match command.output().await {
            Ok(output) => output,
            Err(_) => return Ok(None),
        };
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{program}: {}", text.trim()).into());
        }
        let text = String::from_utf8(output.stdout)?;
        let latencies: Vec<Option<f64>> = match serde_json::from_str(&text) {
            Ok(milliseconds) => milliseconds,
            Err(_) => {
                let seconds = text.lines().map(|line| line.trim().parse::<f64>());
                seconds.map(|seconds| seconds.map(|of| Some(of * 1e3))).collect::<Result<_, _>>()?
            }
        };
        let answered = latencies.iter().flatten();
        let measured = Measured {
            errors: latencies.iter().filter(|latency| latency.is_none()).count(),
            latencies: answered.map(|ms| Duration::from_secs_f64(ms / 1e3)).collect(),
            ..Measured::default()
        };
        pair.push(finished(measured, &server).await);
    }
    Ok(Some((pair.remove(0), pair.remove(0))))
}

pub(crate) async fn finished(measured: Measured, server: &Server) -> Measured {
    let time_wait = TimeWait::of_port(server.address.port()).await;
    Measured { connections: server.accepted(), time_wait, ..measured }
}
