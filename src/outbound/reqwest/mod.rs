//! For clients of reqwest: the layer of [`outbound`](super) as a middleware of reqwest-middleware,
//! so that `client.post(url).json(&body).send()` goes on working, and around a
//! [`reqwest::Client`] as a service of tower; and a layer for its connector.
//!
//! ```
//! use reqwest_middleware::ClientBuilder;
//! use tower_conn_lint::ConnLint;
//!
//! # fn build() -> reqwest::Result<()> {
//! let lint = ConnLint::new();
//! let client = reqwest::Client::builder()
//!     .connector_layer(lint.connector_layer("gateway"))   // its dials
//!     .build()?;
//! let gateway = ClientBuilder::new(client)
//!     .with(lint.outbound("gateway"))                     // added last: below retries
//!     .build();
//! # Ok(())
//! # }
//! ```
//!
//! As a service it is `lint.outbound("gateway").layer(client)`. A request that means to close says so in
//! its extensions: by a middleware `with_extension(IntentionalClose("..."))`, for a service as it is
//! made of one of the crate http, since a builder of reqwest's gives none (0.13.5):
//!
//! ```
//! use tower_conn_lint::IntentionalClose;
//!
//! # fn build() -> Result<reqwest::Request, Box<dyn std::error::Error>> {
//! let request = http::Request::get("http://gateway/")
//!     .header("connection", "close")
//!     .extension(IntentionalClose("the last call"))
//!     .body("")?;
//! let request = reqwest::Request::try_from(request)?;
//! # Ok(request)
//! # }
//! # build().unwrap();
//! ```
//!
//! # What is seen
//!
//! | | |
//! |---|---|
//! | heads of requests and of final responses | judged, mended and denied as those of any client |
//! | a dial, its time, its addresses, why it failed | with the connector's layer; TCP, TLS and a proxy's part together |
//! | the upstream of a dial | where the request itself dialled, else when a response comes on it |
//! | the connection of a response | by its two addresses; [`ConnHandle`](crate::ConnHandle) is in its extensions |
//! | whether it was fresh or reused | where this request dialled it, or a response came on it before |
//! | where a response's body ended | its type, URL and text of errors stay; an error has two more causes above the first |
//! | why a connection ended | where a message said so: `close`, HTTP/1.0, no length |
//! | that the client was dropped | with all its clones |
//!
//! # What is hidden
//!
//! reqwest's streams have no name and can't be wrapped (0.13.5). So these are unknown, and stay so:
//!
//! - *ends*: who closed, and when; resets; bytes; why the pool closed; how many connections are open.
//!   An end is told when it is sure: as a message announced it, as the client is dropped, as its pair
//!   of addresses is dialled again. Its closer is `unknown` then, [`Ended::end_seen`] is false, and
//!   without an announcement so is its cause.
//! - *hops*: redirects and retries happen below every layer. If the final URL differs from the
//!   request's, neither fresh nor reused is said, and a dial on the way belongs to the upstream
//!   `unknown` until a response comes on it. A redirect that comes back to its URL is not noticed.
//! - *HTTP/3, Unix sockets, named pipes*: they have no pair of addresses, so their responses have no
//!   handle. HTTP/3 does not dial by the connector.
//! - *stale reuse*: an error names the connection that a request failed on, but not whether a byte of
//!   its response had come, so `stale-reuse` is never found here.
//! - *default fields*, which reqwest adds below: see [`OutboundLayer::default_headers`].
//! - what a proxy does behind its connection: the upstream is who was asked for, the peer's address
//!   the proxy's.
//!
//! Requests under way are counted by client and not by upstream, so that a dial that was needed is
//! never held against anybody.
//!
//! Give all clients of one name their connector's layer: a pair of addresses stands for what was
//! dialled last with it, and the dials of a client without the layer are not seen. 4,096 connections
//! are remembered, and those longest unused are lost first.
//!
//! [`Ended::end_seen`]: crate::connection::Ended::end_seen
//! [`OutboundLayer::default_headers`]: super::OutboundLayer::default_headers

mod body;
mod call;
mod connector;
mod dial;
mod extensions;
mod layer;
mod middleware;
mod scope;
mod service;

pub use self::connector::Connector;
pub use self::dial::Dialling;
pub use self::layer::ConnectorLayer;
pub use self::service::ResponseFuture;
