//! For clients of reqwest: the same layer as a middleware of reqwest-middleware, so that
//! `client.post(url).json(&body).send()` goes on working, and as a layer of tower around a
//! [`reqwest::Client`](::reqwest::Client), which is a service of its own requests.
//!
//! ```
//! use reqwest_middleware::ClientBuilder;
//! use tower_conn_lint::ConnLint;
//!
//! let lint = ConnLint::new();
//! let gateway = ClientBuilder::new(reqwest::Client::new())
//!     .with(lint.outbound("gateway"))     // added last, so that it is next to the client
//!     .build();
//! ```

mod body;
mod call;
mod connector;
mod dial;
mod layer;
mod middleware;
mod scope;
mod service;

pub use self::connector::Connector;
pub use self::dial::Dialling;
pub use self::layer::ConnectorLayer;
pub use self::service::ResponseFuture;
