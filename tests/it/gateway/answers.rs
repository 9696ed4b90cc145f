//! What a raw upstream answers, and what of it comes to a raw caller.

use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use super::program::Program;
use crate::raw::Peer;
use crate::server::listen;
use crate::upstream::{Answer, Upstream};

const REQUEST: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

#[tokio::test]
async fn what_the_upstream_says_of_its_hop_is_not_told_to_the_caller() {
    let upstream = Upstream::answering(|_| {
        b"HTTP/1.1 200 OK\r\nconnection: keep-alive, X-Back\r\nkeep-alive: timeout=5\r\nx-back: 1\r\n\
          x-end: 2\r\nupgrade: h2c\r\ncontent-length: 2\r\n\r\nok"
    })
    .await;
    let gateway = Program::before(upstream.addr, &[]).await;
    let answer = Peer::connect(gateway.addr).await.ask(REQUEST).await;
    assert_eq!((answer.status(), &*answer.body), (200, &b"ok"[..]));
    for name in ["connection", "keep-alive", "x-back", "upgrade"] {
        assert!(answer.lines(name).is_empty(), "{name} came: {}", answer.head);
    }
    assert_eq!(answer.lines("x-end"), ["2"]);
}

#[tokio::test]
async fn an_answer_that_can_be_read_in_two_ways_is_not_passed_on() {
    let rows: [(&str, Answer); 7] = [
        ("garbage", |_| b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        ("two lengths", |_| {
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok!"
        }),
        ("one length twice", |_| {
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok"
        }),
        ("a coding that is not known", |_| {
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
        }),
        ("a length and chunks", |_| {
            b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
        }),
        ("a zero byte in a name", |_| b"HTTP/1.1 200 OK\r\n\x00: 1\r\n\r\n"),
        ("another protocol, unasked", |_| {
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"
        }),
    ];
    for (what, bytes) in rows {
        let upstream = Upstream::answering(bytes).await;
        let gateway = Program::before(upstream.addr, &[]).await;
        let mut caller = Peer::connect(gateway.addr).await;
        for _ in 0..2 {
            caller.send(REQUEST).await;
            let answer = caller.message().await.unwrap_or_else(|| panic!("{what}: no answer"));
            assert_eq!(answer.status(), 502, "{what}: {}", answer.head);
        }
    }
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_a_bad_gateway() {
    let (listener, addr) = listen().await;
    drop(listener);
    let gateway = Program::before(addr, &[]).await;
    let mut caller = Peer::connect(gateway.addr).await;
    for _ in 0..2 {
        let answer = caller.ask(REQUEST).await;
        assert_eq!(answer.status(), 502);
        assert_eq!(answer.body, b"the upstream gave no answer\n", "and nothing of its address");
    }
}

#[tokio::test]
async fn an_upstream_that_resets_is_a_bad_gateway() {
    let (listener, addr) = listen().await;
    let resetting = tokio::spawn(reset_all(listener));
    let gateway = Program::before(addr, &[]).await;
    let answer = Peer::connect(gateway.addr).await.ask(REQUEST).await;
    assert_eq!(answer.status(), 502);
    resetting.abort();
}

#[cfg(unix)]
#[tokio::test]
async fn a_request_under_way_is_answered_before_the_gateway_ends() {
    let (listener, addr) = listen().await;
    let gateway = Program::before(addr, &[]).await;
    let mut caller = Peer::connect(gateway.addr).await;
    caller.send(REQUEST).await;
    let (stream, _) = listener.accept().await.expect("the gateway dials");
    let mut upstream = Peer::new(stream);
    upstream.message().await.expect("the request comes");

    let refused = gateway.addr;
    let ending = tokio::spawn(gateway.terminate());
    // It listens no more once it drains.
    while TcpStream::connect(refused).await.is_ok() {
        tokio::task::yield_now().await;
    }
    upstream.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let answer = caller.message().await.expect("it is answered");
    assert_eq!(answer.status(), 200, "{}", answer.head);
    assert!(caller.is_closed().await, "and the connection ends with it");
    assert_eq!(ending.await.expect("no panic"), (Some(0), String::new()));
}

/// A listener whose queue is full: the kernel drops what knocks.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_dial_that_goes_nowhere_is_a_gateway_timeout() {
    let socket = tokio::net::TcpSocket::new_v4().expect("there is a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("there is a port");
    let listener = socket.listen(1).expect("it listens");
    let addr = listener.local_addr().expect("it has an address");
    let mut knocking = Vec::new();
    while let Ok(dialled) =
        tokio::time::timeout(Duration::from_millis(500), TcpStream::connect(addr)).await
    {
        knocking.push(dialled.expect("it is accepted by the kernel"));
        assert!(knocking.len() < 100, "the queue ends somewhere");
    }
    let gateway = Program::before(addr, &[]).await;
    let answer = Peer::connect(gateway.addr).await.ask(REQUEST).await;
    assert_eq!(answer.status(), 504, "{}", answer.head);
}

/// Closes each connection as soon as something came, with what came unread.
async fn reset_all(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        stream.readable().await.expect("something comes");
        drop(stream);
    }
}
