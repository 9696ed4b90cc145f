use std::future::Future;
use std::time::Duration;

/// A bound on everything that waits: a hang is a failure that says what hung.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    const BOUND: Duration = Duration::from_secs(20);
    match tokio::time::timeout(BOUND, future).await {
        Ok(output) => output,
        Err(_) => panic!("{what} took longer than {BOUND:?}"),
    }
}
