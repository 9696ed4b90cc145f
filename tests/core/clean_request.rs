//! What is remembered of a clean request, where its response is not clean.

use std::convert::Infallible;
use std::future::{Ready, ready};

use http::{Method, Request, Response, Version};
use tower::{Layer, ServiceExt, service_fn};
use tower_conn_lint::lint::{self, Findings, Lint};
use tower_conn_lint::{ConnLint, Policy, Route};

use crate::policy::quiet;

#[derive(Debug)]
struct Row {
    method: &'static str,
    version: Version,
    uri: &'static str,
    agent: &'static str,
    /// Of the response.
    field: (&'static str, &'static str),
    found: Option<Lint>,
}

const ROUTE: &str = "/v1/users/{id}";

/// Too long to be kept until something is found.
const LONG: &str = "http://gateway/v1/users/018f3c5e-7a2b-7c4d-9e8f-1a2b3c4d5e6f-018f3c5e-7a2b-7c4d-9e8f-1a2b3c4d5e6f";

fn row(lint: Lint) -> Row {
    Row {
        method: "GET",
        version: Version::HTTP_11,
        uri: "http://gateway/v1/users/42",
        agent: "curl/8",
        field: ("connection", "close"),
        found: Some(lint),
    }
}

/// Each way in which a layer remembers a clean request.
fn rows(closes: Lint) -> Vec<Row> {
    let row = || row(closes);
    vec![
        row(),
        Row { method: "HEAD", ..row() },
        Row { method: "PURGE", ..row() },
        Row { method: "A-METHOD-LONGER-THAN-MOST", ..row() },
        Row { uri: "http://gateway/v1/users/42?a=b/v1", ..row() },
        Row { uri: "http://user:secret@gateway/v1/users/42", ..row() },
        Row { uri: LONG, ..row() },
        Row {
            version: Version::HTTP_2,
            field: ("proxy-connection", "keep-alive"),
            found: Some(lint::CONNECTION_FIELD_IN_HTTP2),
            ..row()
        },
        Row {
            version: Version::HTTP_3,
            field: ("upgrade", "h2c"),
            found: Some(lint::CONNECTION_FIELD_IN_HTTP2),
            ..row()
        },
    ]
}

fn lint(route: Route) -> ConnLint {
    let route = route.warn(lint::CONNECTION_FIELD_IN_HTTP2);
    quiet().policy(Policy::builder().route(route).build().unwrap()).build()
}

impl Row {
    fn request(&self) -> Request<String> {
        let request = Request::builder().method(self.method).version(self.version).uri(self.uri);
        request.header("user-agent", self.agent).body(String::new()).unwrap()
    }

    fn response(&self) -> Ready<Result<Response<String>, Infallible>> {
        let (name, value) = self.field;
        let response = Response::builder().version(self.version).header("content-length", "0");
        ready(Ok(response.header(name, value).body(String::new()).unwrap()))
    }

    fn assert_found(&self, response: &Response<String>) {
        let findings = response.extensions().get::<Findings>().cloned().unwrap_or_default();
        let seen: Vec<_> = findings.iter().map(|finding| finding.lint).collect();
        assert_eq!(seen, Vec::from_iter(self.found), "{self:?}");
        for finding in &findings {
            assert_eq!(finding.method.as_ref().map(Method::as_str), Some(self.method), "{self:?}");
            assert_eq!(finding.version, Some(self.version), "{self:?}");
            assert_eq!(finding.route.as_str(), ROUTE, "{self:?}");
            let server = finding.server.map(|server| server.as_str().to_owned());
            assert!(server.is_none_or(|server| server == "gateway"), "{self:?}");
        }
    }
}

#[test]
fn a_server_finds_on_the_response_what_is_true_of_the_request() {
    let lint = lint(Route::inbound(ROUTE).warn(lint::HANDLER_SENDS_CLOSE));
    let check = Row { agent: "kube-probe/1.31", found: None, ..row(lint::HANDLER_SENDS_CLOSE) };
    for row in rows(lint::HANDLER_SENDS_CLOSE).into_iter().chain([check]) {
        let handler = service_fn(|_: Request<String>| row.response());
        let answered = lint.inbound().layer(handler).oneshot(row.request());
        row.assert_found(&tokio_test::block_on(answered).unwrap());
    }
}

#[test]
fn a_client_finds_on_the_response_what_is_true_of_the_request() {
    let lint = lint(Route::outbound(format!("gateway {ROUTE}")).warn(lint::UPSTREAM_SENDS_CLOSE));
    for row in rows(lint::UPSTREAM_SENDS_CLOSE) {
        let upstream = service_fn(|_: Request<String>| row.response());
        let answered = lint.outbound("login").layer(upstream).oneshot(row.request());
        row.assert_found(&tokio_test::block_on(answered).unwrap());
    }
}
