use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::{Body, Frame};

/// A body of unknown length, with a trailer.
#[derive(Debug)]
pub(crate) struct Chunks(VecDeque<Frame<Bytes>>);

impl Chunks {
    pub(crate) fn new(texts: &[&'static str]) -> Chunks {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-trailer", HeaderValue::from_static("1"));
        let frames = texts.iter().map(|text| Frame::data(Bytes::from_static(text.as_bytes())));
        Chunks(frames.chain([Frame::trailers(trailers)]).collect())
    }
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}
