//! Connections: which one, how often used, why it ended, who closed it.
//!
//! The core of it is pure: events and instants go in, records, causes and sums come out. The types
//! that users meet around streams and bodies, `Io` and [`TrackedBody`], belong to the shell and are
//! named here beside what they are about.

mod at_dial;
mod bounds;
mod cause;
mod causes;
mod closer;
mod connections;
mod course;
mod dial_error;
mod dialled;
mod dialler;
mod end;
mod ended;
mod ends;
mod last;
mod open_change;
mod opened;
#[cfg(feature = "reqwest")]
mod pairs;
mod party;
mod persistence;
mod pool;
mod record;
mod side;
mod standing;
mod state;
mod symptom;
mod window;

pub use self::at_dial::AtDial;
pub use self::bounds::Bounds;
pub use self::cause::EndCause;
pub use self::causes::Causes;
pub use self::closer::Closer;
pub use self::dial_error::DialError;
pub use self::end::End;
pub use self::ended::Ended;
pub use self::open_change::OpenChange;
pub use self::opened::Opened;
pub use self::party::Party;
pub use self::pool::Pool;
pub use self::side::Side;
pub use self::state::State;
#[cfg(feature = "hyper")]
pub use crate::wired::{Io, Recorded, TrackedBody};

pub(crate) use self::connections::{Callers, Connections, Known, Survey};
pub(crate) use self::course::Event;
pub(crate) use self::dialler::{Alive, Dialler};
pub(crate) use self::end::Ending;
pub(crate) use self::ends::Addresses;
pub(crate) use self::last::{Last, Standard};
pub(crate) use self::persistence::persistence;
pub(crate) use self::record::{Finish, Flag, Record, Turn};
pub(crate) use self::standing::Changes;
pub(crate) use self::symptom::{Symptom, TIME_WAIT, advice, is_loss};
pub(crate) use self::window::{Requests, RouteSlot, Slice, Sums, path_hash};
