//! What the lint may do.

use tower_conn_lint::{Policy, Preset};

/// The platform's policy with the service's own over it.
pub fn load() -> Policy {
    let policy = Policy::builder()
        .preset(Preset::Recommended1)
        .exclude_path("/healthz");
    policy.build_lossy().0
}
