//! WebSockets, which go through as they are once both sides have switched.

use http::header::UPGRADE;
use http::{Request, Response, Version};
use hyper::upgrade::{OnUpgrade, on};
use hyper_util::rt::TokioIo;
use tower_conn_lint::field::connection_options;

/// Other protocols are not passed on: a tunnel of HTTP/2 would be requests that nobody sees.
pub(crate) fn wants_websocket<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    let mut lines = headers.get_all(UPGRADE).iter();
    let (first, second) = (lines.next(), lines.next());
    let is_websocket = first.is_some_and(|line| line.as_bytes().eq_ignore_ascii_case(b"websocket"));
    request.version() == Version::HTTP_11
        && is_websocket
        && second.is_none()
        && connection_options(headers).any(|option| option.is_upgrade())
}

/// The caller's side, taken out before its request goes on.
pub(crate) fn of_caller<B>(request: &mut Request<B>) -> OnUpgrade {
    on(request)
}

/// Joins both sides as they switch, until both have ended.
pub(crate) fn join<B>(caller: OnUpgrade, response: &mut Response<B>) {
    let upstream = on(response);
    tokio::spawn(async move {
        let (caller, upstream) = match tokio::try_join!(caller, upstream) {
            Ok(both) => both,
            Err(error) => return tracing::warn!(%error, "an upgrade failed"),
        };
        let (mut caller, mut upstream) = (TokioIo::new(caller), TokioIo::new(upstream));
        if let Err(error) = tokio::io::copy_bidirectional(&mut caller, &mut upstream).await {
            tracing::debug!(%error, "a tunnel was cut");
        }
    });
}
