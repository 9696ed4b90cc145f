use std::fmt;

use http::Method;

use super::matcher::Matcher;
use super::pattern::{Pattern, STANDARD, method};
use super::{Origin, Policy, PolicyError};
use crate::connection::Side;

/// A request, or all requests of a route, as far as a policy asks for it: to see what would hold.
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
    Route(Box<Pattern>),
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

    /// All requests of a route, written as in [`Route`](super::Route), but those of narrower ones: the
    /// policy need not have it. Without a method it is what holds for every one.
    ///
    /// ```
    /// use tower_conn_lint::connection::Side;
    /// use tower_conn_lint::{Policy, Route, lint, lint::Level, policy::Query};
    ///
    /// let policy = Policy::builder()
    ///     .route(Route::inbound("/v1/{*rest}").allow(lint::CALLER_SENDS_CLOSE))
    ///     .build()
    ///     .unwrap();
    /// let items = policy.effective(&Query::route(Side::Inbound, "/v1/items/{id}")?);
    /// assert_eq!(items.get(lint::CALLER_SENDS_CLOSE).unwrap().level, Level::Allow);
    /// # Ok::<(), tower_conn_lint::policy::PolicyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A text that is written in another way.
    pub fn route(side: Side, route: &str) -> Result<Query, PolicyError> {
        let pattern = Pattern::parse(side, route, &Origin::CODE)?;
        Ok(Query { asked: Asked::Route(Box::new(pattern)) })
    }

    /// The side that it is on; `None` of what holds everywhere.
    pub fn side(&self) -> Option<Side> {
        match &self.asked {
            Asked::Everywhere => None,
            Asked::Inbound { .. } => Some(Side::Inbound),
            Asked::Outbound { .. } => Some(Side::Outbound),
            Asked::Route(pattern) => Some(pattern.name.side),
        }
    }

    pub(super) fn is_excluded(&self, policy: &Policy) -> bool {
        match &self.asked {
            Asked::Inbound { method, path } => policy.excluded_paths.find(method, path).is_some(),
            Asked::Route(pattern) if pattern.name.side == Side::Inbound => {
                let covers = |template| {
                    !policy.excluded_paths.covering(pattern.method.as_ref(), template).is_empty()
                };
                pattern.template.as_ref().is_some_and(covers)
            }
            _ => false,
        }
    }

    /// The route of a policy that it falls under.
    pub(super) fn find(&self, matcher: &Matcher) -> Option<u32> {
        match &self.asked {
            Asked::Everywhere => None,
            Asked::Inbound { method, path } => matcher.inbound(method, path),
            Asked::Outbound { target, path: None, .. } => matcher.outbound_whole(target, target),
            // A target may be a client's name or a host.
            Asked::Outbound { method, target, path: Some(path) } => {
                matcher.outbound(target, method, Some(target), path)
            }
            Asked::Route(pattern) => matcher.covering(pattern).first().copied(),
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
            Asked::Route(pattern) => write!(f, "{}", pattern.name),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::{self, Level, Lint};
    use crate::policy::{DecidedBy, Expectation, Route};

    #[test]
    fn a_route_has_what_holds_for_each_of_its_requests() {
        const CALLER: Lint = lint::CALLER_SENDS_CLOSE;
        const CLIENT: Lint = lint::CLIENT_SENDS_CLOSE;

        let known = Expectation::new(CALLER, "team-store", "terminals").inbound("/pay/{*rest}");
        let policy = Policy::builder()
            .route(Route::inbound("/v1/{*rest}").allow(CALLER))
            .route(Route::inbound("POST /v1/items/{id}").deny(CALLER))
            .route(Route::inbound("/v1/items/new").deny(CALLER))
            .route(Route::outbound("gateway /v1/{*rest}").allow(CLIENT))
            .expect(known)
            .exclude_path("/health/{*rest}")
            .build()
            .expect("it is well-formed");
        for (side, route, lint, level, by) in [
            (Side::Inbound, "/v1/{*any}", CALLER, Level::Allow, DecidedBy::Route),
            (Side::Inbound, "/v1/items/{item}", CALLER, Level::Allow, DecidedBy::Route),
            (Side::Inbound, "POST /v1/items/{item}", CALLER, Level::Deny, DecidedBy::Route),
            (Side::Inbound, "/v1/items/new", CALLER, Level::Deny, DecidedBy::Route),
            (Side::Inbound, "/{*rest}", CALLER, Level::Warn, DecidedBy::Preset),
            (Side::Inbound, "/pay/{id}", CALLER, Level::Allow, DecidedBy::Expectation),
            (Side::Outbound, "Gateway /v1/{id}", CLIENT, Level::Allow, DecidedBy::Route),
            (Side::Outbound, "gateway", CLIENT, Level::Warn, DecidedBy::Preset),
        ] {
            let query = Query::route(side, route).expect(route);
            assert_eq!((query.side(), query.to_string()), (Some(side), format!("{side} {route}")));
            let effective = policy.effective(&query);
            let found = effective.get(lint).expect("it is looked for on this side");
            assert_eq!((found.level, found.by), (level, by), "{query}");
            assert!(!effective.excluded, "{query}");
        }
        for (route, excluded) in [("/health/{id}", true), ("GET /health/live", true), ("/h", false)]
        {
            let query = Query::route(Side::Inbound, route).expect(route);
            assert_eq!(policy.effective(&query).excluded, excluded, "{query}");
        }
        assert!(
            Query::route(Side::Inbound, "gateway /x").is_err(),
            "a client is none of a caller's"
        );
    }
}
