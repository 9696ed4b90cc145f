//! An instance that is about to stop, and callers that go to the next one as they are told.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tower_conn_lint::heal::Cures;

use crate::BoxError;
use crate::measured::Measured;
use crate::server::Server;

const CALLERS: usize = 200;
const SPREAD: Duration = Duration::from_secs(2);

/// What a caller saw.
#[derive(Default)]
struct Seen {
    latencies: Vec<Duration>,
    errors: usize,
    moved: Option<Instant>,
}

/// Without the cure, each connection is told at once.
pub(crate) async fn spread() -> Result<Option<(Measured, Measured)>, BoxError> {
    Ok(Some((run(Duration::ZERO).await?, run(SPREAD).await?)))
}

async fn run(spread: Duration) -> Result<Measured, BoxError> {
    let old = Server::start(Cures::new().drain(spread)).await?;
    let new = Server::start(Cures::new()).await?;
    let stop = Instant::now() + Duration::from_millis(500) + SPREAD + Duration::from_millis(500);
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        callers.spawn(call(old.url("/slow"), new.url("/slow"), stop));
    }
    sleep(Duration::from_millis(500)).await;
    let began = Instant::now();
    old.lint.drain();
    let mut measured = Measured::default();
    let mut tenths = [0; 64];
    while let Some(seen) = callers.join_next().await {
        let Seen { latencies, errors, moved } = seen?;
        measured.latencies.extend(latencies);
        measured.errors += errors;
        let Some(moved) = moved else { continue };
        let tenth = moved.saturating_duration_since(began).as_millis() / 100;
        tenths[(tenth as usize).min(63)] += 1;
    }
    measured.connections = old.accepted() + new.accepted();
    measured.busiest = tenths.iter().max().copied();
    Ok(measured)
}

/// Calls again and again on one connection, and another instance from the response on that says so.
async fn call(old: String, new: String, stop: Instant) -> Seen {
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let mut seen = Seen::default();
    while Instant::now() < stop {
        let start = Instant::now();
        let url = if seen.moved.is_some() { &new } else { &old };
        let request = Request::get(url).body(Full::default()).expect("it is a request");
        let Ok(response) = client.request(request).await else {
            seen.errors += 1;
            continue;
        };
        if response.headers().get(header::CONNECTION).is_some_and(|value| value == "close") {
            seen.moved = Some(Instant::now());
        }
        match response.into_body().collect().await {
            Ok(_) => seen.latencies.push(start.elapsed()),
            Err(_) => seen.errors += 1,
        }
        sleep(Duration::from_millis(5)).await;
    }
    seen
}
