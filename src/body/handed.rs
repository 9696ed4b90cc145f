use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::nothing_is_left;

/// Takes a body that is dropped before its end, and learns what of it passed before.
pub(crate) trait Heir {
    /// So many bytes of data passed.
    fn passed(&self, bytes: u64);
}

pin_project! {
    /// A body that goes to its [`Heir`] when it is dropped before its end; or one without an heir,
    /// which pays for none. To its reader it is the body itself.
    #[derive(Debug)]
    #[project = HandedParts]
    pub(crate) enum Handed<B, H> {
        Plain { #[pin] body: B },
        Boxed { legacy: Legacy<B, H> },
    }
}

/// A body in a box, so that it can leave its place, and who gets it.
#[derive(Debug)]
pub(crate) struct Legacy<B, H>(Box<Will<B, H>>);

#[derive(Debug)]
struct Will<B, H> {
    /// There until it is handed on.
    body: Option<Pin<Box<B>>>,
    /// There until the body's end.
    heir: Option<H>,
    inherit: fn(H, Pin<Box<B>>),
}

/// What a body gives.
type FrameOf<B> = Result<Frame<<B as Body>::Data>, <B as Body>::Error>;

// === impl Handed ===

impl<B: Body, H> Handed<B, H> {
    #[inline]
    pub(crate) fn plain(body: B) -> Handed<B, H> {
        Handed::Plain { body }
    }

    pub(crate) fn new(body: B, heir: H, inherit: fn(H, Pin<Box<B>>)) -> Handed<B, H> {
        let heir = (!body.is_end_stream()).then_some(heir);
        let will = Will { body: Some(Box::pin(body)), heir, inherit };
        Handed::Boxed { legacy: Legacy(Box::new(will)) }
    }
}

impl<B: Body, H: Heir> Body for Handed<B, H> {
    type Data = B::Data;
    type Error = B::Error;

    #[inline]
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match self.project() {
            HandedParts::Plain { body } => body.poll_frame(cx),
            HandedParts::Boxed { legacy } => legacy.0.poll_frame(cx),
        }
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        match self {
            Handed::Plain { body } => body.is_end_stream(),
            Handed::Boxed { legacy } => {
                legacy.0.body.as_ref().is_none_or(|body| body.is_end_stream())
            }
        }
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        match self {
            Handed::Plain { body } => body.size_hint(),
            Handed::Boxed { legacy } => {
                legacy.0.body.as_ref().map_or_else(SizeHint::default, |body| body.size_hint())
            }
        }
    }
}

// === impl Legacy ===

impl<B, H> Drop for Legacy<B, H> {
    fn drop(&mut self) {
        let Will { body, heir, inherit } = &mut *self.0;
        if let (Some(body), Some(heir)) = (body.take(), heir.take()) {
            inherit(heir, body);
        }
    }
}

// === impl Will ===

impl<B: Body, H: Heir> Will<B, H> {
    #[cold]
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<FrameOf<B>>> {
        let Will { body: Some(body), heir, .. } = self else { return Poll::Ready(None) };
        let frame = ready!(body.as_mut().poll_frame(cx));
        if let (Some(heir), Some(Ok(frame))) = (&heir, &frame) {
            heir.passed(frame.data_ref().map_or(0, |data| data.remaining() as u64));
        }
        if !matches!(frame, Some(Ok(_))) || nothing_is_left(&**body) {
            *heir = None;
        }
        Poll::Ready(frame)
    }
}

#[cfg(test)]
mod tests;
