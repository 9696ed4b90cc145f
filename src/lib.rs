//! A tower layer that finds `Connection: close` and missing connection reuse, explains it, and
//! mends it by policy.

#![forbid(unsafe_code)]

pub mod field;
pub mod policy;
