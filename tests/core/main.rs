//! Tests of the pure core: tables and properties, without a runtime.

mod allocation;
mod bounds;
mod case;
mod catalogue;
mod clean_path;
mod clean_request;
mod elements;
mod framing;
mod framing_cases;
mod headers;
mod keep_alive;
mod lints;
mod persistence_cases;
mod policies;
mod policy;
#[cfg(feature = "config")]
mod policy_corpus;
#[cfg(feature = "config")]
mod policy_file;
#[cfg(feature = "config")]
mod policy_fuzz;
#[cfg(feature = "schema")]
mod policy_schema;
mod properties;
mod removal;
mod reports;
