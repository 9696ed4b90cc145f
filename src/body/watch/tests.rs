use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Empty, Full};

use super::{Watch, Watched};

use Step::*;

#[test]
fn a_body_tells_once_how_it_was_left() {
    #[rustfmt::skip]
    let cases: &[(&str, Script, usize, &[&str])] = &[
        ("dropped untouched",               Script::new(&[Data(2)]),                 0, &["dropped"]),
        ("dropped while it waits",          Script::new(&[Wait]),                    1, &["dropped"]),
        ("dropped half way",                Script::new(&[Data(2), Data(2)]),        1, &["dropped"]),
        ("all data read, its end not",      Script::new(&[Data(2)]),                 1, &["dropped"]),
        ("read to its end",                 Script::new(&[Data(2), Wait, Data(2)]),  4, &["ended"]),
        ("polled after its end",            Script::new(&[Data(2)]),                 5, &["ended"]),
        ("empty, which nobody tells",       Script::new(&[]),                        0, &["dropped"]),
        ("empty, and read",                 Script::new(&[]),                        1, &["ended"]),
        ("empty at construction",           Script::new(&[]).tells_end(),            0, &["ended"]),
        ("empty at construction, and read", Script::new(&[]).tells_end(),            2, &["ended"]),
        ("tells its end with the data",     Script::new(&[Data(2), Data(2)]).tells_end(), 2, &["ended"]),
        ("tells its end, half read",        Script::new(&[Data(2), Data(2)]).tells_end(), 1, &["dropped"]),
        ("of a length, exactly read",       Script::new(&[Data(2), Data(2)]).tells_length(), 2, &["ended"]),
        ("of a length, half read",          Script::new(&[Data(2), Data(2)]).tells_length(), 1, &["dropped"]),
        ("of a length, read on",            Script::new(&[Data(2)]).tells_length(),  3, &["ended"]),
        ("of length zero, untouched",       Script::new(&[]).tells_length(),         0, &["dropped"]),
        ("an empty frame, and more",        Script::new(&[Data(0), Data(2)]).tells_length(), 1, &["dropped"]),
        ("trailers, read",                  Script::new(&[Data(2), Trailers]),       3, &["ended"]),
        ("trailers, unread",                Script::new(&[Data(2), Trailers]),       1, &["dropped"]),
        ("trailers that are the end",       Script::new(&[Data(2), Trailers]).tells_end(), 2, &["ended"]),
        ("trailers left of such",           Script::new(&[Data(2), Trailers]).tells_end(), 1, &["dropped"]),
        ("fails at once",                   Script::new(&[Fail]),                    1, &["failed"]),
        ("fails half way",                  Script::new(&[Data(2), Fail, Data(2)]),  2, &["failed"]),
        ("fails, and is read on",           Script::new(&[Data(2), Fail, Data(2)]),  4, &["failed"]),
        ("fails behind its end",            Script::new(&[Data(2), Fail]).tells_length(), 3, &["ended"]),
    ];
    for (case, script, polls, expected) in cases {
        let told = Told::default();
        let mut body = Watched::new(script.clone(), told.clone());
        for _ in 0..*polls {
            let _ = poll(&mut body);
        }
        drop(body);
        assert_eq!(*told.0.borrow(), *expected, "{case}");
    }
}

#[test]
fn a_reader_sees_the_body_itself() {
    let steps = [Data(3), Wait, Data(0), Data(2), Trailers, Fail, Data(1)];
    for script in [
        Script::new(&steps),
        Script::new(&steps).tells_end(),
        Script::new(&steps).tells_length(),
        Script::new(&[]).tells_end(),
    ] {
        let (mut bare, mut watched) =
            (script.clone(), Watched::new(script.clone(), Told::default()));
        for at in 0..=steps.len() + 1 {
            let hints = [bare.size_hint(), watched.size_hint()].map(|hint| format!("{hint:?}"));
            assert_eq!(hints[0], hints[1], "the length before poll {at} of {script:?}");
            assert_eq!(
                bare.is_end_stream(),
                watched.is_end_stream(),
                "the end before poll {at} of {script:?}"
            );
            let frames = [poll(&mut bare), poll(&mut watched)].map(|frame| format!("{frame:?}"));
            assert_eq!(frames[0], frames[1], "poll {at} of {script:?}");
        }
    }
}

