//! A load of plain sockets, as wrk makes it: each connection sends its next request as its response is
//! there.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::BoxError;

/// Of ten fields, as browsers send it.
const REQUEST: &str = "GET /hello HTTP/1.1\r\n\
    host: api.example.com\r\n\
    user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\
    accept: application/json, text/plain, */*\r\n\
    accept-encoding: gzip, deflate, br, zstd\r\n\
    accept-language: en-US,en;q=0.5\r\n\
    authorization: Bearer 5f2c1e7a9b3d4c8e\r\n\
    cookie: session=0a1b2c3d4e5f; theme=dark\r\n\
    x-request-id: 018f3c5e-7a2b-7c4d-9e8f-1a2b3c4d5e6f\r\n\
    traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\
    referer: https://www.example.com/account\r\n\r\n";

/// With what each response ends.
const CONTENT: &[u8] = b"hello, world!";

/// Some requests on one connection.
pub(crate) fn one_by_one(port: u16, requests: usize) -> Result<(), BoxError> {
    runtime()?.block_on(async {
        let mut stream = connect(port).await?;
        for _ in 0..requests {
            exchange(&mut stream).await?;
        }
        Ok(())
    })
}

/// How many responses come in a second, on so many connections, for as long.
pub(crate) fn rate(port: u16, connections: usize, time: Duration) -> Result<f64, BoxError> {
    runtime()?.block_on(async {
        let mut tasks = JoinSet::new();
        let began = Instant::now();
        for _ in 0..connections {
            tasks.spawn(async move {
                let mut stream = connect(port).await?;
                let mut responses = 0_u64;
                while began.elapsed() < time {
                    exchange(&mut stream).await?;
                    responses += 1;
                }
                Ok::<_, BoxError>(responses)
            });
        }
        let mut all = 0;
        while let Some(task) = tasks.join_next().await {
            all += task??;
        }
        Ok(all as f64 / began.elapsed().as_secs_f64())
    })
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

async fn connect(port: u16) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn exchange(stream: &mut TcpStream) -> Result<(), BoxError> {
    stream.write_all(REQUEST.as_bytes()).await?;
    let (mut buffer, mut read) = ([0; 1024], 0);
    while !buffer[..read].ends_with(CONTENT) {
        match stream.read(&mut buffer[read..]).await? {
            0 => return Err("the server closed, or said more than expected".into()),
            more => read += more,
        }
    }
    Ok(())
}
