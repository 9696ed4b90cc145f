//! The service as a whole, on loopback.

mod drain;
mod policy;
mod reuse;
mod support;
