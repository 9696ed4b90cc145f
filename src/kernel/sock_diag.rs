//! Sockets, asked for by their addresses: `sock_diag(7)`.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use netlink_packet_core::{
    ErrorMessage, NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
use netlink_packet_sock_diag::inet::nlas::Nla;
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, SocketId, StateFlags};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use netlink_sys::{Socket, SocketAddr as Port};

/// Opens a socket of netlink; tests forbid it.
pub(crate) type Open = fn() -> io::Result<Socket>;

/// How many sockets are looked at, and for how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct DumpBounds {
    pub(super) most: u32,
    pub(super) time: Duration,
}

/// A socket that is connected, or was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) peer: SocketAddr,
    pub(super) is_time_wait: bool,
}

/// More than an answer about one socket takes.
const ANSWER: usize = 4096;

/// What the kernel gives at a time of an answer about many.
const PIECE: usize = 32 * 1024;

/// How the kernel numbers TIME_WAIT (include/net/tcp_states.h).
const TIME_WAIT: u8 = 6;

// === impl DumpBounds ===

impl Default for DumpBounds {
    /// More sockets than one address has ports for, times four, and a tenth of a second.
    fn default() -> DumpBounds {
        DumpBounds { most: 262_144, time: Duration::from_millis(100) }
    }
}

pub(super) fn open() -> io::Result<Socket> {
    Socket::new(NETLINK_SOCK_DIAG)
}

/// The `struct tcp_info` of the connection between these addresses; `None` where there is none in
/// this network namespace.
///
/// The kernel answers while it takes the question, so that nothing is waited for.
///
/// # Errors
///
/// Where it can't be asked: a filter forbids netlink, or the kernel has no `sock_diag`.
pub(super) fn tcp_info(
    open: Open,
    local: SocketAddr,
    peer: SocketAddr,
) -> io::Result<Option<Vec<u8>>> {
    let socket = ask(open, &question(local, peer))?;
    let mut bytes = Vec::with_capacity(ANSWER);
    socket.recv(&mut bytes, 0)?;
    answer(&bytes, peer)
}

/// Tells of each socket towards this port, or towards any if it is zero; whether that was all.
///
/// The kernel makes each piece of the answer as it is read: what is not read is never made, and
/// nothing is waited for.
///
/// # Errors
///
/// Where it can't be asked.
pub(super) fn dump(
    open: Open,
    port: u16,
    left: &mut DumpBounds,
    mut found: impl FnMut(Found),
) -> io::Result<bool> {
    let began = Instant::now();
    let mut bytes = Vec::with_capacity(PIECE);
    let mut is_whole = true;
    for family in [AF_INET, AF_INET6] {
        let socket = ask(open, &question_for_all(family, port))?;
        is_whole &= loop {
            if left.most == 0 || began.elapsed() >= left.time {
                break false;
            }
            bytes.clear();
            match socket.recv(&mut bytes, 0) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break false,
                Err(error) => return Err(error),
            }
            if let Some(is_whole) = piece(&bytes, &mut left.most, &mut found)? {
                break is_whole;
            }
        };
    }
    left.time = left.time.saturating_sub(began.elapsed());
    Ok(is_whole)
}

/// Reads one piece of an answer; whether the answer is whole, where this is its end.
fn piece(bytes: &[u8], most: &mut u32, found: &mut impl FnMut(Found)) -> io::Result<Option<bool>> {
    let mut rest = bytes;
    if rest.is_empty() {
        return Ok(Some(false));
    }
    while !rest.is_empty() {
        let message =
            NetlinkMessage::<SockDiagMessage>::deserialize(rest).map_err(io::Error::other)?;
        match message.payload {
            NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(response)) => {
                if *most == 0 {
                    return Ok(Some(false));
                }
                *most -= 1;
                let header = response.header;
                let SocketId { destination_address, destination_port, .. } = header.socket_id;
                let peer = SocketAddr::new(destination_address, destination_port);
                found(Found { peer, is_time_wait: header.state == TIME_WAIT });
            }
            NetlinkPayload::Done(_) => return Ok(Some(true)),
            // A system without IPv6 has no sockets of it.
            NetlinkPayload::Error(error) => return gone_or(&error).map(|_| Some(true)),
            _ => {}
        }
        // Messages begin at multiples of four; a checked one is longer than nothing.
        let length = (message.header.length as usize).next_multiple_of(4);
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(None)
}

