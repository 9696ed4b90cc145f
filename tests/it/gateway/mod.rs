//! The gateway's role: its layers around a service that passes everything on, and the example
//! `gateway` as a program, met by raw sockets and by real clients.

mod answers;
mod http2;
mod layers;
mod load;
mod program;
mod smuggling;
mod websocket;
