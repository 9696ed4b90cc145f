use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::pin;
use std::rc::Rc;
use std::task::Waker;

use bytes::Bytes;

use super::*;

/// Frames, and whether its end is told before it is polled once more.
struct Frames {
    frames: VecDeque<&'static str>,
    tells_end: bool,
}

#[derive(Clone, Default)]
struct Told {
    passed: Rc<Cell<u64>>,
    rest: Rc<RefCell<Option<usize>>>,
}

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = self.frames.pop_front();
        Poll::Ready(frame.map(|data| Ok(Frame::data(Bytes::from_static(data.as_bytes())))))
    }

    fn is_end_stream(&self) -> bool {
        self.tells_end && self.frames.is_empty()
    }
}

impl Heir for Told {
    fn passed(&self, bytes: u64) {
        self.passed.set(self.passed.get() + bytes);
    }
}

fn frames(tells_end: bool) -> Frames {
    Frames { frames: ["one", "three"].into(), tells_end }
}

fn inherit(told: Told, rest: Pin<Box<Frames>>) {
    *told.rest.borrow_mut() = Some(rest.frames.len());
}

/// Polls it so often, and drops it.
fn read(body: Handed<Frames, Told>, times: usize) {
    let mut body = pin!(body);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..times {
        assert!(body.as_mut().poll_frame(&mut cx).is_ready());
    }
}

#[test]
fn what_is_left_of_a_body_is_handed_on_where_it_is_dropped() {
    for (tells_end, times, passed, rest) in [
        (true, 0, 0, Some(2)),
        (true, 1, 3, Some(1)),
        (true, 2, 8, None),
        (true, 3, 8, None),
        // Only one more poll tells the end of this one.
        (false, 2, 8, Some(0)),
        (false, 3, 8, None),
    ] {
        let told = Told::default();
        read(Handed::new(frames(tells_end), told.clone(), inherit), times);
        let found = (told.passed.get(), told.rest.take());
        assert_eq!(found, (passed, rest), "polled {times} times, tells its end: {tells_end}");
    }
}

#[test]
fn a_body_without_an_heir_or_without_content_is_just_dropped() {
    read(Handed::plain(frames(true)), 1);
    let told = Told::default();
    let empty = Frames { frames: VecDeque::new(), tells_end: true };
    read(Handed::new(empty, told.clone(), inherit), 0);
    assert_eq!(told.rest.take(), None);
}

#[test]
fn its_reader_sees_the_body_itself() {
    let body = Handed::new(frames(true), Told::default(), inherit);
    assert!(!body.is_end_stream());
    assert_eq!(body.size_hint().lower(), 0);
    let empty = Frames { frames: VecDeque::new(), tells_end: true };
    assert!(Handed::new(empty, Told::default(), inherit).is_end_stream());
}
