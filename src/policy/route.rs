use http::Method;

use super::{LintName, PolicyError, Template, resolve};
use crate::lint::{Level, Lint};

/// The levels of one route, told apart by method and path template, outbound also by the
/// client's name or the host.
///
/// - Inbound, the template stands for the whole path as the caller sent it, also inside `nest`:
///   `"POST /login"`, `"/legacy/{*rest}"`.
/// - Outbound, the client's name or a host (with or without its port) stands before it, a method
///   before that: `"gateway /v1/{*rest}"`, `"POST api.example.com /login"`, `"gateway"`.
///
/// Templates may overlap: the most specific wins, static over parameter over rest, segment by
/// segment, then a method over none, then the later route. A route for GET is one for HEAD, too,
/// unless HEAD has one of its own. The client's name goes before the host; neither is compared with
/// regard to ASCII case.
///
/// ```
/// use tower_conn_lint::{Policy, Preset, Route, lint};
///
/// let policy = Policy::builder()
///     .preset(Preset::Recommended1)
///     .route(Route::inbound("POST /login").deny(lint::CALLER_SENDS_CLOSE))
///     .route(Route::outbound("gateway /v1/{*rest}").warn(lint::CLIENT_SENDS_CLOSE))
///     .build()
///     .unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Route {
    side: Side,
    text: String,
    levels: Vec<(LintName, Level)>,
}

/// A route whose text was read.
#[derive(Clone, Debug)]
pub(super) struct ParsedRoute {
    /// The client's name or the host; `None` for inbound routes.
    pub(super) target: Option<Box<str>>,
    pub(super) method: Option<Method>,
    /// `None` stands for every path.
    pub(super) template: Option<Template>,
    pub(super) levels: Vec<(Lint, Level)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Inbound,
    Outbound,
}

// === impl Route ===

impl Route {
    /// A route of our server: `[METHOD] TEMPLATE`.
    pub fn inbound(route: impl Into<String>) -> Route {
        Route { side: Side::Inbound, text: route.into(), levels: Vec::new() }
    }

    /// A route of our client: `[METHOD] CLIENT-OR-HOST [TEMPLATE]`.
    pub fn outbound(route: impl Into<String>) -> Route {
        Route { side: Side::Outbound, text: route.into(), levels: Vec::new() }
    }

    /// Sets a lint's level on this route.
    #[must_use]
    pub fn level(mut self, lint: impl Into<LintName>, level: Level) -> Route {
        self.levels.push((lint.into(), level));
        self
    }

    /// Silences a lint on this route.
    #[must_use]
    pub fn allow(self, lint: impl Into<LintName>) -> Route {
        self.level(lint, Level::Allow)
    }

    /// Reports a lint on this route.
    #[must_use]
    pub fn warn(self, lint: impl Into<LintName>) -> Route {
        self.level(lint, Level::Warn)
    }

    /// Rewrites outgoing messages of this route.
    #[must_use]
    pub fn fix(self, lint: impl Into<LintName>) -> Route {
        self.level(lint, Level::Fix)
    }

    /// Rejects requests of this route.
    #[must_use]
    pub fn deny(self, lint: impl Into<LintName>) -> Route {
        self.level(lint, Level::Deny)
    }

    /// Reads the route; what is refused goes into `errors`, and drops only itself.
    pub(super) fn parse(&self, errors: &mut Vec<PolicyError>) -> Option<ParsedRoute> {
        let mut parsed = match self.parse_text() {
            Ok(parsed) => parsed,
            Err(error) => {
                errors.push(error);
                return None;
            }
        };
        parsed.levels = resolve(&self.levels, |lint| self.check_side(lint), errors);
        Some(parsed)
    }

    fn parse_text(&self) -> Result<ParsedRoute, PolicyError> {
        let refuse = |reason: &str| PolicyError::route(&self.text, reason);
        let mut words: Vec<&str> = self.text.split_ascii_whitespace().collect();
        let template = match words.last() {
            Some(word) if word.starts_with('/') => {
                let template = Template::parse(word)
                    .map_err(|error| PolicyError::template(&self.text, &error))?;
                words.pop();
                Some(template)
            }
            _ if self.side == Side::Inbound => {
                return Err(refuse("write `/path` or `METHOD /path`"));
            }
            _ => None,
        };
        let target = match self.side {
            Side::Inbound => None,
            Side::Outbound => match words.pop() {
                Some(word) if word.contains('/') => {
                    let near = without_slash(word, words.last().copied());
                    return Err(PolicyError::target(&self.text, word, &near));
                }
                Some(word) if !STANDARD.contains(&word) => Some(word.into()),
                _ => return Err(refuse("name the client or the host before the path")),
            },
        };
        let method = match words.as_slice() {
            [] => None,
            [word] => Some(method(word).map_err(|reason| refuse(&reason))?),
            _ if self.side == Side::Inbound => {
                return Err(refuse("write `/path` or `METHOD /path`"));
            }
            _ => return Err(refuse("write `client /path` or `METHOD client /path`")),
        };
        Ok(ParsedRoute { target, method, template, levels: Vec::new() })
    }

    fn check_side(&self, lint: Lint) -> Result<Lint, PolicyError> {
        let (inbound, right) = match self.side {
            Side::Inbound => (true, "outbound"),
            Side::Outbound => (false, "inbound"),
        };
        if lint.is_looked_for(inbound) {
            Ok(lint)
        } else {
            Err(PolicyError::wrong_side(&self.text, lint, right))
        }
    }
}

/// The methods of RFC 9110 section 9 and RFC 5789.
const STANDARD: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];

fn method(word: &str) -> Result<Method, String> {
    if let Some(near) =
        STANDARD.iter().find(|near| near.eq_ignore_ascii_case(word) && **near != word)
    {
        return Err(format!("a method is in upper case: did you mean `{near}`?"));
    }
    if word.bytes().any(|byte| byte.is_ascii_lowercase()) {
        let reason = "the first word is no method, which is in upper case; a client stands on \
                      outbound routes only";
        return Err(reason.to_owned());
    }
    Method::from_bytes(word.as_bytes()).map_err(|_| "this method is no token".to_owned())
}

/// What was probably meant by a path or a URL that stands where a client or host is due.
fn without_slash(word: &str, before: Option<&str>) -> String {
    let word = word.split_once("://").map_or(word, |(_, rest)| rest);
    let after_client = before.is_some_and(|before| method(before).is_err());
    match word.split_once('/') {
        Some(_) if after_client => format!("/{word}"),
        Some((host, path)) => format!("{host} /{path}"),
        None => word.to_owned(),
    }
}
