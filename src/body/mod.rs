//! Bodies that tell how they were left: read to their end, failed, or dropped before; and bodies that
//! are handed on where they are dropped.

mod handed;
mod watch;

use http_body::Body;

pub(crate) use self::handed::{Handed, Heir};
pub(crate) use self::watch::{Watch, Watched};

/// Who knows the length never polls again after the last frame, and a body may tell its end by
/// either of these alone.
#[inline]
fn nothing_is_left<B: Body>(body: &B) -> bool {
    body.is_end_stream() || body.size_hint().exact() == Some(0)
}
