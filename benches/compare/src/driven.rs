//! Calls of a service, one after the other, and what they cost.

use std::fmt::Debug;
use std::future::Future as _;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use http::{Request, Response};
use http_body::Body;
use tower::Service;

use crate::allocator::allocations;

/// A service that is called again and again.
pub(crate) trait Calls {
    fn calls(&mut self, calls: usize) -> Spent;
}

/// By some calls.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    pub(crate) allocations: u64,
    pub(crate) nanos: u64,
}

struct Driven<S, Q, P> {
    service: S,
    request: Q,
    /// Lays as many responses ready.
    prepare: P,
}

/// The name of the function that is measured, as valgrind has it.
pub(crate) const MEASURED: &str = "*measured_call*";

/// So many calls find what is moved through them ready: few enough for a cache.
pub(crate) const BATCH: usize = 32;

pub(crate) fn driven<S, A, R>(
    service: S,
    request: impl FnMut() -> Request<A> + 'static,
    prepare: impl FnMut(usize) + 'static,
) -> Box<dyn Calls>
where
    S: Service<Request<A>, Response = Response<R>, Error: Debug> + 'static,
    A: 'static,
    R: Body<Error: Debug> + Unpin + 'static,
{
    Box::new(Driven { service, request, prepare })
}

/// What a future is that is ready at once.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing here waits"),
    }
}

/// One call, from a request that stands ready to a response that is put away, with its content: as
/// a server that knows the length, without a poll after the last frame.
// No closure in here: its name would hold this one's, and end the measurement.
#[inline(never)]
fn measured_call<S, B, R>(service: &mut S, request: Request<B>, kept: &mut Option<Response<R>>)
where
    S: Service<Request<B>, Response = Response<R>, Error: Debug>,
    R: Body<Error: Debug> + Unpin,
{
    let mut context = Context::from_waker(Waker::noop());
    let ready = service.poll_ready(&mut context);
    assert!(matches!(ready, Poll::Ready(Ok(()))), "the service is always ready");
    let future = pin!(service.call(request));
    match future.poll(&mut context) {
        Poll::Ready(Ok(mut response)) => {
            let frame = Pin::new(response.body_mut()).poll_frame(&mut context);
            assert!(matches!(frame, Poll::Ready(Some(Ok(_)))), "the content is one frame");
            *kept = Some(response);
        }
        _ => panic!("the service answers at once"),
    }
}

// === impl Driven ===

impl<S, A, R, Q, P> Calls for Driven<S, Q, P>
where
    S: Service<Request<A>, Response = Response<R>, Error: Debug>,
    R: Body<Error: Debug> + Unpin,
    Q: FnMut() -> Request<A>,
    P: FnMut(usize),
{
    fn calls(&mut self, calls: usize) -> Spent {
        let mut spent = Spent::default();
        let mut left = calls;
        while left > 0 {
            let some = left.min(BATCH);
            left -= some;
            (self.prepare)(some);
            let requests: Vec<_> = (0..some).map(|_| (self.request)()).collect();
            let mut kept: Vec<_> = (0..some).map(|_| None).collect();
            let began = Instant::now();
            spent.allocations += allocations(|| {
                for (request, kept) in requests.into_iter().zip(&mut kept) {
                    measured_call(&mut self.service, request, kept);
                }
            });
            spent.nanos += began.elapsed().as_nanos() as u64;
        }
        spent
    }
}
