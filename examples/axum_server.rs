//! An axum server under the lint, its connections wired, and a handler that says `close` though
//! nothing forces it.
//!
//! ```sh
//! cargo run --example axum_server --features axum
//! curl http://127.0.0.1:3000/login
//! curl http://127.0.0.1:3000/which http://127.0.0.1:3000/which
//! ```

use std::env;
use std::error::Error;
use std::io::{self, IsTerminal};

use axum::http::header::CONNECTION;
use axum::{Router, routing::get};
use tower_conn_lint::{ConnHandle, ConnLint};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let colored = io::stderr().is_terminal();
    tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(colored).init();

    let lint = ConnLint::new();
    let app = Router::new()
        .route("/login", get(|| async { ([(CONNECTION, "close")], "welcome\n") }))
        .route("/which", get(which))
        .layer(lint.inbound()); // last, so that it covers every route

    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    tracing::info!("listening on http://{}/login", listener.local_addr()?);
    let ctrl_c = async { _ = tokio::signal::ctrl_c().await };
    axum::serve(lint.listener(listener), lint.make_service(app.into_make_service()))
        .with_graceful_shutdown(lint.shutdown_signal(ctrl_c))
        .await?;
    Ok(())
}

/// What a handler knows of its connection.
async fn which(connection: ConnHandle) -> String {
    format!(
        "request {} on connection {}, which is {:?} old and was idle for {:?}\n",
        connection.request(),
        connection.id(),
        connection.age(),
        connection.idle_before()
    )
}
