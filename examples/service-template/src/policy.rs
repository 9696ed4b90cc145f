//! What the lint may do.

use std::path::Path;

use tower_conn_lint::Policy;

/// The platform's policy, over which the service's stands.
pub const BASE: &str = include_str!("../base-policy.toml");

/// Never fails: a mistake in either drops only itself, and is logged, so that no policy keeps a
/// service from starting.
pub fn load(service: &Path) -> Policy {
    Policy::stack()
        .text("base-policy.toml", BASE)
        .file(service)
        .load_or_builtin()
}
