//! The service as a whole, on loopback.

mod drain;
mod reuse;
mod support;
