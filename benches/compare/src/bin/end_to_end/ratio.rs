use std::time::Duration;

use crate::process::{Server, Subject, client};
use crate::{BoxError, load};

/// How much passes with a subject over how much passes without, pair by pair.
pub(crate) struct Ratios {
    /// From the least to the most.
    sorted: Vec<f64>,
    /// In a second, median.
    without: f64,
}

/// An odd number, so that one of them is the median. Many short ones, since a machine that others use is
/// the same for no longer.
const PAIRS: usize = 41;

const CONNECTIONS: usize = 64;

/// Of one run.
const TIME: Duration = Duration::from_millis(200);

/// Of one run of a client.
const REQUESTS: usize = 4_096;

pub(crate) fn of_server(subject: Subject) -> Result<Ratios, BoxError> {
    let (without, with) = (Server::start(Subject::Nothing)?, Server::start(subject)?);
    let rate = |server: &Server| load::rate(server.port(), CONNECTIONS, TIME);
    Ratios::of(|| rate(&without), || rate(&with))
}

pub(crate) fn of_client(subject: Subject) -> Result<Ratios, BoxError> {
    let server = Server::start(Subject::Nothing)?;
    let rate = |subject| {
        let nanos = client(subject, &server, REQUESTS, CONNECTIONS)?;
        Ok(REQUESTS as f64 * 1e9 / nanos as f64)
    };
    Ratios::of(|| rate(Subject::Nothing), || rate(subject))
}

// === impl Ratios ===

impl Ratios {
    /// Alternating, each pair the other way round than the one before. The first pair warms up.
    fn of(
        without: impl Fn() -> Result<f64, BoxError>,
        with: impl Fn() -> Result<f64, BoxError>,
    ) -> Result<Ratios, BoxError> {
        let (mut sorted, mut rates) = (Vec::new(), Vec::new());
        for pair in 0..=PAIRS {
            let (bare, layered) = if pair % 2 == 0 {
                let bare = without()?;
                (bare, with()?)
            } else {
                let layered = with()?;
                (without()?, layered)
            };
            if pair > 0 {
                sorted.push(layered / bare);
                rates.push(bare);
            }
        }
        sorted.sort_by(f64::total_cmp);
        rates.sort_by(f64::total_cmp);
        Ok(Ratios { sorted, without: rates[PAIRS / 2] })
    }

    pub(crate) fn tell(&self, side: &str, subject: Subject) {
        let name = format!("{side} {}", subject.name());
        let [least, median, most] = [0, PAIRS / 2, PAIRS - 1].map(|at| self.sorted[at]);
        println!("{name:<24} {median:>9.3} {least:>7.3} {most:>7.3} {:>12.0}", self.without);
    }
}
