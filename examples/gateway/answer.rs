//! What the gateway answers by itself.

use std::error::Error as StdError;
use std::io;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use tower_conn_lint::IntentionalClose;
use tower_conn_lint::outbound::Error;

/// Of all that goes to callers. The lint knows it, so that it can answer a denial.
pub(crate) type Body = UnsyncBoxBody<Bytes, Box<dyn StdError + Send + Sync>>;

/// A request that is not passed on, since it can be read in two ways, or asks for what the gateway
/// doesn't do. Its connection ends: what follows on it may be a part of it.
pub(crate) fn refusal(status: StatusCode, why: &'static str) -> Response<Body> {
    // A line for each would be the callers' to fill the log with.
    tracing::debug!(status = status.as_u16(), "refused: {why}");
    let mut response = plain(status, why);
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response.extensions_mut().insert(IntentionalClose("a refused request"));
    response
}

/// The upstream gave no answer.
pub(crate) fn failure(error: &Error) -> Response<Body> {
    if let Error::Denied(denied) = error {
        return plain(denied.status(), "denied by the connection policy");
    }
    tracing::warn!(error = Chain(error).to_string(), "the upstream gave no answer");
    if timed_out(error) {
        plain(StatusCode::GATEWAY_TIMEOUT, "the upstream took too long to accept a connection")
    } else {
        plain(StatusCode::BAD_GATEWAY, "the upstream gave no answer")
    }
}

/// What the upstream answered can't be passed on.
pub(crate) fn bad_gateway(why: &'static str) -> Response<Body> {
    tracing::warn!("an answer of the upstream is not passed on: {why}");
    plain(StatusCode::BAD_GATEWAY, why)
}

fn plain(status: StatusCode, text: &str) -> Response<Body> {
    let body = Full::from(format!("{text}\n")).map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static("text/plain");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

/// Whether a dial took longer than its bound.
fn timed_out(error: &(dyn StdError + 'static)) -> bool {
    causes(error).any(|error| {
        error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
    })
}

fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// An error and its sources, in one line.
struct Chain<'a>(&'a Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (number, error) in causes(self.0).enumerate() {
            let between = if number == 0 { "" } else { ": " };
            write!(f, "{between}{error}")?;
        }
        Ok(())
    }
}
