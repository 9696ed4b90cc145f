//! The policy of a running process is replaced: on demand, or as its files change.

mod watch;

pub use self::watch::PolicyWatch;
