//! What a service's own tests assert of its connections: that they were reused, that nothing was
//! found, that a message was rewritten, how they ended. A failure says what was seen and what to
//! change.
//!
//! A [`Recorder`] is a reporter. The client or the server under test is wired as in the service,
//! with a lint that reports to it:
//!
//! ```
//! # #[cfg(all(feature = "axum", feature = "hyper-util"))] {
//! use axum::{Router, routing::get};
//! use http::Request;
//! use http_body_util::{BodyExt, Empty};
//! use hyper_util::client::legacy::{Client, connect::HttpConnector};
//! use hyper_util::rt::TokioExecutor;
//! use tower::{Layer, ServiceExt};
//! use tower_conn_lint::{Preset, test_util::Recorder};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! # let tcp = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! # let url = format!("http://{}/", tcp.local_addr()?);
//! # tokio::spawn(axum::serve(tcp, Router::new().route("/", get(|| async { "hi" }))).into_future());
//! let recorder = Recorder::new();
//! let lint = recorder.lint(Preset::Strict1);
//!
//! let connector = lint.connector("gateway", HttpConnector::new());
//! let pool = Client::builder(TokioExecutor::new()).build::<_, Empty<bytes::Bytes>>(connector);
//! let gateway = lint.outbound("gateway").layer(pool);
//! for _ in 0..20 {
//!     let request = Request::get(&url).body(Empty::new())?;
//!     gateway.clone().oneshot(request).await?.into_body().collect().await?;
//! }
//!
//! recorder.assert_reused("gateway", 0.8);
//! recorder.assert_no_findings();
//! # Ok(())
//! # }
//! # main().unwrap();
//! # }
//! ```

mod assertions;
mod checks;
mod failure;
mod kept;
mod recorder;
mod traffic;

pub use self::recorder::Recorder;

#[cfg(test)]
mod tests;
