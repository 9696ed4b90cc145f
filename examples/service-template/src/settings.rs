//! What the environment says.

use std::env::{self, VarError};
use std::fmt::Display;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use axum::http::uri::Authority;

pub struct Settings {
    /// Where callers connect to: `LISTEN`.
    pub listen: SocketAddr,
    /// Where Prometheus scrapes `/metrics`, apart from callers: `METRICS_LISTEN`.
    pub metrics: SocketAddr,
    /// Host and port of the gateway: `GATEWAY`.
    pub gateway: Authority,
    /// The file with this service's policy: `CONN_LINT_FILE`.
    pub policy: PathBuf,
}

#[derive(Debug, thiserror::Error)]
#[error("{name}={value}: {problem}")]
pub struct SettingError {
    name: &'static str,
    value: String,
    problem: String,
}

impl Settings {
    pub fn from_env() -> Result<Settings, SettingError> {
        Ok(Settings {
            listen: read("LISTEN", "0.0.0.0:8080")?,
            metrics: read("METRICS_LISTEN", "0.0.0.0:9090")?,
            gateway: read("GATEWAY", "127.0.0.1:8081")?,
            policy: read("CONN_LINT_FILE", "conn-lint.toml")?,
        })
    }
}

fn read<T: FromStr<Err: Display>>(name: &'static str, default: &str) -> Result<T, SettingError> {
    let value = match env::var(name) {
        Ok(value) => value,
        Err(VarError::NotPresent) => default.to_owned(),
        Err(VarError::NotUnicode(value)) => value.to_string_lossy().into_owned(),
    };
    value.parse().map_err(|error: T::Err| SettingError {
        name,
        value,
        problem: error.to_string(),
    })
}
