//! Fields that reqwest adds below every layer.

use http::{HeaderMap, HeaderValue, Version, header};
use reqwest::Client;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use tower_conn_lint::lint::{self, Action};
use tower_conn_lint::{ConnLint, Preset};

use crate::found::lint;
use crate::tls;
use crate::upstream::Upstream;
use crate::within::within;

#[tokio::test]
async fn a_default_close_that_is_declared_is_displaced_where_the_policy_fixes_it() {
    let (lint, found) = lint(Preset::Recommended1);
    let upstream = Upstream::plain().await;
    call_20_times(&by_default(&lint, "close"), &upstream).await;
    let sent = upstream.take();
    assert!(sent.iter().all(|sent| sent.lines("connection") == ["keep-alive"]), "{}", sent[0].head);
    assert!(upstream.connections() <= 5, "{} connections", upstream.connections());
    let findings = found.of(lint::CLIENT_SENDS_CLOSE);
    assert!(findings.iter().all(|finding| finding.action == Action::Rewritten), "{findings:?}");
    assert_eq!(found.all().len(), 20, "and nothing else: {:?}", found.lints());
}

#[tokio::test]
async fn other_options_beside_a_default_close_are_kept() {
    let (lint, _) = lint(Preset::Recommended1);
    let upstream = Upstream::plain().await;
    let request = by_default(&lint, "te, close").get(upstream.url("/"));
    within("a call", request.header("te", "trailers").send()).await.expect("it succeeds");
    assert_eq!(upstream.take()[0].lines("connection"), ["te"]);
}

#[tokio::test]
async fn a_default_close_is_told_and_sent_where_the_policy_only_warns() {
    let (lint, found) = lint(Preset::Observe1);
    let upstream = Upstream::plain().await;
    call_20_times(&by_default(&lint, "close"), &upstream).await;
    assert!(upstream.take().iter().all(|sent| sent.lines("connection") == ["close"]), "as it was");
    assert_eq!(found.of(lint::CLIENT_SENDS_CLOSE).len(), 20, "it is known");
}

#[tokio::test]
async fn what_is_not_fixed_is_sent_byte_for_byte_as_without_the_layer() {
    let (lint, _) = lint(Preset::Observe1);
    let upstream = Upstream::plain().await;
    let mut heads = Vec::new();
    for gateway in [by_default(&lint, "close"), ClientBuilder::new(client("close")).build()] {
        call_20_times(&gateway, &upstream).await;
        heads.push(upstream.take().pop().expect("they were sent").head);
    }
    assert_eq!(heads[0], heads[1], "in the same order");
}

#[tokio::test]
async fn a_request_of_its_own_mind_has_no_default() {
    let (lint, found) = lint(Preset::Recommended1);
    let upstream = Upstream::plain().await;
    let gateway = by_default(&lint, "close");
    let request =
        gateway.get(upstream.url("/")).header("connection", "te").header("te", "trailers");
    within("a call", request.send()).await.expect("it succeeds");
    let request = gateway.get(upstream.url("/")).version(Version::HTTP_10);
    within("a call", request.send()).await.expect("it succeeds");
    let sent = upstream.take();
    assert_eq!(sent[0].lines("connection"), ["te"], "it has another field");
    assert_eq!(sent[1].lines("connection"), ["close"], "keep-alive would ask for more in HTTP/1.0");
    assert!(found.all().is_empty(), "{:?}", found.lints());
}

#[tokio::test]
async fn a_default_that_is_not_declared_is_unknown_and_stays() {
    let (lint, found) = lint(Preset::Recommended1);
    let upstream = Upstream::plain().await;
    let gateway = ClientBuilder::new(client("close")).with(lint.outbound("gateway")).build();
    call_20_times(&gateway, &upstream).await;
    assert_eq!(upstream.connections(), 20, "each closes");
    assert!(found.all().is_empty(), "{:?}", found.lints());
}

// === fixtures ===

fn headers(connection: &'static str) -> HeaderMap {
    HeaderMap::from_iter([
        (header::USER_AGENT, HeaderValue::from_static("tests")),
        (header::CONNECTION, HeaderValue::from_static(connection)),
    ])
}

fn client(connection: &'static str) -> Client {
    let builder = tls::reqwest().default_headers(headers(connection));
    builder.build().expect("it is built")
}

/// A client with such a default, which is declared.
fn by_default(lint: &ConnLint, connection: &'static str) -> ClientWithMiddleware {
    let layer = lint.outbound("gateway").default_headers(&headers(connection));
    ClientBuilder::new(client(connection)).with(layer).build()
}

async fn call_20_times(gateway: &ClientWithMiddleware, upstream: &Upstream) {
    for _ in 0..20 {
        let response = within("a call", gateway.get(upstream.url("/")).send()).await;
        within("a body", response.expect("it succeeds").bytes()).await.expect("it is read");
    }
}
