//! One request and its response, as a layer of either side follows them: the thin shell's inner
//! part, which knows no service and no future.

mod arrived;
mod claim;
mod clean;
mod counted;
mod exceptions;
#[expect(clippy::module_inception, reason = "the exchange is the module's one noun")]
mod exchange;
mod found;
#[cfg(feature = "reqwest")]
mod hidden;
mod in_force;
mod joined;
mod judgement;
mod overruled;
mod placed;
mod placement;
mod port_use;
mod remembered;
mod request;
mod sent;
mod shared;
mod surveyed;
mod target;
mod told;
mod watch;

pub(crate) use self::clean::{Clean, Look};
pub(crate) use self::exceptions::Exceptions;
pub(crate) use self::exchange::{Exchange, Refusal};
#[cfg(feature = "reqwest")]
pub(crate) use self::hidden::{Arrived, Hidden, UnderWay};
#[cfg(feature = "config")]
pub(crate) use self::in_force::Reread;
pub(crate) use self::in_force::{InForce, Settings};
pub(crate) use self::placed::Placed;
pub(crate) use self::placement::Placement;
pub(crate) use self::remembered::Remembered;
pub(crate) use self::sent::Sent;
pub(crate) use self::shared::{CallerFn, Shared};
pub(crate) use self::watch::Watch;
