//! 20,000 requests by 64 connections of hyper, Node and curl: none is lost or altered, but for what
//! is of one hop.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse as _;
use bytes::Bytes;
use futures_util::future::join_all;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::program::Program;
use crate::client::call;
use crate::programs::run_long;
use crate::server::Server;

const TEST: &str = "no_request_is_lost_or_altered_under_load";

const HYPER: [usize; 2] = [40, 350];
const NODE: [usize; 2] = [16, 5_000];
const CURL: [usize; 2] = [8, 125];

/// What came to the upstream: how often each request, and what should not have come.
#[derive(Clone, Default)]
struct Came(Arc<Mutex<Told>>);

#[derive(Default)]
struct Told {
    requests: HashMap<String, usize>,
    wrong: Vec<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_lost_or_altered_under_load() {
    let came = Came::default();
    let upstream = Server::of(Router::new().fallback(echo).with_state(came.clone())).await;
    let gateway = Program::before(upstream.addr, &[]).await;
    let all = async {
        tokio::join!(
            join_all((0..HYPER[0]).map(|caller| by_hyper(&gateway, caller))),
            by_node(&gateway),
            join_all((0..CURL[0]).map(|caller| by_curl(&gateway, caller))),
        )
    };
    let all = tokio::time::timeout(Duration::from_secs(180), all).await;
    let (_, node, curl) = all.expect("it takes no three minutes");

    let Told { requests, wrong } =
        std::mem::take(&mut *came.0.lock().expect("no panic under the lock"));
    assert!(wrong.is_empty(), "{} requests, first {:?}", wrong.len(), wrong.first());
    let sent = |ran: bool, [callers, each]: [usize; 2]| if ran { callers * each } else { 0 };
    let expected = sent(true, HYPER)
        + if node.is_some() { NODE[1] } else { 0 }
        + sent(curl.iter().all(Option::is_some), CURL);
    assert_eq!(requests.len(), expected, "each request came");
    let twice: Vec<_> = requests.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "none came twice: {twice:?}");
    let connections = upstream.connections();
    assert!(connections <= 128, "{expected} requests took {connections} connections upstream");
}

/// Sends back what came, and tells its digest.
async fn echo(
    State(came): State<Came>,
    request: axum::extract::Request,
) -> axum::response::Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let id = parts.headers.get("x-id").map(|id| id.to_str().expect("it is text").to_owned());
    let mut came = came.0.lock().expect("no panic under the lock");
    match id {
        Some(id) => *came.requests.entry(id).or_default() += 1,
        None => came.wrong.push("a request without its number".to_owned()),
    }
    for name in ["x-hop", "connection", "keep-alive", "proxy-connection", "te", "upgrade"] {
        if parts.headers.contains_key(name) {
            came.wrong.push(format!("{name} came: {:?}", parts.headers));
        }
    }
    drop(came);
    let told = [("x-digest", digest(&body).to_string()), ("x-fields", fields(&parts.headers))];
    let hop = [("connection", "x-back"), ("x-back", "1")];
    (told, hop, body).into_response()
}

/// One connection, one request after the other, of each kind.
async fn by_hyper(gateway: &Program, caller: usize) {
    let mut client =
        Client::builder(TokioExecutor::new()).build_http::<BoxBody<_, std::convert::Infallible>>();
    for number in 0..HYPER[1] {
        let body = content(caller * HYPER[1] + number);
        let mut request = Request::post(gateway.url("/echo?a=%20b"))
            .header("x-id", format!("hyper-{caller}-{number}"))
            .header("x-end", "two words, and a \"quote\"")
            .header("cookie", "a=b; c=d");
        let hop = ["", "x-hop", "keep-alive, X-Hop", "te, x-hop"][number % 4];
        if !hop.is_empty() {
            request = request.header("connection", hop).header("x-hop", "1");
            request = request.header("te", "gzip").header("keep-alive", "timeout=5");
        }
        let expected = sent_fields(request.headers_ref().expect("it is well-formed"), gateway);
        // With a length, or without one.
        let sent = if number % 3 == 0 { chunked(&body) } else { Full::from(body.clone()).boxed() };
        let request = request.body(sent).expect("it is well-formed");
        let response = call(&mut client, request).await;
        let what = format!("{caller}-{number}");
        assert_eq!(response.status(), 200, "{what}");
        assert_eq!(
            text(&response, "x-digest"),
            digest(&body).to_string(),
            "{what}: as it was sent"
        );
        assert_eq!(digest(response.body()), digest(&body), "{what}: as it was answered");
        assert_eq!(text(&response, "x-fields"), expected, "{what}: no other field is altered");
        for name in ["x-back", "connection", "keep-alive"] {
            assert!(!response.headers().contains_key(name), "{what}: {name} is of one hop");
        }
    }
}

