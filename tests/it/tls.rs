//! Both ends of TLS on loopback.

use std::sync::Arc;

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::within::within;

/// A certificate that is made for a test, who has it, and who trusts in it.
#[derive(Clone)]
pub(crate) struct Tls {
    server: ServerConfig,
    client: ClientConfig,
}

/// What is agreed on by ALPN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alpn {
    Http1,
    Http2,
}

// === impl Tls ===

impl Tls {
    /// For 127.0.0.1 and localhost.
    pub(crate) fn new() -> Tls {
        Tls::of(&["127.0.0.1", "localhost"])
    }

    pub(crate) fn of(names: &[&str]) -> Tls {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).expect("a certificate is made");
        let certificate = CertificateDer::from(made.cert.der().to_vec());
        let key = PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes());
        let server = ServerConfig::builder().with_no_client_auth();
        let server = server.with_single_cert(vec![certificate.clone()], key.expect("a key"));
        let mut server = server.expect("the certificate is for the key");
        server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut roots = RootCertStore::empty();
        roots.add(certificate).expect("a root");
        let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Tls { server, client }
    }

    pub(crate) fn server(&self) -> Arc<ServerConfig> {
        Arc::new(self.server.clone())
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.server())
    }

    /// A client's, which says by itself what it agrees to.
    pub(crate) fn client(&self) -> ClientConfig {
        self.client.clone()
    }

    /// TLS around another connector, with a choice of versions.
    pub(crate) fn https<C>(&self, alpn: Alpn, connector: C) -> HttpsConnector<C> {
        let builder = HttpsConnectorBuilder::new().with_tls_config(self.client()).https_only();
        match alpn {
            Alpn::Http1 => builder.enable_http1().wrap_connector(connector),
            Alpn::Http2 => builder.enable_all_versions().wrap_connector(connector),
        }
    }

    /// A client of reqwest that trusts in it.
    pub(crate) fn reqwest(&self, alpn: Alpn) -> reqwest::ClientBuilder {
        let mut config = self.client();
        config.alpn_protocols = match alpn {
            Alpn::Http1 => vec![b"http/1.1".to_vec()],
            Alpn::Http2 => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        };
        reqwest_by(config)
    }

    /// A raw connection, after its handshake.
    pub(crate) async fn connect(&self, stream: TcpStream) -> TlsStream<TcpStream> {
        let name = ServerName::try_from("localhost").expect("a name");
        let connector = TlsConnector::from(Arc::new(self.client()));
        within("a handshake", connector.connect(name, stream)).await.expect("they agree")
    }
}

/// A client of reqwest that asks no proxy of this machine, and has no certificates to trust in.
pub(crate) fn reqwest() -> reqwest::ClientBuilder {
    let roots = RootCertStore::empty();
    reqwest_by(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

/// As the tests build it, it has no TLS of its own.
fn reqwest_by(config: ClientConfig) -> reqwest::ClientBuilder {
    reqwest::Client::builder().no_proxy().tls_backend_preconfigured(config)
}
