use std::any::Any;

use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use crate::connection::Addresses;

impl Addresses {
    /// Of a stream of tokio's; of another kind nothing is known.
    pub(crate) fn of(stream: &dyn Any) -> Addresses {
        if let Some(tcp) = stream.downcast_ref::<TcpStream>() {
            let (local, peer) = (tcp.local_addr().ok(), tcp.peer_addr().ok());
            return Addresses { local, peer, unix: false };
        }
        #[cfg(unix)]
        if stream.is::<UnixStream>() {
            return Addresses { unix: true, ..Addresses::default() };
        }
        Addresses::default()
    }
}
