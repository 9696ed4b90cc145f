//! The layers on real sockets, beside the real libraries and programs that they meet.

mod chunks;
mod client;
mod compose;
mod drops;
mod facts;
mod found;
mod message;
mod peers;
mod programs;
mod raw;
mod routes;
mod server;
mod upstream;
mod wire;
mod within;
mod zero_diff;
