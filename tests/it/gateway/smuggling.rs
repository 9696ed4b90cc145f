//! Raw requests that servers read in different ways, and what of them comes to a raw upstream: one
//! message for each, that can be read in one way only, or none.

use super::program::Program;
use crate::message::Message;
use crate::raw::Peer;
use crate::upstream::Upstream;

/// What becomes of a request.
enum Expected {
    /// Its `Connection` names a sensitive field: problem details by the lint.
    Denied,
    /// By hyper, or by the gateway, with one of these.
    Refused(&'static [u16]),
    /// The upstream gets it, and these hold of it.
    Passed(&'static [Check]),
}

use Expected::{Denied, Passed, Refused};

enum Check {
    /// No line of this field came.
    Lacks(&'static str),
    /// These lines of it came.
    Has(&'static str, &'static [&'static str]),
    /// Its content, without the chunks.
    Body(&'static str),
    /// The caller's connection ends after it.
    Closes,
}

use Check::{Body, Closes, Has, Lacks};

type Row = (&'static str, &'static [u8], Expected);

const IN_TRAILERS: &str = "in the trailers, too";

#[rustfmt::skip]
const CORPUS: &[Row] = &[
    // Nominated: what may never be dropped on a caller's word.
    ("transfer-encoding", b"POST / HTTP/1.1\r\nhost: a\r\nconnection: transfer-encoding\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", Denied),
    ("content-length", b"POST / HTTP/1.1\r\nhost: a\r\nconnection: content-length\r\ncontent-length: 5\r\n\r\nhello", Denied),
    ("trailer", b"GET / HTTP/1.1\r\nhost: a\r\nconnection: Trailer\r\ntrailer: x-sum\r\n\r\n", Denied),
    ("host", b"GET / HTTP/1.1\r\nhost: a\r\nconnection: host\r\n\r\n", Denied),
    ("authorization", b"GET / HTTP/1.1\r\nhost: a\r\nconnection: Authorization\r\nauthorization: secret\r\n\r\n", Denied),
    ("a cookie", b"GET / HTTP/1.1\r\nhost: a\r\nconnection: keep-alive,cookie\r\ncookie: a=b\r\n\r\n", Denied),
    ("x-forwarded-for", b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close, X-Forwarded-For\r\nx-forwarded-for: ::1\r\n\r\n", Denied),
    ("one that is not there", b"GET / HTTP/1.1\r\nhost: a\r\nconnection: x-forwarded-host\r\n\r\n", Denied),
    ("forwarded", b"GET / HTTP/1.1\r\nhost: a\r\nconnection: \tFORWARDED\t\r\n\r\n", Denied),
    ("in HTTP/1.0", b"GET / HTTP/1.0\r\nhost: a\r\nconnection: keep-alive, content-type\r\n\r\n", Denied),
    ("on a line behind obs-text", b"GET / HTTP/1.1\r\nhost: a\r\nconnection: \xff\xfe\r\nconnection: authorization\r\n\r\n", Denied),
    ("beside obs-text", b"GET / HTTP/1.1\r\nhost: a\r\nconnection: \xe9, authorization ,\xe9\r\n\r\n", Denied),
    ("among empty elements", b"GET / HTTP/1.1\r\nhost: a\r\nconnection: ,, ,authorization,\r\n\r\n", Denied),
    // What resembles such a nomination and is none: the field stays.
    ("obs-text in the name", b"GET / HTTP/1.1\r\nhost: a\r\nconnection: authorization\xff\r\nauthorization: secret\r\n\r\n", Passed(&[Has("authorization", &["secret"]), Lacks("connection")])),
    ("quoted", b"GET / HTTP/1.1\r\nhost: a\r\nconnection: \"authorization\"\r\nauthorization: secret\r\n\r\n", Passed(&[Has("authorization", &["secret"]), Lacks("connection")])),
    ("with a parameter", b"GET / HTTP/1.1\r\nhost: a\r\nconnection: authorization;q=1\r\nauthorization: secret\r\n\r\n", Passed(&[Has("authorization", &["secret"]), Lacks("connection")])),

    // Nominated: what goes no further.
    ("a field of one hop", b"GET / HTTP/1.1\r\nhost: a\r\nconnection: x-hop\r\nx-hop: 1\r\nx-end: 2\r\n\r\n", Passed(&[Lacks("connection"), Lacks("x-hop"), Has("x-end", &["2"])])),
    ("in another case, on several lines", b"GET / HTTP/1.1\r\nhost: a\r\nConnection: X-HOP\r\nx-Hop: 1\r\nX-hop: 2\r\n\r\n", Passed(&[Lacks("connection"), Lacks("x-hop")])),
    ("beside close", b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close, x-hop\r\nx-hop: 1\r\n\r\n", Passed(&[Lacks("connection"), Lacks("x-hop"), Closes])),
    ("on lines around obs-text", b"GET / HTTP/1.1\r\nhost: a\r\nconnection: keep-alive\r\nconnection: \xff\r\nconnection: x-hop\r\nx-hop: 1\r\n\r\n", Passed(&[Lacks("connection"), Lacks("x-hop")])),
    ("what the gateway sets", b"GET / HTTP/1.1\r\nhost: a\r\nconnection: via\r\nvia: 1.1 forged\r\n\r\n", Passed(&[Has("via", &["1.1 conn-lint"])])),
    ("connection itself", b"GET / HTTP/1.1\r\nhost: a\r\nconnection: connection, close\r\n\r\n", Passed(&[Lacks("connection"), Closes])),
    (IN_TRAILERS, b"POST / HTTP/1.1\r\nhost: a\r\nconnection: x-sum\r\ntrailer: x-sum, x-end\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-sum: 1\r\nx-end: 2\r\n\r\n", Passed(&[Body("hi|x-end: 2")])),

    // Of one hop by themselves.
    ("keep-alive", b"GET / HTTP/1.1\r\nhost: a\r\nconnection: keep-alive\r\nkeep-alive: timeout=5\r\n\r\n", Passed(&[Lacks("connection"), Lacks("keep-alive")])),
    ("keep-alive, not nominated", b"GET / HTTP/1.1\r\nhost: a\r\nkeep-alive: timeout=5\r\n\r\n", Passed(&[Lacks("keep-alive")])),
    ("proxy-connection", b"GET / HTTP/1.1\r\nhost: a\r\nproxy-connection: close\r\n\r\n", Passed(&[Lacks("proxy-connection")])),
    ("te", b"GET / HTTP/1.1\r\nhost: a\r\nte: gzip\r\nconnection: te\r\n\r\n", Passed(&[Lacks("te"), Lacks("connection")])),
    ("te with trailers", b"GET / HTTP/1.1\r\nhost: a\r\nte: gzip;q=0.5, trailers\r\nconnection: te\r\n\r\n", Passed(&[Has("te", &["trailers"]), Lacks("connection")])),
    ("te on two lines", b"GET / HTTP/1.1\r\nhost: a\r\nte: trailers\r\nte: chunked\r\n\r\n", Passed(&[Has("te", &["trailers"])])),
    ("an upgrade that is not asked for", b"GET / HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\n\r\n", Passed(&[Lacks("upgrade"), Lacks("connection")])),
    ("an upgrade to HTTP/2", b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n", Passed(&[Lacks("upgrade"), Lacks("connection"), Lacks("http2-settings")])),
    ("an upgrade to HTTP/2 among others", b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket, h2c\r\n\r\n", Passed(&[Lacks("upgrade"), Lacks("connection")])),
    ("an upgrade to what is not known", b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: x-tunnel\r\n\r\n", Passed(&[Lacks("upgrade"), Lacks("connection")])),
    ("an upgrade in HTTP/1.0", b"GET / HTTP/1.0\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n", Passed(&[Lacks("upgrade"), Lacks("connection"), Closes])),
    ("HTTP/1.0 with keep-alive", b"GET / HTTP/1.0\r\nhost: a\r\nconnection: keep-alive\r\n\r\n", Passed(&[Lacks("connection"), Has("via", &["1.0 conn-lint"])])),
    ("HTTP/1.0 without a host", b"GET / HTTP/1.0\r\n\r\n", Passed(&[Lacks("x-forwarded-host"), Closes])),

    // Two ends for one message.
    ("transfer-encoding and content-length", b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nG", Passed(&[Lacks("content-length"), Body(""), Closes])),
    ("the same, the other way round", b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n5\r\nhello\r\n0\r\n\r\n", Passed(&[Lacks("content-length"), Body("hello"), Closes])),
    ("a request in a chunk", b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n20\r\nGET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n0\r\n\r\n", Refused(&[400, 502])),
    ("a request in a whole chunk", b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n23\r\nGET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n\r\n0\r\n\r\n", Passed(&[Body("GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n")])),
    ("a request as the content of a GET", b"GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 35\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n", Passed(&[Has("content-length", &["35"]), Body("GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n")])),
    ("a GET with chunks", b"GET / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", Passed(&[Body("hi")])),
    ("two lengths", b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!", Refused(&[400])),
    ("one length twice", b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\nhello", Passed(&[Has("content-length", &["5"]), Body("hello")])),
    ("a list of lengths", b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5, 5\r\n\r\nhello", Refused(&[400])),
    ("a length with a sign", b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: +5\r\n\r\nhello", Refused(&[400])),
    ("a length in hex", b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0x5\r\n\r\nhello", Refused(&[400])),
    ("an empty length", b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: \r\n\r\n", Refused(&[400])),
    ("a space before the colon", b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length : 5\r\n\r\nhello", Refused(&[400])),
    ("a coding that ends nowhere", b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n", Refused(&[400])),
    ("a coding that is not known", b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n", Refused(&[400])),
    ("codings over each other", b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n", Refused(&[501])),
    ("identity, and then chunks", b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: identity\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", Refused(&[501])),
    ("chunks twice", b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", Refused(&[501])),
    ("chunks with a parameter", b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked;a=b\r\n\r\n0\r\n\r\n", Refused(&[400, 501])),
    ("chunks in another case", b"POST / HTTP/1.1\r\nhost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n2\r\nhi\r\n0\r\n\r\n", Passed(&[Has("transfer-encoding", &["chunked"]), Body("hi")])),
    ("a vertical tab", b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n", Refused(&[400])),
    ("chunks in HTTP/1.0", b"POST / HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", Refused(&[400])),
    ("an extension of a chunk", b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2;a=\"b\"\r\nhi\r\n0;c\r\n\r\n", Passed(&[Body("hi")])),
    ("a line end in an extension", b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2;a\nhi\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n", Refused(&[400, 502])),
    ("a chunk's size that is none", b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0x2\r\nhi\r\n0\r\n\r\n", Refused(&[400, 502])),
    ("a chunk's size beyond all", b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n10000000000000002\r\nhi\r\n0\r\n\r\n", Refused(&[400, 502])),
    ("a length in the trailers", b"POST / HTTP/1.1\r\nhost: a\r\ntrailer: content-length, x-end\r\ntransfer-encoding: chunked\r\n\r\n0\r\ncontent-length: 5\r\nx-end: 1\r\n\r\n", Passed(&[Body("|x-end: 1")])),

    // Heads that are read in two ways.
    ("a folded line", b"GET / HTTP/1.1\r\nhost: a\r\nx-a: 1\r\n transfer-encoding: chunked\r\n\r\n", Refused(&[400])),
    ("lines that end in a bare LF", b"GET / HTTP/1.1\nhost: a\nx-end: 2\n\n", Passed(&[Has("x-end", &["2"])])),
    ("a bare CR", b"GET / HTTP/1.1\r\nhost: a\r\nx-a: 1\rtransfer-encoding: chunked\r\n\r\n", Refused(&[400])),
    ("a zero byte", b"GET / HTTP/1.1\r\nhost: a\r\nx-a: 1\0\r\n\r\n", Refused(&[400])),
    ("a line without a name", b"GET / HTTP/1.1\r\nhost: a\r\n: 1\r\n\r\n", Refused(&[400])),
    ("no host", b"GET / HTTP/1.1\r\n\r\n", Refused(&[400])),
    ("two hosts", b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", Refused(&[400])),
    ("a list of hosts", b"GET / HTTP/1.1\r\nhost: a, b\r\n\r\n", Refused(&[400])),
    ("a host with a user", b"GET / HTTP/1.1\r\nhost: a@b\r\n\r\n", Refused(&[400])),
    ("a host with a path", b"GET / HTTP/1.1\r\nhost: a/b\r\n\r\n", Refused(&[400])),
    ("two hosts, one in the target", b"GET http://b/ HTTP/1.1\r\nhost: a\r\n\r\n", Refused(&[400])),
    ("one host, in the target, too", b"GET http://a/ HTTP/1.1\r\nhost: a\r\n\r\n", Passed(&[Has("host", &["a"])])),
    ("a tunnel", b"CONNECT a:80 HTTP/1.1\r\nhost: a:80\r\n\r\n", Refused(&[501])),
    ("a caller that forges where it comes from", b"GET / HTTP/1.1\r\nhost: a\r\nx-forwarded-for: ::1\r\nx-forwarded-for: ::2\r\n\r\n", Passed(&[Has("x-forwarded-for", &["::1, ::2, 127.0.0.1"])])),
    ("two requests behind each other", b"GET /first HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n", Passed(&[Closes])),
];

#[tokio::test]
async fn no_ambiguous_message_comes_to_the_upstream() {
    let upstream = Upstream::plain().await;
    for policy in [None, Some("cap = \"warn\"\n")] {
        let file = policy.map(PolicyFile::new);
        let file = file.as_ref().and_then(|file| file.0.to_str());
        let more = file.map(|file| ["--policy", file]);
        let gateway = Program::before(upstream.addr, more.as_ref().map_or(&[], |more| more)).await;
        let mut wrong = Vec::new();
        for (what, bytes, expected) in CORPUS {
            // Under a cap the lint does nothing, and of trailers the gateway does nothing by itself.
            let by_lint = matches!(expected, Denied) || *what == IN_TRAILERS;
            if policy.is_some() && by_lint {
                continue;
            }
            if let Err(why) = try_row(&gateway, &upstream, bytes, expected).await {
                wrong.push(format!("{what}: {why}"));
            }
        }
        assert!(wrong.is_empty(), "{policy:?}:\n{}", wrong.join("\n"));
    }
}

async fn try_row(
    gateway: &Program,
    upstream: &Upstream,
    bytes: &[u8],
    expected: &Expected,
) -> Result<(), String> {
    upstream.take();
    let mut caller = Peer::connect(gateway.addr).await;
    caller.send(bytes).await;
    let answer = caller.message().await;
    // What was hidden behind the request would come first, on either connection.
    caller.send("GET /after HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let after = caller.message().await;
    let other =
        Peer::connect(gateway.addr).await.ask("GET /other HTTP/1.1\r\nhost: a\r\n\r\n").await;
    if other.status() != 200 {
        return Err(format!("another caller is answered {}", other.status()));
    }

    let came = upstream.take();
    let status = answer.as_ref().map(Message::status);
    let paths: Vec<_> = came.iter().map(Message::path).collect();
    let own = usize::from(matches!(expected, Passed(_)));
    let expected_after = if after.is_some() { &["/after", "/other"][..] } else { &["/other"] };
    if paths.len() < own || paths[own..] != *expected_after {
        return Err(format!("{status:?}, and the upstream got {paths:?}"));
    }
    if let Some(message) = came.iter().find(|message| message.head.contains("smuggled")) {
        return Err(format!("smuggled: {}", message.head));
    }
    match expected {
        Denied => {
            let by_lint = answer.is_some_and(|answer| {
                String::from_utf8_lossy(&answer.body).contains("connection-lists-sensitive")
            });
            ok(status == Some(400) && by_lint, || format!("it is not denied: {status:?}"))
        }
        // A request that breaks off later may find its connection closed without a word.
        Refused(statuses) => {
            ok(status.map_or(statuses.contains(&502), |status| statuses.contains(&status)), || {
                format!("it is answered {status:?}")
            })
        }
        Passed(checks) => {
            ok(status == Some(200), || format!("it is answered {status:?}"))?;
            let request = &came[0];
            checks.iter().try_for_each(|check| check.holds(request, after.is_none()))
        }
    }
}

fn ok(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}

impl Check {
    fn holds(&self, request: &Message, closed: bool) -> Result<(), String> {
        match self {
            Lacks(name) => {
                ok(request.lines(name).is_empty(), || format!("{name} came: {}", request.head))
            }
            Has(name, lines) => {
                ok(request.lines(name) == *lines, || format!("{name} is wrong: {}", request.head))
            }
            Body(text) => {
                let content = content(request);
                ok(content == *text, || format!("its content is {content:?}"))
            }
            Closes => ok(closed, || "the connection goes on".to_owned()),
        }
    }
}

/// The content of a message; behind a bar, its trailers.
fn content(message: &Message) -> String {
    let body = String::from_utf8_lossy(&message.body).into_owned();
    if message.lines("transfer-encoding").is_empty() {
        return body;
    }
    let (mut rest, mut content) = (body.as_str(), String::new());
    while let Some((size, after)) = rest.split_once("\r\n") {
        match usize::from_str_radix(size, 16) {
            Ok(0) => {
                rest = after;
                break;
            }
            Ok(size) => {
                content += &after[..size];
                rest = &after[size + 2..];
            }
            Err(_) => return body,
        }
    }
    for trailer in rest.split("\r\n").filter(|line| !line.is_empty()) {
        content = content + "|" + trailer;
    }
    content
}

/// A policy in a file, as long as its value lives.
struct PolicyFile(std::path::PathBuf);

impl PolicyFile {
    fn new(text: &str) -> PolicyFile {
        let name = format!("conn-lint-gateway-{}.toml", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).expect("the temporary folder can be written to");
        PolicyFile(path)
    }
}

impl Drop for PolicyFile {
    fn drop(&mut self) {
        _ = std::fs::remove_file(&self.0);
    }
}
