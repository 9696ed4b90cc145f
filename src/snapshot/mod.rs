//! What is known of connections at one instant, as plain data.
//!
//! ```
//! use tower_conn_lint::ConnLint;
//!
//! let lint = ConnLint::new();
//! let snapshot = lint.snapshot();
//! println!("wired: {:?}; unknown: {:?}", snapshot.wired, snapshot.unknown);
//! for caller in snapshot.callers.iter().take(10) {
//!     println!("{}: {} of {} requests opened a connection; {:?}",
//!         caller.name, caller.fresh, caller.requests, caller.causes);
//! }
//! ```
//!
//! With the feature `serde` it can be written as JSON:
//!
//! ```
//! # #[cfg(feature = "serde")] {
//! # let lint = tower_conn_lint::ConnLint::new();
//! let json = serde_json::to_string(&lint.snapshot()).unwrap();
//! assert!(json.contains(r#""preset":"observe-1""#));
//! # }
//! ```

mod drain;
mod port_use;
mod reuse;
#[cfg(feature = "serde")]
mod serialize;
#[expect(clippy::module_inception, reason = "the snapshot is the module's one noun")]
mod snapshot;

#[cfg(test)]
mod tests;

pub use self::drain::DrainProgress;
pub use self::port_use::{PortUse, UpstreamPorts};
pub use self::reuse::{PartyReuse, RouteReuse};
pub use self::snapshot::Snapshot;
