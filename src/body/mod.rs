//! A body that tells how it was left: read to its end, failed, or dropped before.

mod watch;

pub(crate) use self::watch::{Watch, Watched};
