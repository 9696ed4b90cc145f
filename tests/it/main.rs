//! The layers on real sockets, beside the real libraries and programs that they meet.

mod arrival;
mod chunks;
mod client;
#[cfg(feature = "test-util")]
mod dialled;
mod dials;
mod drops;
mod edges;
mod facts;
mod failing;
mod found;
mod gateway;
#[cfg(feature = "tonic")]
mod grpc;
mod healing;
#[cfg(feature = "test-util")]
mod kit;
mod layered;
mod message;
mod over_tls;
mod peers;
mod phases;
mod programs;
mod raw;
#[cfg(feature = "test-util")]
mod readme;
mod reload;
mod remembered;
mod reporting;
mod reqwest;
mod reuse;
mod reuse_inbound;
mod reuse_outbound;
mod routes;
mod serve;
mod served;
mod server;
mod stacks_inbound;
mod stacks_outbound;
mod tls;
#[cfg(all(feature = "test-util", feature = "tonic"))]
mod tonic;
#[cfg(target_os = "linux")]
mod truth;
mod truthful;
mod upstream;
mod wire;
mod within;
mod zero_diff;
