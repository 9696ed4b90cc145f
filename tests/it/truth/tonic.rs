//! tonic on both sides: who closes is said by frames, and nothing of theirs is ours to call.

use hyper_util::client::legacy::connect::HttpConnector;
use tokio::sync::oneshot;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Channel, Endpoint, Server};
use tower::{Layer as _, ServiceBuilder};
use tower_conn_lint::connection::EndCause as C;
use tower_conn_lint::outbound::{Join, Outbound, ResponseBodies};

use super::Table;
use super::row::{Done, First};
use super::scene::Scene;
use crate::grpc::{self, Teller};
use crate::server::listen;
use crate::within::within;

type Gateway = ResponseBodies<Outbound<Join<Channel>>>;

pub(super) fn rows(table: &mut Table) {
    table.act("tonic, the channel is dropped", async |what| {
        let scene = Scene::new();
        let (endpoint, _stop) = serve(&scene).await;
        for number in 1..=100 {
            let gateway = gateway(&scene, &endpoint).await;
            call(&gateway).await;
            drop(gateway);
            scene.client.ends(&what, number).await;
        }
        // A server that read the client's GOAWAY may close before the client does.
        let done = Done::new(what, 100, First::Race);
        let done = done.server(&[C::PeerClosedIdle, C::ClosedIdleLocal]);
        let addr = address(&endpoint);
        Some(done.client(&[C::ClientDropped]).row_at(&scene, addr, || 100).await)
    });
    table.act("tonic, a graceful shutdown, idle", async |what| {
        let scene = Scene::new();
        let (endpoint, stop) = serve(&scene).await;
        let mut gateways = Vec::new();
        for _ in 0..20 {
            let gateway = gateway(&scene, &endpoint).await;
            call(&gateway).await;
            gateways.push(gateway);
        }
        stop.send(()).expect("the server listens to it");
        let done = Done::new(what, 20, First::Told).server(&[C::Drain]);
        let done = done.client(&[C::GoAway]);
        let row = done.row_at(&scene, address(&endpoint), || 20).await;
        drop(gateways);
        Some(row)
    });
}

// === fixtures ===

async fn serve(scene: &Scene) -> (Endpoint, oneshot::Sender<()>) {
    let (tcp, addr) = listen().await;
    let lint = &scene.server.lint;
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = lint.shutdown_signal(async {
        if stopped.await.is_err() {
            std::future::pending::<()>().await;
        }
    });
    let incoming = lint.incoming(TcpListenerStream::new(tcp));
    let served = Server::builder()
        .layer(lint.join())
        .layer(lint.inbound())
        .add_service(Teller)
        .serve_with_incoming_shutdown(incoming, stopped);
    tokio::spawn(served);
    let endpoint = Endpoint::from_shared(format!("http://{addr}"));
    (endpoint.expect("it is a URL"), stop)
}

async fn gateway(scene: &Scene, endpoint: &Endpoint) -> Gateway {
    let lint = &scene.client.lint;
    let connector = lint.connector("gateway", HttpConnector::new());
    let join = connector.join();
    let channel = within("a dial", endpoint.connect_with_connector(connector)).await;
    ServiceBuilder::new()
        .layer(lint.response_bodies())
        .layer(lint.outbound("gateway"))
        .service(join.layer(channel.expect("loopback accepts")))
}

async fn call(gateway: &Gateway) {
    within("a call", grpc::call(gateway.clone())).await.expect("the call succeeds");
}

fn address(endpoint: &Endpoint) -> std::net::SocketAddr {
    let authority = endpoint.uri().authority().expect("it names a host");
    authority.as_str().parse().expect("it is an address")
}
