//! The gateway's role: its layers around a service that passes everything on, and the example
//! `gateway` as a program, met by raw sockets and by real clients.

mod layers;
