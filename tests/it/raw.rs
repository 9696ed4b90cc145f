use std::io::ErrorKind;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::message::Message;
use crate::within::within;

/// The other end of a connection, without a library in between.
pub(crate) struct Peer {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Peer {
    pub(crate) async fn connect(addr: SocketAddr) -> Peer {
        let stream = within("a dial", TcpStream::connect(addr)).await;
        Peer::new(stream.expect("loopback accepts"))
    }

    pub(crate) fn new(stream: TcpStream) -> Peer {
        Peer { stream, read: Vec::new() }
    }

    /// Writes; a peer that is gone shows in what is read next.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        _ = within("a write", self.stream.write_all(bytes.as_ref())).await;
    }

    /// Writes nothing more, and can read on.
    pub(crate) async fn end(&mut self) {
        within("an end", self.stream.shutdown()).await.expect("the end goes");
    }

    /// The next message; `None` at the end of the connection.
    pub(crate) async fn message(&mut self) -> Option<Message> {
        loop {
            if let Some((message, end)) = Message::first(&self.read) {
                self.read.drain(..end);
                return Some(message);
            }
            if !self.fill().await {
                return None;
            }
        }
    }

    /// Sends a request and reads its response.
    pub(crate) async fn ask(&mut self, request: impl AsRef<[u8]>) -> Message {
        self.send(request).await;
        self.message().await.expect("a response comes before the end of the connection")
    }

    /// Reads so many bytes.
    pub(crate) async fn bytes(&mut self, count: usize) -> Vec<u8> {
        while self.read.len() < count {
            assert!(self.fill().await, "the connection ended before {count} bytes came");
        }
        self.read.drain(..count).collect()
    }

    /// Reads until `end` was read.
    pub(crate) async fn until(&mut self, end: &[u8]) -> Vec<u8> {
        while !self.read.ends_with(end) {
            if !self.fill().await {
                break;
            }
        }
        std::mem::take(&mut self.read)
    }

    /// All that is read until the connection ends.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        while self.fill().await {}
        std::mem::take(&mut self.read)
    }

    /// Whether the other end closes, and says nothing more before.
    pub(crate) async fn is_closed(&mut self) -> bool {
        self.rest().await.is_empty()
    }

    /// Whether the connection serves another request.
    pub(crate) async fn is_reusable(&mut self) -> bool {
        self.send("GET /plain HTTP/1.1\r\nhost: x\r\n\r\n").await;
        self.message().await.is_some_and(|response| response.status() == 200)
    }

    /// For who goes on by itself.
    pub(crate) fn into_stream(self) -> TcpStream {
        self.stream
    }

    async fn fill(&mut self) -> bool {
        match within("a read", self.stream.read_buf(&mut self.read)).await {
            Ok(count) => count > 0,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Err(error) => panic!("a read failed: {error}"),
        }
    }
}
