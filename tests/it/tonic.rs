//! tonic on both sides: a handle in each request and each response, reconnects seen as such, and
//! callers known as without the lint.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::{TcpListenerStream, UnixListenerStream};
use tonic::body::Body;
use tonic::transport::{
    Certificate, Channel, ClientTlsConfig, Endpoint, Identity, Server, ServerTlsConfig,
};
use tonic::{Code, Request, Response};
use tower::{Layer as _, ServiceBuilder, ServiceExt as _};
use tower_conn_lint::connection::{Closer, EndCause, Side};
use tower_conn_lint::outbound::{Join, Outbound, ResponseBodies};
use tower_conn_lint::test_util::Recorder;
use tower_conn_lint::{ConnHandle, ConnLint, ManualClock, Policy, Preset, lint};

use crate::grpc::{self, Teller};
use crate::server::listen;
use crate::within::within;

/// A server of tonic's under a lint; it ends with its value.
struct Served {
    addr: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), tonic::transport::Error>>,
}

type Gateway = ResponseBodies<Outbound<Join<Channel>>>;

impl Served {
    async fn new(lint: &ConnLint) -> Served {
        let (tcp, _) = listen().await;
        Served::on(tcp, lint, Server::builder())
    }

    fn on(tcp: TcpListener, lint: &ConnLint, server: Server) -> Served {
        let addr = tcp.local_addr().expect("a bound socket has an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = lint.shutdown_signal(async { _ = stopped.await });
        let incoming = lint.incoming(TcpListenerStream::new(tcp));
        let served = server
            .layer(lint.join())
            .layer(lint.inbound())
            .add_service(Teller)
            .serve_with_incoming_shutdown(incoming, stopped);
        Served { addr, stop, task: tokio::spawn(served) }
    }

    fn endpoint(&self) -> Endpoint {
        Endpoint::from_shared(format!("http://{}", self.addr)).expect("it is a URL")
    }
}

async fn gateway(lint: &ConnLint, endpoint: Endpoint) -> Gateway {
    let connector = lint.connector("gateway", HttpConnector::new());
    let join = connector.join();
    let channel = within("a dial", endpoint.connect_with_connector(connector)).await;
    around(lint, join.layer(channel.expect("loopback accepts")))
}

fn around(lint: &ConnLint, channel: Join<Channel>) -> Gateway {
    ServiceBuilder::new()
        .layer(lint.response_bodies())
        .layer(lint.outbound("gateway"))
        .service(channel)
}

async fn call(gateway: &Gateway) -> Response<Bytes> {
    within("a call", grpc::call(gateway.clone())).await.expect("the call succeeds")
}

fn handle(response: &Response<Bytes>) -> &ConnHandle {
    response.extensions().get().expect("a response carries its connection")
}

fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.get_ref()).expect("it is text")
}

#[tokio::test]
async fn requests_and_responses_carry_their_connection_and_the_caller_is_known() {
    let recorder = Recorder::new();
    let lint = recorder.lint(Preset::Strict1);
    let served = Served::new(&lint).await;
    let gateway = gateway(&lint, served.endpoint()).await;
    for number in 1..=20 {
        let response = call(&gateway).await;
        let handle = handle(&response);
        assert_eq!((handle.request(), handle.side()), (number, Side::Outbound));
        let caller = handle.local_addr().expect("a dial has two ends");
        let told = format!("request Some({number}) from Some({caller}) with None");
        assert_eq!(text(&response), told, "as without the lint");
    }
    recorder.assert_reused("gateway", 0.9);
    recorder.assert_served_reused(0.9);
    let snapshot = lint.snapshot();
    assert_eq!(snapshot.callers[0].name, "127.0.0.1");
    drop(gateway);
    within("the ends", recorder.all_ended()).await;
    recorder.assert_ended(EndCause::ClientDropped, Closer::Local);
    let served = recorder.ended().into_iter().find(|ended| ended.side == Side::Inbound);
    assert_eq!(served.map(|ended| ended.requests), Some(20));
    recorder.assert_no_findings();
}