#[tokio::test]
async fn the_usual_bodies_end_where_a_reader_that_knows_the_length_stops() {
    let told = Told::default();
    let mut full = Watched::new(Full::new(Bytes::from_static(b"ok")), told.clone());
    assert_eq!(full.size_hint().exact(), Some(2), "the content's length stays");
    assert_eq!(told.0.borrow().as_slice(), [""; 0], "nothing was read yet");
    full.frame().await;
    assert_eq!(*told.0.borrow(), ["ended"], "its one frame is all of it");

    let told = Told::default();
    let empty = Watched::new(Empty::<Bytes>::new(), told.clone());
    assert_eq!(*told.0.borrow(), ["ended"], "an empty body is at its end before anyone polls");
    drop(empty);
    assert_eq!(told.0.borrow().len(), 1, "and tells no more");

    let told = Told::default();
    let trailers = async { trailers().into_trailers().ok().map(Ok) };
    let stream = Full::new(Bytes::from_static(b"ok")).with_trailers(trailers);
    let stream = Watched::new(stream, told.clone());
    let collected = stream.collect().await.expect("it can't fail");
    assert_eq!(collected.trailers().map(HeaderMap::len), Some(1), "trailers pass");
    assert_eq!(collected.to_bytes(), "ok", "and so does the content");
    assert_eq!(*told.0.borrow(), ["ended"]);
}

// === fixtures ===

#[derive(Clone, Debug, Default)]
struct Told(Rc<RefCell<Vec<&'static str>>>);

impl Watch for Told {
    fn ended(self) {
        self.0.borrow_mut().push("ended");
    }

    fn failed(self) {
        self.0.borrow_mut().push("failed");
    }

    fn dropped(self) {
        self.0.borrow_mut().push("dropped");
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Data(usize),
    Trailers,
    Wait,
    Fail,
}

/// A body that does what it is told, and tells of its end as little as it may.
#[derive(Clone, Debug)]
struct Script {
    steps: VecDeque<Step>,
    tells_end: bool,
    tells_length: bool,
}

impl Script {
    fn new(steps: &[Step]) -> Script {
        Script { steps: steps.iter().copied().collect(), tells_end: false, tells_length: false }
    }

    fn tells_end(self) -> Script {
        Script { tells_end: true, ..self }
    }

    fn tells_length(self) -> Script {
        Script { tells_length: true, ..self }
    }
}

impl Body for Script {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        match self.steps.pop_front() {
            None => Poll::Ready(None),
            Some(Wait) => Poll::Pending,
            Some(Fail) => Poll::Ready(Some(Err("it broke"))),
            Some(Trailers) => Poll::Ready(Some(Ok(trailers()))),
            Some(Data(bytes)) => Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b'x'; bytes]))))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.tells_end && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        if !self.tells_length {
            return SizeHint::default();
        }
        let left = self.steps.iter().map(|step| match step {
            Data(bytes) => *bytes as u64,
            Trailers | Wait | Fail => 0,
        });
        SizeHint::with_exact(left.sum())
    }
}

type Polled<B> = Poll<Option<Result<Frame<<B as Body>::Data>, <B as Body>::Error>>>;

fn trailers() -> Frame<Bytes> {
    Frame::trailers(HeaderMap::from_iter([(
        http::header::EXPIRES,
        http::HeaderValue::from_static("0"),
    )]))
}

fn poll<B: Body + Unpin>(body: &mut B) -> Polled<B> {
    Pin::new(body).poll_frame(&mut Context::from_waker(Waker::noop()))
}
