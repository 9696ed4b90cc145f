use std::fmt;

use http::Method;

use super::pattern::{STANDARD, method};
use super::{Policy, PolicyError};
use crate::connection::Side;

/// A request, as far as a policy asks for it: to see what would hold for it.
///
/// ```
/// use tower_conn_lint::policy::Query;
/// use tower_conn_lint::{Policy, Route, lint, lint::Level};
///
/// let policy = Policy::builder()
///     .route(Route::inbound("POST /login").deny(lint::CALLER_SENDS_CLOSE))
///     .build()
///     .unwrap();
/// let login = policy.effective(&Query::inbound("POST /login")?);
/// let close = login.get(lint::CALLER_SENDS_CLOSE).unwrap();
/// assert_eq!(close.level, Level::Deny);
/// assert_eq!(close.to_string(), "caller-sends-close = deny, code");
/// # Ok::<(), tower_conn_lint::policy::PolicyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    asked: Asked,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Asked {
    Everywhere,
    Inbound { method: Method, path: Box<str> },
    Outbound { method: Method, target: Box<str>, path: Option<Box<str>> },
}

// === impl Query ===

impl Query {
    /// What holds where no route does.
    pub fn everywhere() -> Query {
        Query { asked: Asked::Everywhere }
    }

    /// A request of a caller: `[METHOD] PATH`. Without a method it is a GET.
    ///
    /// # Errors
    ///
    /// A text that is written in another way.
    pub fn inbound(request: &str) -> Result<Query, PolicyError> {
        let (method, words) = read_method(request)?;
        match words[..] {
            [path] if path.starts_with('/') => {
                Ok(Query { asked: Asked::Inbound { method, path: without_query(path).into() } })
            }
            _ => Err(PolicyError::route(request, "write `/path` or `METHOD /path`")),
        }
    }

    /// A request of a client of ours: `[METHOD] CLIENT-OR-HOST [PATH]`. Without a method it is a
    /// GET; without a path all that goes there.
    ///
    /// # Errors
    ///
    /// A text that is written in another way.
    pub fn outbound(request: &str) -> Result<Query, PolicyError> {
        let (method, words) = read_method(request)?;
        let (target, path) = match words[..] {
            [target] => (target, None),
            [target, path] if path.starts_with('/') => (target, Some(without_query(path).into())),
            _ => ("", None),
        };
        if target.is_empty() || target.contains('/') || STANDARD.contains(&target) {
            let reason = "write `client`, `client /path` or `METHOD client /path`";
            return Err(PolicyError::route(request, reason));
        }
        Ok(Query { asked: Asked::Outbound { method, target: target.into(), path } })
    }

    /// The side that it is on; `None` of what holds everywhere.
    pub fn side(&self) -> Option<Side> {
        match self.asked {
            Asked::Everywhere => None,
            Asked::Inbound { .. } => Some(Side::Inbound),
            Asked::Outbound { .. } => Some(Side::Outbound),
        }
    }

    pub(super) fn is_excluded(&self, policy: &Policy) -> bool {
        match &self.asked {
            Asked::Inbound { method, path } => policy.excluded_paths.find(method, path).is_some(),
            _ => false,
        }
    }

    /// The route of a policy that it falls under.
    pub(super) fn find(&self, matcher: &super::matcher::Matcher) -> Option<u32> {
        match &self.asked {
            Asked::Everywhere => None,
            Asked::Inbound { method, path } => matcher.inbound(method, path),
            Asked::Outbound { target, path: None, .. } => matcher.outbound_whole(target, target),
            // A target may be a client's name or a host.
            Asked::Outbound { method, target, path: Some(path) } => {
                matcher.outbound(target, method, Some(target), path)
            }
        }
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.asked {
            Asked::Everywhere => f.write_str("everywhere"),
            Asked::Inbound { method, path } => write!(f, "inbound {method} {path}"),
            Asked::Outbound { target, path: None, .. } => write!(f, "outbound {target}"),
            Asked::Outbound { method, target, path: Some(path) } => {
                write!(f, "outbound {method} {target} {path}")
            }
        }
    }
}

/// The method, and the words after it.
fn read_method(request: &str) -> Result<(Method, Vec<&str>), PolicyError> {
    let words: Vec<&str> = request.split_ascii_whitespace().collect();
    let is_method = |word: &str| {
        let is_standard = STANDARD.iter().any(|of| of.eq_ignore_ascii_case(word));
        is_standard || !word.starts_with('/') && !word.bytes().any(|byte| byte.is_ascii_lowercase())
    };
    match words[..] {
        // A word alone is a client.
        [first, _, ..] if is_method(first) => {
            let method = method(first).map_err(|reason| PolicyError::route(request, reason))?;
            Ok((method, words[1..].to_vec()))
        }
        _ => Ok((Method::GET, words)),
    }
}

fn without_query(path: &str) -> &str {
    path.split(['?', '#']).next().unwrap_or(path)
}