/// One socket for each question: they are rare, and a process may move between namespaces.
fn ask(open: Open, question: &[u8]) -> io::Result<Socket> {
    let socket = open()?;
    socket.set_non_blocking(true)?;
    socket.connect(&Port::new(0, 0))?;
    socket.send(question, 0)?;
    Ok(socket)
}

fn question_for_all(family: u8, port: u16) -> Vec<u8> {
    let mut socket_id = if family == AF_INET { SocketId::new_v4() } else { SocketId::new_v6() };
    socket_id.destination_port = port;
    let request = InetRequest {
        family,
        protocol: IPPROTO_TCP,
        extensions: ExtensionFlags::empty(),
        states: StateFlags::all() - StateFlags::LISTEN - StateFlags::CLOSE,
        socket_id,
    };
    message(request, NLM_F_REQUEST | NLM_F_DUMP)
}

fn question(local: SocketAddr, peer: SocketAddr) -> Vec<u8> {
    // A socket of both versions has mapped addresses; the kernel finds it by the plain ones.
    let (source, destination) = (local.ip().to_canonical(), peer.ip().to_canonical());
    let interface_id = match peer {
        SocketAddr::V6(peer) => peer.scope_id(),
        SocketAddr::V4(_) => 0,
    };
    let request = InetRequest {
        family: if matches!(source, IpAddr::V4(_)) { AF_INET } else { AF_INET6 },
        protocol: IPPROTO_TCP,
        extensions: ExtensionFlags::INFO,
        states: StateFlags::all(),
        socket_id: SocketId {
            source_port: local.port(),
            destination_port: peer.port(),
            source_address: source,
            destination_address: destination,
            interface_id,
            // Whichever socket it is.
            cookie: [0xff; 8],
        },
    };
    message(request, NLM_F_REQUEST)
}

fn message(request: InetRequest, flags: u16) -> Vec<u8> {
    let mut header = NetlinkHeader::default();
    header.flags = flags;
    let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

fn answer(bytes: &[u8], peer: SocketAddr) -> io::Result<Option<Vec<u8>>> {
    let message =
        NetlinkMessage::<SockDiagMessage>::deserialize(bytes).map_err(io::Error::other)?;
    match message.payload {
        NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(response)) => {
            // Where the connection is gone, its port's listener is found.
            if response.header.socket_id.destination_port != peer.port() {
                return Ok(None);
            }
            let info = response.nlas.into_iter().find_map(|nla| match nla {
                Nla::TcpInfo(info) => Some(info),
                _ => None,
            });
            Ok(info)
        }
        NetlinkPayload::Error(error) => gone_or(&error),
        _ => Err(io::Error::other("the kernel's answer is about no socket")),
    }
}

/// A connection that is gone already is no reason to complain.
fn gone_or(error: &ErrorMessage) -> io::Result<Option<Vec<u8>>> {
    match error.to_io() {
        error if error.kind() == io::ErrorKind::NotFound => Ok(None),
        error => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_connection_is_found_from_both_of_its_ends_and_nothing_else_is() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("an ephemeral port");
        let address = listener.local_addr().expect("it is bound");
        let stream = TcpStream::connect(address).expect("it listens");
        let own = stream.local_addr().expect("it is connected");
        for (local, peer) in [(own, address), (address, own)] {
            let info =
                tcp_info(open, local, peer).expect("the kernel answers").expect("it is there");
            assert!(info.len() >= 104, "{} bytes are a whole one", info.len());
        }
        let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
        assert_eq!(tcp_info(open, own, nobody).expect("it answers"), None, "no such connection");
        let of_listener = tcp_info(open, address, nobody).expect("it answers");
        assert_eq!(of_listener, None, "the listener is not the connection");
        let other = SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 1));
        assert!(
            !matches!(tcp_info(open, own, other), Ok(Some(_))),
            "two versions are no connection"
        );
    }

    #[test]
    fn what_is_no_answer_is_an_error_and_no_panic() {
        let peer = SocketAddr::from(([127, 0, 0, 1], 80));
        let question = question(SocketAddr::from(([127, 0, 0, 1], 4711)), peer);
        for len in 0..question.len() {
            assert!(answer(&question[..len], peer).is_err(), "{len} bytes");
        }
        for at in 0..question.len() {
            for byte in [0, 1, 0x7f, 0xff] {
                let mut bytes = question.clone();
                bytes[at] = byte;
                // Whatever it says.
                _ = answer(&bytes, peer);
                _ = piece(&bytes, &mut 10, &mut |_| {});
            }
        }
    }
}