#[tokio::test]
async fn a_channel_that_connects_anew_is_seen_to() {
    let recorder = Recorder::new();
    let lint = recorder.lint(Preset::Observe1);
    let Served { addr, stop, task } = Served::new(&lint).await;
    let endpoint = Endpoint::from_shared(format!("http://{addr}")).expect("it is a URL");
    let gateway = gateway(&lint, endpoint).await;
    let first = handle(&call(&gateway).await).id();
    stop.send(()).expect("the server listens");
    within("the server", task).await.expect("it ends").expect("well");
    within("the ends", recorder.all_ended()).await;
    recorder.assert_ended(EndCause::Drain, Closer::Peer);

    let tcp = TcpListener::bind(addr).await.expect("the port is free again");
    let _served = Served::on(tcp, &lint, Server::builder());
    let response = call(&gateway).await;
    let again = handle(&response);
    assert_ne!(again.id(), first, "it is another connection");
    assert_eq!((again.request(), again.reused()), (1, false));
    assert_eq!(recorder.connections("gateway"), 2, "two dials for two calls");
}

#[tokio::test]
async fn a_lazy_channel_is_joined_from_its_first_response_on() {
    let recorder = Recorder::new();
    let lint = recorder.lint(Preset::Observe1);
    let served = Served::new(&lint).await;
    let connector = lint.connector("gateway", HttpConnector::new());
    let join = connector.join();
    let channel = served.endpoint().connect_with_connector_lazy(connector);
    let gateway = around(&lint, join.layer(channel));
    assert_eq!(recorder.connections("gateway"), 0, "nothing was asked for");
    for number in 1..=3 {
        assert_eq!(handle(&call(&gateway).await).request(), number);
    }
}

#[tokio::test]
async fn callers_behind_unix_sockets_are_told_apart_as_connections() {
    let recorder = Recorder::new();
    let lint = recorder.lint(Preset::Observe1);
    let path = std::env::temp_dir().join(format!("conn-lint-tonic-{}.sock", std::process::id()));
    let listener = UnixListener::bind(&path).expect("a socket is bound");
    let incoming = lint.incoming(UnixListenerStream::new(listener));
    let served = Server::builder().layer(lint.join()).layer(lint.inbound()).add_service(Teller);
    tokio::spawn(served.serve_with_incoming(incoming));
    let socket = |path: PathBuf| {
        tower::service_fn(move |_: Uri| {
            let path = path.clone();
            Box::pin(async { UnixStream::connect(path).await.map(TokioIo::new) })
        })
    };
    let mut gateways = Vec::new();
    for _ in 0..2 {
        let connector = lint.connector("gateway", socket(path.clone()));
        let join = connector.join();
        let endpoint = Endpoint::from_static("http://gateway");
        let channel = within("a dial", endpoint.connect_with_connector(connector)).await;
        gateways.push(around(&lint, join.layer(channel.expect("it is there"))));
    }
    for number in 1..=3 {
        for gateway in &gateways {
            let response = call(gateway).await;
            assert_eq!(text(&response), format!("request Some({number}) from None with None"));
            assert_eq!(handle(&response).request(), number);
        }
    }
    _ = std::fs::remove_file(&path);
    let snapshot = lint.snapshot();
    assert_eq!(snapshot.callers[0].name, "unix");
    assert_eq!(recorder.served_connections(), 2);
}

#[tokio::test]
async fn the_callers_certificate_is_still_told_under_tonics_tls() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
    let made = made.expect("a certificate is made");
    let (pem, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let identity = || Identity::from_pem(&pem, &key);
    let recorder = Recorder::new();
    let lint = recorder.lint(Preset::Observe1);
    let (tcp, _) = listen().await;
    let tls =
        ServerTlsConfig::new().identity(identity()).client_ca_root(Certificate::from_pem(&pem));
    let server = Server::builder().tls_config(tls).expect("the configuration is valid");
    let served = Served::on(tcp, &lint, server);

    let tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(&pem))
        .identity(identity())
        .domain_name("localhost");
    let url = format!("https://{}", served.addr);
    let endpoint = Endpoint::from_shared(url).expect("it is a URL");
    let endpoint = endpoint.tls_config(tls).expect("the configuration is valid");
    let mut plain = HttpConnector::new();
    plain.enforce_http(false);
    let connector = lint.connector("gateway", plain);
    let join = connector.join();
    let channel = within("a dial", endpoint.connect_with_connector(connector)).await;
    let gateway = around(&lint, join.layer(channel.expect("hands are shaken")));
    for number in 1..=3 {
        let response = call(&gateway).await;
        let caller = handle(&response).local_addr().expect("a dial has two ends");
        let told = format!("request Some({number}) from Some({caller}) with Some(1)");
        assert_eq!(text(&response), told);
    }
}

