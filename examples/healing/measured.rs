use std::time::{Duration, Instant};

use http::Response;
use http_body::Body;
use http_body_util::BodyExt as _;

use crate::sockets::TimeWait;

/// What was seen of one run.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    pub(crate) connections: usize,
    pub(crate) errors: usize,
    pub(crate) time_wait: Option<TimeWait>,
    /// Of the requests that were answered.
    pub(crate) latencies: Vec<Duration>,
    /// The most that came back within 100 ms.
    pub(crate) busiest: Option<usize>,
}

/// A case, without a cure and with it.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) before: Measured,
    pub(crate) after: Measured,
}

impl Measured {
    /// Counts a request, by whether its response came whole.
    pub(crate) async fn count<B: Body, E>(
        &mut self,
        response: impl Future<Output = Result<Response<B>, E>>,
    ) {
        let start = Instant::now();
        let is_whole = match response.await {
            Ok(response) => response.into_body().collect().await.is_ok(),
            Err(_) => false,
        };
        if is_whole { self.latencies.push(start.elapsed()) } else { self.errors += 1 }
    }

    /// The time within which this share of the requests was answered, in milliseconds.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let last = sorted.len().checked_sub(1)?;
        Some(sorted[(last as f64 * share).round() as usize].as_secs_f64() * 1e3)
    }
}
