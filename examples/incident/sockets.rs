//! TIME_WAIT by side, as the kernel counts it.

use std::fs;
use std::time::Duration;

/// The sockets in TIME_WAIT after an act: whoever closed first keeps one for a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeWait {
    /// With the server's port as the local one.
    pub(crate) server: u64,
    /// With the server's port as the remote one.
    pub(crate) client: u64,
}

/// A line of `/proc/net/tcp`.
struct Socket {
    local_port: u16,
    remote_port: u16,
    state: u8,
}

impl TimeWait {
    /// What is there for a server's port, once no connection of it is half closed any more, or
    /// after a while. `None` where the kernel has no such table.
    pub(crate) async fn of_port(port: u16) -> Option<TimeWait> {
        for _ in 0..50 {
            if !sockets()?.iter().any(|socket| socket.has(port) && socket.is_half_closed()) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let sockets = sockets()?;
        let waiting = || sockets.iter().filter(|socket| socket.state == Socket::TIME_WAIT);
        Some(TimeWait {
            server: waiting().filter(|socket| socket.local_port == port).count() as u64,
            client: waiting().filter(|socket| socket.remote_port == port).count() as u64,
        })
    }
}

impl Socket {
    const FIN_WAIT1: u8 = 4;
    const FIN_WAIT2: u8 = 5;
    const TIME_WAIT: u8 = 6;
    const CLOSE_WAIT: u8 = 8;
    const LAST_ACK: u8 = 9;
    const CLOSING: u8 = 11;

    /// Reads `sl: local:port remote:port state ...`, all in hexadecimal digits.
    fn parse(line: &str) -> Option<Socket> {
        let mut words = line.split_ascii_whitespace().skip(1);
        let mut port = || u16::from_str_radix(words.next()?.rsplit_once(':')?.1, 16).ok();
        let (local_port, remote_port) = (port()?, port()?);
        let state = u8::from_str_radix(words.next()?, 16).ok()?;
        Some(Socket { local_port, remote_port, state })
    }

    fn has(&self, port: u16) -> bool {
        self.local_port == port || self.remote_port == port
    }

    fn is_half_closed(&self) -> bool {
        matches!(
            self.state,
            Socket::FIN_WAIT1
                | Socket::FIN_WAIT2
                | Socket::CLOSE_WAIT
                | Socket::LAST_ACK
                | Socket::CLOSING
        )
    }
}

/// The TCP sockets of this network namespace, of both versions of IP; `None` where there is no
/// such table, as on systems other than Linux.
fn sockets() -> Option<Vec<Socket>> {
    let mut text = fs::read_to_string("/proc/net/tcp").ok()?;
    text += &fs::read_to_string("/proc/net/tcp6").unwrap_or_default();
    Some(text.lines().filter_map(Socket::parse).collect())
}
