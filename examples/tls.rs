//! A server and a client under TLS, with a certificate that is made here. The lint stands below TLS
//! on both sides, at the socket: there it knows who closed first.
//!
//! ```sh
//! cargo run --example tls --features full
//! ```
#![expect(clippy::print_stdout, reason = "an example for a terminal")]

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::{Router, routing::get};
use axum_server::accept::DefaultAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tower::{ServiceBuilder, ServiceExt as _};
use tower_conn_lint::{ConnHandle, ConnLint};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (server, client) = certificate()?;
    let lint = ConnLint::new();

    // TLS around the lint's acceptor; `lint.acceptor(RustlsAcceptor::new(..))` stands above it.
    let acceptor = lint.acceptor(DefaultAcceptor::new());
    let acceptor = RustlsAcceptor::new(RustlsConfig::from_config(server)).acceptor(acceptor);
    let app = Router::new().route("/", get(which)).layer(lint.inbound());
    let handle = axum_server::Handle::new();
    let server = axum_server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).acceptor(acceptor);
    tokio::spawn(server.handle(handle.clone()).serve(app.into_make_service()));
    let url = format!("https://{}/", handle.listening().await.ok_or("it listens")?);

    // TLS around the lint's connector; `lint.connector("self", https)` stands above it.
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    let https = HttpsConnectorBuilder::new().with_tls_config(client).https_only();
    let https = https.enable_all_versions().wrap_connector(lint.connector("self", http));
    let pool = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(https);
    let client = ServiceBuilder::new()
        .layer(lint.response_bodies())
        .layer(lint.outbound("self"))
        .service(pool);

    for _ in 0..3 {
        let request = Request::get(&url).body(Empty::<Bytes>::new())?;
        let (head, body) = client.clone().oneshot(request).await?.into_parts();
        println!("{:?}: {:?}", head.version, body.collect().await?.to_bytes());
    }
    Ok(())
}

/// What a handler knows of its connection.
async fn which(connection: ConnHandle) -> String {
    format!("request {} on connection {}", connection.request(), connection.id())
}

fn certificate() -> Result<(Arc<ServerConfig>, ClientConfig), Box<dyn Error>> {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
    let certificate = CertificateDer::from(made.cert);
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der())?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone())?;
    let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let server = ServerConfig::builder().with_no_client_auth();
    let mut server = server.with_single_cert(vec![certificate], key)?;
    server.alpn_protocols = vec![b"h2".into()];
    Ok((Arc::new(server), client))
}
