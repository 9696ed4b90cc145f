use std::mem;
use std::net::SocketAddr;
#[cfg(unix)]
use std::sync::Arc;

use http::Extensions;
use tonic::metadata::MetadataMap;
use tonic::transport::server::TcpConnectInfo;
#[cfg(unix)]
use tonic::transport::server::UdsConnectInfo;

/// What tonic tells of a connection with each of its requests, and of no other that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// The two ends; under a TLS that is not tonic's only the caller's.
    Addresses { local: Option<SocketAddr>, peer: SocketAddr },
    /// Where the address of a Unix socket's peer lies, which has no name: tonic clones what points
    /// there into each request, so that it stays there as long as there are any.
    #[cfg(unix)]
    Unix(usize),
}

// === impl Key ===

impl Key {
    pub(super) fn of(extensions: &mut Extensions) -> Option<Key> {
        if let Some(info) = extensions.get::<TcpConnectInfo>() {
            let TcpConnectInfo { local_addr: local, remote_addr: peer } = *info;
            return peer.map(|peer| Key::Addresses { local, peer });
        }
        #[cfg(unix)]
        if let Some(info) = extensions.get::<UdsConnectInfo>() {
            let peer = info.peer_addr.as_ref();
            return peer.map(|peer| Key::Unix(Arc::as_ptr(peer).addr()));
        }
        // tonic knows its types for TLS, which are there only with features of its own.
        let request = tonic::Request::from_parts(MetadataMap::new(), mem::take(extensions), ());
        let peer = request.remote_addr();
        *extensions = request.into_parts().1;
        peer.map(|peer| Key::Addresses { local: None, peer })
    }
}
