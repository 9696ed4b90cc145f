//! Sliding windows: requests, connections, causes and closers of the last minute, say, in bounded
//! space.
//!
//! - A connection counts its requests by itself, without a lock ([`Served`]), and hands them over
//!   when it ends.
//! - Callers and upstreams each have a [`Window`] in a table that keeps the heavy ones
//!   ([`Heavy`]), under a lock that no clean request takes.
//! - Routes are shared by connections, so they are counted without a lock ([`RouteWindows`]); a
//!   connection remembers the slots of its routes ([`RouteCache`]).
//!
//! Every sum over all is exact, whatever a table has forgotten of whom.

mod cache;
mod heavy;
mod idle_ends;
mod requests;
mod ring;
mod route_slot;
mod routes;
mod served;
mod slice;
mod sums;
mod templates;
mod weights;
#[expect(clippy::module_inception, reason = "the window is the module's one noun")]
mod window;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod shared;

pub(crate) use self::cache::{RouteCache, path_hash};
pub(crate) use self::heavy::Heavy;
pub(crate) use self::idle_ends::IdleEnds;
pub(crate) use self::requests::Requests;
pub(crate) use self::ring::Ring;
pub(crate) use self::route_slot::RouteSlot;
pub(crate) use self::routes::RouteWindows;
pub(crate) use self::served::Served;
pub(crate) use self::slice::{SLICES, Slice, Slices, nanos};
pub(crate) use self::sums::Sums;
pub(crate) use self::templates::Templates;
pub(crate) use self::window::Window;
