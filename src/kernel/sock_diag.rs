//! One socket, asked for by its addresses: `sock_diag(7)`.

use std::io;
use std::net::{IpAddr, SocketAddr};

use netlink_packet_core::{
    ErrorMessage, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
use netlink_packet_sock_diag::inet::nlas::Nla;
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, SocketId, StateFlags};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use netlink_sys::{Socket, SocketAddr as Port};

/// More than an answer about one socket takes.
const ANSWER: usize = 4096;

/// The `struct tcp_info` of the connection between these addresses; `None` where there is none in
/// this network namespace.
///
/// The kernel answers while it takes the question, so that nothing is waited for.
///
/// # Errors
///
/// Where it can't be asked: a filter forbids netlink, or the kernel has no `sock_diag`.
pub(super) fn tcp_info(local: SocketAddr, peer: SocketAddr) -> io::Result<Option<Vec<u8>>> {
    // One for each question: they are rare, and a process may move between namespaces.
    let socket = Socket::new(NETLINK_SOCK_DIAG)?;
    socket.set_non_blocking(true)?;
    socket.connect(&Port::new(0, 0))?;
    socket.send(&question(local, peer), 0)?;
    let mut bytes = Vec::with_capacity(ANSWER);
    socket.recv(&mut bytes, 0)?;
    answer(&bytes)
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
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST;
    let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

fn answer(bytes: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let message =
        NetlinkMessage::<SockDiagMessage>::deserialize(bytes).map_err(io::Error::other)?;
    match message.payload {
        NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(response)) => {
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
