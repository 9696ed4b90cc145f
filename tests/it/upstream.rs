use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::task::JoinHandle;

use crate::message::Message;
use crate::raw::Peer;
use crate::server::listen;

/// A server without a library: it records each request, and answers with given bytes. It closes
/// after an answer in HTTP/1.0 and after one that says so, whatever the request said.
pub(crate) struct Upstream {
    pub(crate) addr: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<Message>>>,
    task: JoinHandle<()>,
}

/// What is answered to a request.
pub(crate) type Answer = fn(&Message) -> &'static [u8];

impl Upstream {
    pub(crate) async fn answering(answer: Answer) -> Upstream {
        let (listener, addr) = listen().await;
        let connections = Arc::new(AtomicUsize::new(0));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (counter, record) = (connections.clone(), requests.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(Peer::new(stream), record.clone(), answer));
            }
        });
        Upstream { addr, connections, requests, task }
    }

    /// Answers 200 to everything, and never closes.
    pub(crate) async fn plain() -> Upstream {
        Upstream::answering(|_| b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await
    }

    /// How many connections were accepted.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// The requests since the last call, in the order in which they came.
    pub(crate) fn take(&self) -> Vec<Message> {
        std::mem::take(&mut self.requests.lock().expect("no test panics with the lock"))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut peer: Peer, record: Arc<Mutex<Vec<Message>>>, answer: Answer) {
    while let Some(request) = peer.message().await {
        let bytes = answer(&request);
        record.lock().expect("no test panics with the lock").push(request);
        peer.send(bytes).await;
        let response = Message::first(bytes).map(|(response, _)| response);
        if response.is_some_and(|answer| answer.says("close") || answer.head.contains("HTTP/1.0")) {
            return;
        }
        if bytes.starts_with(b"HTTP/1.1 101") {
            let greeting = peer.bytes(4).await;
            peer.send(greeting).await;
            return;
        }
    }
}
