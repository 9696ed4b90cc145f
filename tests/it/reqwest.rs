//! Clients of reqwest, by the middleware and as services.

mod connections;
mod defaults;
mod facts;

use std::error::Error as _;

use http::{Version, header};
use reqwest::{Client, Request, Response};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use tower::{Layer as _, Service, ServiceBuilder, ServiceExt as _};
use tower_conn_lint::lint::{self, Action, Findings};
use tower_conn_lint::outbound::Error;
use tower_conn_lint::{ConnLint, Denied, IntentionalClose, Policy, Preset};

use crate::found::{lint, lint_by};
use crate::server::listen;
use crate::tls;
use crate::upstream::Upstream;
use crate::within::within;

#[tokio::test]
async fn a_json_post_goes_out_without_its_close_and_its_connection_is_reused() {
    let (lint, found) = lint(Preset::Recommended1);
    let upstream = Upstream::plain().await;
    let gateway = gateway(&lint, client());
    for number in 0..20 {
        let order = serde_json::json!({ "number": number });
        let request = gateway.post(upstream.url("/v1/orders")).header("connection", "close");
        let response = within("a call", request.json(&order).send()).await.expect("it succeeds");
        let findings = response.extensions().get::<Findings>().expect("they come with it");
        assert_eq!(findings.iter().count(), 1, "{findings:?}");
        assert_eq!(within("a body", response.text()).await.expect("it is read"), "ok");
    }
    let sent = upstream.take();
    assert_eq!(sent[19].body, br#"{"number":19}"#, "the body is as it was given");
    assert!(sent.iter().all(|sent| !sent.says("close")), "{}", sent[0].head);
    assert!(upstream.connections() <= 5, "{} connections", upstream.connections());
    let findings = found.of(lint::CLIENT_SENDS_CLOSE);
    assert_eq!(findings.len(), 20, "each is found once");
    let finding = &findings[0];
    assert_eq!((finding.action, finding.version), (Action::Rewritten, Some(Version::HTTP_11)));
    let server = finding.server.expect("the upstream is named");
    assert_eq!(server.as_str(), upstream.addr.to_string());
}

#[tokio::test]
async fn a_client_as_a_service_is_mended_as_well() {
    let (lint, found) = lint(Preset::Recommended1);
    let upstream = Upstream::plain().await;
    let mut gateway = ServiceBuilder::new()
        .concurrency_limit(4)
        .layer(lint.outbound("gateway"))
        .service(client());
    for _ in 0..20 {
        let response = call(&mut gateway, closing(&upstream.url("/"))).await;
        assert_eq!(within("a body", response.text()).await.expect("it is read"), "ok");
    }
    assert!(upstream.connections() <= 5, "{} connections", upstream.connections());
    assert_eq!(found.of(lint::CLIENT_SENDS_CLOSE).len(), 20, "each is found once");
}

#[tokio::test]
async fn a_denied_request_is_not_sent() {
    let policy = Policy::builder().deny(lint::CLIENT_SENDS_CLOSE).build().unwrap();
    let (lint, found) = lint(policy);
    let upstream = Upstream::plain().await;

    let request = gateway(&lint, client()).get(upstream.url("/")).header("connection", "close");
    let error = within("a call", request.send()).await.expect_err("it is denied");
    let reqwest_middleware::Error::Middleware(error) = error else { panic!("not ours: {error}") };
    let denied = error.downcast_ref::<Error>().expect("it is an error of ours");
    assert!(matches!(denied, Error::Denied(_)), "{denied}");
    assert_eq!(error.to_string(), "denied by the connection policy: client-sends-close");

    let service = lint.outbound("gateway").layer(client());
    let denied = service.oneshot(closing(&upstream.url("/"))).await.expect_err("it is denied");
    let is_denied = |denied: &Denied| denied.lint() == lint::CLIENT_SENDS_CLOSE;
    assert!(matches!(&denied, Error::Denied(denied) if is_denied(denied)), "{denied}");

    assert_eq!(upstream.connections(), 0, "nothing was sent");
    assert_eq!(found.of(lint::CLIENT_SENDS_CLOSE).len(), 2);
}

#[tokio::test]
async fn an_error_of_reqwest_is_reachable_unchanged() {
    let (lint, _) = lint(Preset::Recommended1);
    let (listener, addr) = listen().await;
    drop(listener);
    let url = format!("http://{addr}/");
    let expected = client().get(&url).send().await.expect_err("nobody listens");

    let error = gateway(&lint, client()).get(&url).send().await.expect_err("nobody listens");
    let reqwest_middleware::Error::Reqwest(error) = error else { panic!("another one: {error}") };
    assert!(error.is_connect());
    assert_eq!(chain(&error), chain(&expected), "with all its causes");

    let service = lint.outbound("gateway").layer(client());
    let error = service.oneshot(get(&url)).await.expect_err("nobody listens");
    assert_eq!(error.to_string(), expected.to_string());
    let error = error.inner::<reqwest::Error>().expect("it is within");
    assert_eq!(chain(error), chain(&expected), "with all its causes");
}

#[tokio::test]
async fn a_close_that_is_declared_beside_its_request_is_no_finding() {
    let (lint, found) = lint(Preset::Recommended1);
    let upstream = Upstream::plain().await;
    let request = gateway(&lint, client())
        .get(upstream.url("/"))
        .header("connection", "close")
        .with_extension(IntentionalClose("the last call"));
    within("a call", request.send()).await.expect("it succeeds");
    assert!(upstream.take()[0].says("close"), "it is sent as it was meant");
    assert!(found.all().is_empty(), "{:?}", found.lints());

    let mut service = lint.outbound("gateway").layer(client());
    let request = http::Request::get(upstream.url("/")).header("connection", "close");
    let request = request.extension(IntentionalClose("the last call")).body("");
    let request = Request::try_from(request.expect("it is well-formed")).expect("it is, too");
    call(&mut service, request).await;
    assert!(upstream.take()[0].says("close"), "it is sent as it was meant");
    assert!(found.all().is_empty(), "{:?}", found.lints());
}

#[tokio::test]
async fn a_request_of_a_service_keeps_its_timeout_its_url_and_its_body() {
    let (lint, found) = lint(Preset::Recommended1);
    let upstream = Upstream::plain().await;
    let service = lint.outbound("gateway").layer(tower::service_fn(async |request: Request| {
        let told = (request.timeout().copied(), request.url().clone(), request.body().is_none());
        client().execute(request).await.map(|mut response| {
            response.extensions_mut().insert(told);
            response
        })
    }));
    let url = format!("{}#fragment", upstream.url("/%41?b=c"));
    let timeout = Some(std::time::Duration::from_secs(9));
    for body in [None, Some("abc")] {
        let mut request = closing(&url);
        *request.timeout_mut() = timeout;
        *request.body_mut() = body.map(Into::into);
        let response = call(&mut service.clone(), request).await;
        let told = response.extensions().get::<(Option<std::time::Duration>, reqwest::Url, bool)>();
        let expected = (timeout, url.parse().expect("it is a URL"), body.is_none());
        assert_eq!(told, Some(&expected));
        assert_eq!(upstream.take()[0].body, body.unwrap_or_default().as_bytes());
    }
    assert_eq!(found.of(lint::CLIENT_SENDS_CLOSE).len(), 2, "it was looked at");
}

#[tokio::test]
async fn of_two_layers_around_a_service_the_inner_one_tells() {
    let (lint, found) = lint(Preset::Observe1);
    let upstream = Upstream::plain().await;
    let inner = lint.outbound("inner").layer(client());
    let mut outer = lint.outbound("outer").layer(inner);
    call(&mut outer, closing(&upstream.url("/"))).await;
    let finding = found.one(lint::CLIENT_SENDS_CLOSE);
    assert_eq!(finding.client.expect("it is a client's").name.as_str(), "inner");
}

#[tokio::test]
async fn a_response_is_judged_by_its_own_version() {
    let (lint, found) = lint(Preset::Strict1);
    let upstream = Upstream::answering(|_| b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let response = gateway(&lint, client()).get(upstream.url("/")).send().await;
    assert_eq!(response.expect("it succeeds").version(), Version::HTTP_10);
    assert_eq!(found.one(lint::HTTP10_WITHOUT_KEEP_ALIVE).version, Some(Version::HTTP_10));
}

#[tokio::test]
async fn a_call_that_is_given_up_is_told() {
    let (lint, found) = lint(Preset::Observe1);
    let upstream = Upstream::answering(|_| b"").await;
    let request = gateway(&lint, client()).get(upstream.url("/")).header("connection", "close");
    let call = tokio::spawn(request.send());
    within("the request", async {
        while upstream.take().is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    call.abort();
    assert!(call.await.expect_err("it was given up").is_cancelled());
    let finding = found.one(lint::CLIENT_SENDS_CLOSE);
    assert_eq!((finding.action, finding.version), (Action::None, None), "no response came");
}

#[tokio::test]
async fn another_policy_holds_from_the_next_call_on() {
    let (lint, _) = lint(Preset::Observe1);
    let upstream = Upstream::plain().await;
    let gateway = gateway(&lint, client());
    let service = lint.outbound("gateway").layer(client());
    for (preset, closes) in
        [(Preset::Observe1, true), (Preset::Recommended1, false), (Preset::Observe1, true)]
    {
        lint.replace_policy(preset);
        for _ in 0..2 {
            let request = gateway.get(upstream.url("/")).header("connection", "close");
            within("a call", request.send()).await.expect("it succeeds");
            call(&mut service.clone(), closing(&upstream.url("/"))).await;
        }
        for sent in upstream.take() {
            assert_eq!(sent.says("close"), closes, "{preset}: {}", sent.head);
        }
    }
}

/// As they are written, and as they are read.
#[tokio::test]
async fn a_client_that_is_observed_writes_and_reads_the_same() {
    let (observing, found) = lint(Preset::default());
    let (off, silent) = lint_by(ConnLint::builder().policy(Preset::Strict1).environment("off"));
    let upstream = Upstream::answering(answer).await;
    let bare = |client: Client| ClientBuilder::new(client).build();

    let expected = call_all(bare(client()), &upstream).await;
    let dialled = upstream.connections();
    assert_eq!(expected.0.len(), REQUESTS + 1, "each reached the upstream, one of them twice");
    for (what, lint) in [("observed", &observing), ("switched off", &off)] {
        let got = call_all(gateway(lint, client()), &upstream).await;
        assert_eq!(got, expected, "{what}");
        let got = call_all(wired(lint, |builder| builder), &upstream).await;
        assert_eq!(got, expected, "{what}, with its dials");
    }
    assert_eq!(upstream.connections(), 5 * dialled, "connections are reused as before");
    assert!(found.lints().len() > 5, "the lint looked at the corpus: {:?}", found.lints());
    assert!(silent.lints().is_empty(), "switched off, nothing is found");
}

// === fixtures ===

/// A client that asks no proxy of this machine.
fn client() -> Client {
    tls::reqwest().build().expect("it is built")
}

/// With the middleware.
fn gateway(lint: &ConnLint, client: Client) -> ClientWithMiddleware {
    ClientBuilder::new(client).with(lint.outbound("gateway")).build()
}

/// The same, with its dials observed.
fn wired(
    lint: &ConnLint,
    settings: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> ClientWithMiddleware {
    let builder = tls::reqwest().connector_layer(lint.connector_layer("gateway"));
    gateway(lint, settings(builder).build().expect("it is built"))
}

fn get(url: &str) -> Request {
    client().get(url).build().expect("the request is well-formed")
}

fn closing(url: &str) -> Request {
    let request = client().get(url).header(header::CONNECTION, "close");
    request.build().expect("the request is well-formed")
}

async fn call<S>(client: &mut S, request: Request) -> Response
where
    S: Service<Request, Response = Response>,
    S::Error: std::fmt::Debug,
{
    within("a call", async {
        client.ready().await.expect("the client is ready").call(request).await
    })
    .await
    .expect("the call succeeds")
}

/// The texts of an error and of what led to it.
fn chain(error: &reqwest::Error) -> Vec<String> {
    let mut chain = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        chain.push(error.to_string());
        cause = error.source();
    }
    chain
}

/// What the upstream read, and what the caller got.
type Seen = (Vec<String>, Vec<String>);

const REQUESTS: usize = 7;

async fn call_all(client: ClientWithMiddleware, upstream: &Upstream) -> Seen {
    let get = |path: &str, fields: &[(&str, &str)]| {
        let request = client.get(upstream.url(path));
        fields.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    };
    let requests = [
        get("/plain", &[]),
        get("/plain", &[("connection", "close")]),
        get("/plain", &[("connection", "x-a ,CLOSE"), ("x-b", "1"), ("connection", "te")]),
        get("/close", &[("proxy-connection", "close"), ("keep-alive", "300"), ("te", "trailers")]),
        get("/redirect", &[("connection", "keep-alive, close")]),
        get("/chunks", &[("connection", "close;q=1,, a b")]),
        client.post(upstream.url("/plain")).body("abc").header("connection", "close, te"),
    ];
    assert_eq!(requests.len(), REQUESTS, "the count of requests is up to date");
    let mut got = Vec::new();
    for request in requests {
        let response = within("a call", request.send()).await.expect("it succeeds");
        let (url, addr, length) =
            (response.url().clone(), response.remote_addr(), response.content_length());
        let head = format!("{response:?} {:?} {url} {addr:?} {length:?}", response.version());
        let body = within("a body", response.bytes()).await.expect("it is read");
        got.push(format!("{head} {body:?}"));
    }
    let sent = upstream.take().into_iter();
    (sent.map(|sent| format!("{}{:?}", sent.head, sent.body)).collect(), got)
}

fn answer(request: &crate::message::Message) -> &'static [u8] {
    match request.path() {
        "/close" => b"HTTP/1.1 200 OK\r\nConnection: Close\r\ncontent-length: 2\r\n\r\nok",
        "/redirect" => {
            b"HTTP/1.1 307 Temporary Redirect\r\nlocation: /plain\r\ncontent-length: 0\r\n\r\n"
        }
        "/chunks" => b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
        _ => b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
    }
}
