//! Who closed first, as the kernel knows it: the active closer keeps the TIME_WAIT.

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

/// The connections of a server that ended in TIME_WAIT, by the client's port: who keeps it. One
/// that was reset is not among them.
pub(super) type Waiting = HashMap<u16, Keeper>;

/// On which side of a connection the kernel keeps the TIME_WAIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeper {
    Server,
    Client,
    /// Both ends were sent before either came.
    Both,
}

/// A line of `/proc/net/tcp`.
struct Socket {
    local: u16,
    remote: u16,
    state: u8,
}

const TIME_WAIT: u8 = 0x06;
const LISTEN: u8 = 0x0a;

/// The truth about a server's connections, once none of them is open any more on either side.
pub(super) async fn waiting(server: SocketAddr) -> Waiting {
    let port = server.port();
    let mut waiting = Waiting::new();
    for socket in loop {
        let sockets = sockets(port);
        if sockets.iter().all(|socket| matches!(socket.state, TIME_WAIT | LISTEN)) {
            break sockets;
        }
        // The kernel tells no one when a socket is gone.
        tokio::time::sleep(Duration::from_millis(2)).await;
    } {
        let (client, keeper) = match socket {
            Socket { state: LISTEN, .. } => continue,
            Socket { local, remote, .. } if local == port => (remote, Keeper::Server),
            Socket { local, .. } => (local, Keeper::Client),
        };
        let known = waiting.entry(client).or_insert(keeper);
        if *known != keeper {
            *known = Keeper::Both;
        }
    }
    waiting
}

fn sockets(port: u16) -> Vec<Socket> {
    let text = fs::read_to_string("/proc/net/tcp").expect("Linux has a table of its sockets");
    let sockets = text.lines().filter_map(Socket::parse);
    sockets.filter(|socket| socket.local == port || socket.remote == port).collect()
}

// === impl Socket ===

impl Socket {
    /// Reads `sl: local:port remote:port state ...`, all in hexadecimal digits.
    fn parse(line: &str) -> Option<Socket> {
        let mut words = line.split_ascii_whitespace().skip(1);
        let mut port = || u16::from_str_radix(words.next()?.rsplit_once(':')?.1, 16).ok();
        let (local, remote) = (port()?, port()?);
        let state = u8::from_str_radix(words.next()?, 16).ok()?;
        Some(Socket { local, remote, state })
    }
}
