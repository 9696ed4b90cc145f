use http::StatusCode;

use crate::lint::Lint;

/// A request was rejected by the policy. Inbound it is in the extensions of the response that was
/// given instead of the handler's; outbound it is the error with which the call fails.
///
/// ```
/// use http::Response;
/// use tower_conn_lint::Denied;
///
/// # let response = Response::new(());
/// if let Some(denied) = response.extensions().get::<Denied>() {
///     eprintln!("{denied}: {}", denied.lint().fix());
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("denied by the connection policy: {lint}")]
pub struct Denied {
    lint: Lint,
    status: StatusCode,
}

impl Denied {
    pub(crate) fn new(lint: Lint, status: StatusCode) -> Denied {
        Denied { lint, status }
    }

    /// The lint for which it was rejected.
    pub fn lint(&self) -> Lint {
        self.lint
    }

    /// The status that the policy names for a received request.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}
