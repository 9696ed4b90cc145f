use std::sync::Arc;

use reqwest::{Body, Response, ResponseBuilderExt as _};

use crate::connection::TrackedBody;
use crate::heal::Reader;
use crate::wired::{Mark, Stopwatch};

/// Puts a body around a response's that tells how it was left: its type, URL and address stay.
pub(super) fn track(
    response: Response,
    mark: Mark,
    stopwatch: Option<Arc<Stopwatch>>,
    reader: Option<Reader>,
) -> Response {
    if response.content_length() == Some(0) {
        drop(TrackedBody::timed(Body::default(), mark, stopwatch));
        return response;
    }
    // The conversion loses it otherwise (reqwest 0.13.5).
    let url = http::Response::builder().url(response.url().clone()).body(());
    let mut response: http::Response<Body> = response.into();
    if let Ok(url) = url {
        response.extensions_mut().extend(url.into_parts().0.extensions);
    }
    let tracked = |body| match reader {
        None => TrackedBody::timed(body, mark, stopwatch),
        Some(reader) => TrackedBody::read_on(body, mark, stopwatch, reader),
    };
    response.map(|body| Body::wrap(tracked(body))).into()
}
