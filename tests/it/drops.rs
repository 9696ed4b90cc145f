//! Exchanges that end without a response: what was found on the request is told all the same.

use std::convert::Infallible;
use std::future::pending;
use std::io;

use http::{Request, Response, header};
use tokio_test::{assert_pending, task};
use tower::{Layer as _, Service as _, ServiceBuilder, ServiceExt as _, service_fn};
use tower_conn_lint::lint::{self, Action};
use tower_conn_lint::{Preset, outbound};

use crate::found::lint;

fn closing() -> Request<()> {
    let request = Request::get("http://gateway/").header(header::CONNECTION, "close");
    request.body(()).expect("the request is well-formed")
}

#[test]
fn a_dropped_call_to_a_handler_reports_its_request_once() {
    let (lint, found) = lint(Preset::Recommended1);
    let mut service = ServiceBuilder::new()
        .layer(lint.inbound())
        .layer(lint.inbound())
        .service(service_fn(|_: Request<()>| pending::<Result<Response<String>, Infallible>>()));
    let mut future = task::spawn(service.call(closing()));
    assert_pending!(future.poll(), "the handler never answers");
    assert!(found.all().is_empty(), "a layer further in might claim it still");
    drop(future);
    assert_eq!(found.one(lint::CALLER_SENDS_CLOSE).action, Action::None);

    found.clear();
    drop(service.call(closing()));
    found.one(lint::CALLER_SENDS_CLOSE);
}

#[test]
fn a_dropped_call_to_an_upstream_reports_its_request_once() {
    for preset in [Preset::Observe1, Preset::Recommended1] {
        let (lint, found) = lint(preset);
        let mut client = ServiceBuilder::new()
            .layer(lint.outbound("outer"))
            .layer(lint.outbound("inner"))
            .service(service_fn(|_: Request<()>| pending::<Result<Response<()>, Infallible>>()));
        let mut future = task::spawn(client.call(closing()));
        assert_pending!(future.poll(), "the upstream never answers");
        drop(future);
        let finding = found.one(lint::CLIENT_SENDS_CLOSE);
        assert_eq!(finding.version, None, "{preset}: no response told the version");
    }
}

#[tokio::test]
async fn an_error_reports_its_request_once() {
    let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
    let (lint, found) = lint(Preset::Recommended1);
    let service = service_fn(|_: Request<()>| async move { Err::<Response<String>, _>(refused()) });

    let error = lint.inbound().layer(service).oneshot(closing()).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused, "the error is passed on as it is");
    found.one(lint::CALLER_SENDS_CLOSE);
    found.clear();

    let error = lint.outbound("gateway").layer(service).oneshot(closing()).await.unwrap_err();
    let inner = error.inner::<io::Error>().map(io::Error::kind);
    assert_eq!(inner, Some(io::ErrorKind::ConnectionRefused), "the client's error is inside");
    assert!(matches!(error, outbound::Error::Inner(_)), "and it is not ours: {error}");
    assert_eq!(found.one(lint::CLIENT_SENDS_CLOSE).action, Action::Rewritten);
}

#[tokio::test]
async fn a_handler_that_panics_reports_its_request_once() {
    let (lint, found) = lint(Preset::Recommended1);
    let service = lint.inbound().layer(service_fn(|_: Request<()>| async {
        panic!("on purpose");
        #[expect(unreachable_code, reason = "the service's type")]
        Ok::<_, Infallible>(Response::new(String::new()))
    }));
    let panicked = tokio::spawn(service.oneshot(closing())).await;
    assert!(panicked.is_err_and(|error| error.is_panic()), "the panic is passed on");
    found.one(lint::CALLER_SENDS_CLOSE);
}
