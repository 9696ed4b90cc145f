use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::lint::{Circumstances, RequestBody};

/// What the parts that see the connection know of it, handed to the header layer in the
/// request's extensions. The wrappers of a server put it there; a stack without them may do so by
/// itself, and tell what it sees.
///
/// Each request has a handle of its own, since what was told of a body stays told; a clone is the
/// same handle. What nobody told is unknown, and a fix that needs it stands aside.
///
/// ```
/// use http::Request;
/// use tower_conn_lint::ConnHandle;
///
/// let handle = ConnHandle::new();
/// let request = Request::post("/login").extension(handle.clone()).body(()).unwrap();
///
/// // As the body is polled, and before the response's head is made:
/// handle.request_body_ended();
/// ```
#[derive(Clone, Debug, Default)]
pub struct ConnHandle(Arc<State>);

/// Each flag is written by one part and read by another, and orders nothing else: relaxed.
#[derive(Debug, Default)]
struct State(AtomicU8);

const BODY_UNREAD: u8 = 1;
const BODY_ENDED: u8 = 2;
const DRAINING: u8 = 4;
const LAST_REQUEST: u8 = 8;

// === impl ConnHandle ===

impl ConnHandle {
    /// A handle of which nothing is known.
    pub fn new() -> ConnHandle {
        ConnHandle::default()
    }

    /// Someone watches the request's body, and its end has not been seen.
    pub fn request_body_watched(&self) {
        // What is watched now has not ended, though a body before it may have.
        self.0.0.fetch_and(!BODY_ENDED, Ordering::Relaxed);
        self.set(BODY_UNREAD);
    }

    /// The request's body was read to its end.
    pub fn request_body_ended(&self) {
        self.set(BODY_ENDED);
    }

    /// The process drains or shuts down: closing is right from now on.
    pub fn draining(&self) {
        self.set(DRAINING);
    }

    /// The connection reached its declared maximum of age or requests.
    pub fn last_request(&self) {
        self.set(LAST_REQUEST);
    }

    pub(crate) fn circumstances(&self) -> Circumstances {
        let state = self.0.0.load(Ordering::Relaxed);
        let body = match () {
            () if state & BODY_ENDED != 0 => RequestBody::Read,
            () if state & BODY_UNREAD != 0 => RequestBody::Unread,
            () => RequestBody::Unknown,
        };
        Circumstances {
            draining: state & DRAINING != 0,
            last_request: state & LAST_REQUEST != 0,
            body,
            ..Circumstances::default()
        }
    }

    fn set(&self, flag: u8) {
        self.0.0.fetch_or(flag, Ordering::Relaxed);
    }
}
