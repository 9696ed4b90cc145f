//! Acts on connections that no header asks for, and that keep them: each is switched on by name, and
//! none is by a preset.
//!
//! | cure | what it does | switched on by |
//! |---|---|---|
//! | drain of request bodies | a handler answered without reading the request: the rest is read, so that the connection survives; beyond the budget the response says `close` | [`Cures::drain_request_body`] |
//! | drain of response bodies | our code dropped a response: the rest is read, so that the connection goes back to its pool | [`Cures::drain_response_body`] |
//! | peer closes first | before our end is sent, the peer's own is waited for, so that the TIME_WAIT stays with it | [`Cures::peer_closes_first`] |
//! | retirement | an idle connection ends before the upstream ends it, and no request fails on it | [`Cures::retire`] |
//! | maximum of requests, and of age | the response says `close`, or HTTP/2 GOAWAY, so that balancers and new instances get their share | [`Cures::max_requests`], [`Cures::max_age`] |
//! | idle timeout of a server | a connection without a request ends | [`Cures::idle_timeout`] |
//! | drain of the process | connections are told to close one after the other before it stops | [`Cures::drain`] |
//!
//! Each act is told ([`Reporter::healed`](crate::report::Reporter::healed)) and counted
//! (`conn_lint_cures`), and apart from it whether it was of use: the connection served another
//! request, or the peer closed.
//!
//! Cures take a runtime of tokio with its timers on, as `#[tokio::main]` makes it. Tasks that read the rest
//! of bodies run where a body is left, or on an executor that is given (`ConnLintBuilder::executor`).
//!
//! ```
//! use std::time::Duration;
//! use tower_conn_lint::ConnLint;
//! use tower_conn_lint::heal::{Budget, Cures, Grace};
//!
//! let cures = Cures::new()
//!     .drain_request_body(Budget::default())
//!     .peer_closes_first(Grace::default())
//!     .max_age(Duration::from_secs(300));
//! let lint = ConnLint::builder().heal(cures).build();
//! ```

mod act;
mod ages;
mod cures;
#[cfg(feature = "hyper")]
mod drain;
#[cfg(feature = "hyper")]
mod executor;
#[cfg(feature = "hyper")]
mod farewell;
mod habits;
#[cfg(feature = "hyper")]
mod idle;
#[cfg(feature = "hyper")]
mod rest;
mod sleepers;
mod slots;
mod spread;
mod state;
mod terms;

pub use self::act::{Act, Cure, Outcome, UnknownCure};
pub use self::cures::{Budget, Cures, Grace};

pub(crate) use self::cures::Switch;

#[cfg(feature = "hyper")]
pub(crate) use self::executor::Executor;
#[cfg(feature = "hyper")]
pub(crate) use self::farewell::Farewell;
#[cfg(feature = "hyper")]
pub(crate) use self::idle::IdleTimer;
#[cfg(feature = "hyper")]
pub(crate) use self::rest::{Download, Reader, Upload};
pub(crate) use self::spread::Spread;
pub(crate) use self::state::Heal;
pub(crate) use self::terms::Terms;

use self::sleepers::Sleepers;
