use std::error::Error;
use std::process::ExitCode;

use service::{logs, metrics, policy, settings::Settings, shutdown};
use tokio::net::TcpListener;
use tower_conn_lint::ConnLint;

#[tokio::main]
async fn main() -> ExitCode {
    logs::install();
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Box<dyn Error + Send + Sync>> {
    let settings = Settings::from_env()?;
    metrics::install(settings.metrics)?; // before the lint, which counts from its first connection
    let lint = ConnLint::builder()
        .policy(policy::load(&settings.policy))
        .build();
    let tcp = TcpListener::bind(settings.listen)
        .await
        .map_err(|error| format!("can't listen on {}: {error}", settings.listen))?;
    tracing::info!(
        "listening on {}, metrics on {}",
        settings.listen,
        settings.metrics
    );
    service::run(tcp, settings.gateway, lint, shutdown::signal()).await?;
    tracing::info!("stopped");
    Ok(())
}