async fn by_node(gateway: &Program) -> Option<String> {
    const SCRIPT: &str = r#"
        const http = require("node:http"), { createHash } = require("node:crypto");
        const [url, callers, requests] = process.argv.slice(1);
        const agent = new http.Agent({ keepAlive: true, maxSockets: Number(callers) });
        const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");
        const send = (number) => new Promise((resolve, reject) => {
            const body = Buffer.alloc((number * 37) % 5000, `node ${number} `);
            const headers = { "x-id": `node-${number}` };
            if (number % 2) Object.assign(headers, { connection: "keep-alive, x-hop", "x-hop": "1" });
            const request = http.request(url, { agent, headers, method: "POST" }, (response) => {
                const parts = [];
                response.on("error", reject).on("data", (part) => parts.push(part));
                response.on("end", () => {
                    const back = Buffer.concat(parts);
                    const same = response.statusCode === 200 && digest(back) === digest(body);
                    const hop = response.headers["x-back"];
                    same && !hop ? resolve() : reject(new Error(`request ${number} is altered`));
                });
            });
            request.on("error", reject).end(body);
        });
        (async () => {
            let next = 0;
            const work = async () => { while (next < requests) await send(next++); };
            await Promise.all(Array.from({ length: callers }, work));
            agent.destroy();
        })().catch((error) => { console.error(error); process.exit(1); });
    "#;
    let [callers, requests] = NODE.map(|number| number.to_string());
    let arguments = ["-e".to_owned(), SCRIPT.to_owned(), gateway.url("/node"), callers, requests];
    run_long(TEST, "node", &arguments).await
}

async fn by_curl(gateway: &Program, caller: usize) -> Option<String> {
    let mut arguments: Vec<String> = Vec::new();
    let mut expected = String::new();
    for number in 0..CURL[1] {
        let body = format!("curl {caller} {number};").repeat(1 + number % 50);
        expected += &body;
        if number > 0 {
            arguments.push("--next".to_owned());
        }
        let id = format!("x-id: curl-{caller}-{number}");
        let options = ["--silent", "--show-error", "--fail", "--noproxy", "*", "--max-time", "60"];
        let fields = ["-H", id.as_str(), "-H", "connection: x-hop", "-H", "x-hop: 1"];
        arguments.extend(options.into_iter().chain(fields).map(str::to_owned));
        arguments.extend(["--data-binary".to_owned(), body, gateway.url("/curl")]);
    }
    let read = run_long(TEST, "curl", &arguments).await?;
    assert_eq!(digest(read.as_bytes()), digest(expected.as_bytes()), "curl reads what it sent");
    Some(read)
}

// === fixtures ===

/// Of no length, short, of several reads.
fn content(number: usize) -> Bytes {
    let len = [0, 1, 40, 1_000, 9_000, 30_000][number % 6];
    Bytes::from_iter((0..len).map(|at| (at * 31 + number) as u8))
}

fn chunked(body: &Bytes) -> BoxBody<Bytes, std::convert::Infallible> {
    let half = body.len() / 2;
    let parts = [body.slice(..half), body.slice(half..)].map(|part| Ok(Frame::data(part)));
    StreamBody::new(futures_util::stream::iter(parts)).boxed()
}

fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

fn text<'a>(response: &'a Response<Bytes>, name: &str) -> &'a str {
    response.headers()[name].to_str().expect("it is text")
}

/// The fields in order, but those that frame the content.
fn fields(headers: &HeaderMap) -> String {
    let framing = ["content-length", "transfer-encoding"];
    let others = headers.iter().filter(|(name, _)| !framing.contains(&name.as_str()));
    let mut text = String::new();
    for (name, value) in others {
        _ = write!(text, "{name}={};", String::from_utf8_lossy(value.as_bytes()));
    }
    text
}

/// What of these comes to the upstream, and behind it what the gateway says.
fn sent_fields(sent: &HeaderMap, gateway: &Program) -> String {
    let mut sent = sent.clone();
    for name in ["connection", "x-hop", "te", "keep-alive"] {
        sent.remove(name);
    }
    let host = gateway.addr;
    let sent = fields(&sent);
    format!(
        "{sent}host={host};x-forwarded-host={host};x-forwarded-proto=http;\
         x-forwarded-for=127.0.0.1;via=1.1 conn-lint;"
    )
}
