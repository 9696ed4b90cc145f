use std::pin::Pin;
use std::task::{Context, Poll};

use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::nothing_is_left;

/// What a [`Watched`] body tells: one of these, once.
pub(crate) trait Watch {
    /// The whole body passed.
    fn ended(self);

    /// Reading it failed.
    fn failed(self);

    /// Its trailers come by.
    fn trailers(&self, _: &mut HeaderMap) {}

    /// It was dropped before its end.
    fn dropped(self);
}

pin_project! {
    /// A body that tells a [`Watch`] how it was left. To its reader it is the body itself: its
    /// length and its end are known as before, so that framing stays.
    #[derive(Debug)]
    pub(crate) struct Watched<B, W: Watch> {
        #[pin]
        body: B,
        // There until it told.
        watch: Option<W>,
    }

    impl<B, W: Watch> PinnedDrop for Watched<B, W> {
        fn drop(this: Pin<&mut Self>) {
            tell(this.project().watch, W::dropped);
        }
    }
}

// === impl Watched ===

impl<B: Body, W: Watch> Watched<B, W> {
    /// A body that is at its end already has ended, since nobody may poll it.
    #[inline]
    pub(crate) fn new(body: B, watch: W) -> Watched<B, W> {
        let mut watch = Some(watch);
        if body.is_end_stream() {
            tell(&mut watch, W::ended);
        }
        Watched { body, watch }
    }

    /// A body that nobody watches.
    #[inline]
    pub(crate) fn unwatched(body: B) -> Watched<B, W> {
        Watched { body, watch: None }
    }
}

impl<B: Body, W: Watch> Body for Watched<B, W> {
    type Data = B::Data;
    type Error = B::Error;

    #[inline]
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let mut polled = this.body.as_mut().poll_frame(cx);
        if let (Poll::Ready(Some(Ok(frame))), Some(watch)) = (&mut polled, &*this.watch) {
            if let Some(trailers) = frame.trailers_mut() {
                watch.trailers(trailers);
            }
        }
        match &polled {
            Poll::Ready(None) => tell(this.watch, W::ended),
            Poll::Ready(Some(Err(_))) => tell(this.watch, W::failed),
            Poll::Ready(Some(Ok(_))) if this.watch.is_some() && nothing_is_left(&*this.body) => {
                tell(this.watch, W::ended);
            }
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
        polled
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[inline]
fn tell<W>(watch: &mut Option<W>, how: impl FnOnce(W)) {
    if let Some(watch) = watch.take() {
        how(watch);
    }
}

#[cfg(test)]
mod tests;
