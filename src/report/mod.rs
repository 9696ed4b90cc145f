//! Where findings go: the log, metrics, and whatever a user adds.
//!
//! Every finding goes to every [`Reporter`]. Of those, the ones that pass the rate limit are
//! noticed as well: at most one for a lint, action, place, fault, client and route in a
//! window of 60 s, and 100 a second for the process. A [`Notice`] says how many were held back
//! since the last one.

mod budget;
mod callers;
mod limit;
#[cfg(feature = "metrics")]
mod metrics;
mod notice;
mod reporter;
mod tracing;

#[cfg(feature = "metrics")]
pub use self::metrics::Metrics;
pub use self::notice::Notice;
pub use self::reporter::Reporter;
pub use self::tracing::{TARGET, Tracing};

pub(crate) use self::budget::Budget;
pub(crate) use self::limit::Limiter;