#[tokio::test]
async fn a_denial_is_a_status_of_grpc() {
    let recorder = Recorder::new();
    let policy = Policy::builder().deny(lint::CALLER_SENDS_CLOSE).build();
    let lint = recorder.lint(policy.expect("the policy is valid"));
    let (tcp, addr) = listen().await;
    let _served = Served::on(tcp, &lint, Server::builder().accept_http1(true));
    // Only HTTP/1 can say what is denied here.
    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    let client = ServiceBuilder::new().service(client).map_request(
        move |mut request: http::Request<Body>| {
            let url = format!("http://{addr}{}", request.uri().path());
            *request.uri_mut() = url.parse().expect("it is a URL");
            *request.version_mut() = http::Version::HTTP_11;
            request
        },
    );
    let mut request = Request::new(Bytes::from_static(b"who am I?"));
    request.metadata_mut().insert("connection", "close".parse().expect("it is ASCII"));
    let denied = within("a call", grpc::call_with(client, request)).await;
    let denied = denied.expect_err("the policy denies it");
    assert_eq!(denied.code(), Code::InvalidArgument, "what 400 is in HTTP: {denied}");
    assert!(denied.message().contains("caller-sends-close"), "{denied}");
}

#[tokio::test]
async fn a_second_channel_opens_one_connection_too_many() {
    let clock = ManualClock::new();
    let recorder = Recorder::new();
    let lint = ConnLint::builder()
        .policy(Preset::Strict1)
        .clock(clock.clone())
        .reporter(recorder.clone())
        .environment("")
        .build();
    let served = Served::new(&lint).await;
    let first = gateway(&lint, served.endpoint()).await;
    for _ in 0..3 {
        call(&first).await;
        clock.advance(Duration::from_secs(1));
    }
    recorder.assert_no_findings();
    call(&gateway(&lint, served.endpoint()).await).await;
    recorder.assert_found(lint::EXTRA_HTTP2_CONNECTION);
}

#[tokio::test]
async fn without_the_layer_nothing_is_claimed_of_requests() {
    let recorder = Recorder::new();
    let lint = recorder.lint(Preset::Observe1);
    let (tcp, addr) = listen().await;
    let incoming = lint.incoming(TcpListenerStream::new(tcp));
    tokio::spawn(Server::builder().add_service(Teller).serve_with_incoming(incoming));
    let endpoint = Endpoint::from_shared(format!("http://{addr}")).expect("it is a URL");
    let channel = within("a dial", endpoint.connect()).await.expect("loopback accepts");
    let response = within("a call", grpc::call(channel.clone())).await.expect("it succeeds");
    assert!(text(&response).starts_with("request None from Some("), "{}", text(&response));
    drop(channel);
    within("the ends", recorder.all_ended()).await;
    assert_eq!(recorder.ended()[0].end.cause, EndCause::Unknown, "it was used, and nobody saw");
}

#[tokio::test]
async fn a_request_of_a_channel_is_denied_before_it_is_sent() {
    let recorder = Recorder::new();
    let policy = Policy::builder().deny(lint::CLIENT_SENDS_CLOSE).build();
    let lint = recorder.lint(policy.expect("the policy is valid"));
    let served = Served::new(&lint).await;
    let gateway = gateway(&lint, served.endpoint()).await;
    let mut request = Request::new(Bytes::new());
    let close = "close".parse().expect("it is ASCII");
    request.metadata_mut().insert("connection", close);
    let denied = within("a call", grpc::call_with(gateway, request)).await;
    let denied = denied.expect_err("the policy denies it");
    assert!(denied.message().contains("client-sends-close"), "{denied}");
    let served = lint.snapshot().callers;
    assert!(served.iter().all(|caller| caller.requests == 0), "no request came");
}
