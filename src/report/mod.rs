//! Where findings and connections are told of: the log, metrics, and whatever a user adds.
//!
//! Every finding goes to every [`Reporter`]. Of those, the ones that pass the rate limit are
//! noticed as well: at most one for a lint, action, place, fault, client and route in a
//! window of 60 s, and 100 a second for the process. A [`Notice`] says how many were held back
//! since the last one.

mod arrival_time;
mod budget;
mod callers;
mod limit;
#[cfg(feature = "metrics")]
mod metrics;
mod notice;
mod part;
mod phases;
mod policy_status;
mod reporter;
mod request_time;
mod startup;
mod tracing;
mod wired;

pub use self::arrival_time::ArrivalTime;
#[cfg(feature = "metrics")]
pub use self::metrics::{Metrics, recommended_buckets};
pub use self::notice::Notice;
pub use self::part::Part;
pub use self::phases::{Phase, RequestPhases};
pub use self::policy_status::PolicyStatus;
pub use self::reporter::Reporter;
pub use self::request_time::RequestTime;
pub use self::startup::Startup;
pub use self::tracing::{TARGET, Tracing, make_span};
pub use self::wired::Wired;

pub(crate) use self::budget::Budget;
pub(crate) use self::limit::Limiter;
#[cfg(test)]
pub(crate) use self::tracing::log;
pub(crate) use self::wired::Wiring;
