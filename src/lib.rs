//! A tower layer that finds `Connection: close` and missing connection reuse, explains it, and
//! mends it by policy.
//!
//! Installed, it changes nothing: findings go to the log. What it may do is said by a [`Policy`],
//! by route; [`Preset::Recommended1`] removes the `close` that nobody needs from messages of ours.
//!
//! ```
//! use tower_conn_lint::{ConnLint, Preset};
//!
//! let lint = ConnLint::builder().policy(Preset::Recommended1).build();
//!
//! let server = lint.inbound();            // around a service: Router::layer, ServiceBuilder
//! let client = lint.outbound("gateway");  // next to a client, below retries
//! ```
//!
//! With its connections wired, it says which one a request came on, how often that was used, why it
//! ended and who closed it: `ConnLint::listener` and `ConnLint::make_service` for a server,
//! or `ConnLint::serve`; `ConnLint::connector` and [`ConnLint::response_bodies`] for a client,
//! `ConnLint::connector_layer` for one of reqwest.
//!
//! | | where |
//! |---|---|
//! | the handle, its builder, its layers | [`ConnLint`], [`inbound`], [`outbound`] |
//! | what is looked for, and what was found | [`lint`] |
//! | what is done about it | [`policy`] |
//! | what a gateway must not pass on | [`Role::Gateway`] |
//! | where it is reported | [`report`] |
//! | what is known of connections now | [`snapshot`] |
//! | what a test asserts | `test_util` |
//! | how long requests were on their way | [`arrival`] |
//! | why connections end, and who closes them | [`connection`] |
//! | how the `Connection` field is read and edited | [`field`] |
//!
//! # Features
//!
//! None is on by default.
//!
//! - `axum`: listener and services for `axum::serve`, [`ConnHandle`] as an extractor, original and
//!   matched paths, the caller's address, [`IntentionalClose`] as a part of a response, denials as
//!   axum's body; includes `hyper`;
//! - `axum-server`: an acceptor for it; includes `hyper`;
//! - `config`: the policy file ([`Policy`]'s `from_file_or_builtin`, `try_from_file`, `stack`);
//! - `hyper`: connections of an accept loop of your own; denials as bodies of `http-body-util`;
//! - `http2`: HTTP/2 in `ConnLint::serve` and for clients on `hyper::client::conn`; includes
//!   `hyper-util`;
//! - `hyper-util`: a connector for its client, clients on `hyper::client::conn`, and a server in our
//!   accept loop; includes `hyper`;
//! - `reqwest`: the client's layer as a middleware of reqwest-middleware and around its client, and a
//!   layer for its connector; includes `hyper-util`;
//! - `linux`: what the kernel counted of slow dials, such as a SYN that was sent again; the ports that
//!   are held towards upstreams;
//! - `metrics`: counters, gauges and histograms by the `metrics` facade;
//! - `serde`: `Serialize` for a [`snapshot`];
//! - `full`: all of these;
//! - `reload`: [`ConnLint`]'s `watch`, for policy files that change; includes `config`;
//! - `schema`: `Policy::json_schema`, for editors; not in `full`; includes `config`;
//! - `test-util`: assertions for tests, in `test_util`; not in `full`, which is for services;
//! - `tonic`: a layer and connections for its servers, denials as its body; not in `full`, since
//!   tonic 0.14.9 takes Rust 1.88 and the rest 1.85; its channels need no more than `hyper-util`;
//!   includes `http2`.

#![forbid(unsafe_code)]
#![warn(clippy::unwrap_used)]
#![cfg_attr(docsrs, feature(doc_cfg))]
// The core is whole whatever is on, and parts of it wait for a client's connector. With all
// features nothing is allowed to lie dead.
#![cfg_attr(not(feature = "hyper-util"), allow(dead_code, unused_imports))]

pub mod arrival;
pub mod connection;
pub mod field;
pub mod heal;
pub mod inbound;
pub mod lint;
pub mod outbound;
pub mod policy;
pub mod report;
pub mod snapshot;
#[cfg(feature = "test-util")]
pub mod test_util;

#[cfg(feature = "hyper")]
mod body;
mod builder;
mod clock;
mod conn_lint;
mod denied;
mod exchange;
mod handle;
mod intent;
#[cfg(feature = "hyper")]
mod io;
mod kernel;
mod reload;
mod role;
mod wired;

pub use self::builder::ConnLintBuilder;
pub use self::clock::{Clock, ManualClock};
pub use self::conn_lint::ConnLint;
pub use self::denied::Denied;
pub use self::handle::{ConnHandle, Unsupported};
pub use self::intent::IntentionalClose;
pub use self::policy::{Policy, Preset, Route};
pub use self::role::Role;

/// The examples of the readme, as tests.
#[cfg(all(doctest, feature = "full", feature = "test-util"))]
#[doc = include_str!("../README.md")]
struct Readme;
