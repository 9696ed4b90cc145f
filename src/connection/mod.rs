//! Connections: which one, how often used, why it ended, who closed it.
//!
//! The pure core: events and instants go in, records, causes and sums come out. It knows no
//! runtime, no socket and no clock of its own.

mod cause;
mod closer;
mod side;
// Wired by the shell in the next step.
#[allow(dead_code, unused_imports)]
mod window;

pub use self::cause::EndCause;
pub use self::closer::Closer;
pub use self::side::Side;
