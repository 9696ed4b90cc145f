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
    answer(&bytes, peer)
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
            let info = tcp_info(local, peer).expect("the kernel answers").expect("it is there");
            assert!(info.len() >= 104, "{} bytes are a whole one", info.len());
        }
        let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
        assert_eq!(tcp_info(own, nobody).expect("it answers"), None, "no such connection");
        let of_listener = tcp_info(address, nobody).expect("it answers");
        assert_eq!(of_listener, None, "the listener is not the connection");
        let other = SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 1));
        assert!(!matches!(tcp_info(own, other), Ok(Some(_))), "two versions are no connection");
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
            }
        }
    }
}
