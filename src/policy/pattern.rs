use std::fmt;

use http::Method;

use super::template::Segment;
use super::{Origin, PolicyError, Template};
use crate::connection::Side;
use crate::lint::{Lint, printable};

/// A route as it was written, and its side: `inbound POST /login`.
///
/// ```
/// use tower_conn_lint::{Policy, Route, lint};
///
/// let policy = Policy::builder()
///     .route(Route::inbound("POST /login").deny(lint::CALLER_SENDS_CLOSE))
///     .build()
///     .unwrap();
/// let routes: Vec<_> = policy.routes().map(|route| route.to_string()).collect();
/// assert_eq!(routes, ["inbound POST /login"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct RouteName {
    /// Whether it is one of a server's or of a client's.
    pub side: Side,
    /// Method, client or host, and template, as far as they were given.
    pub text: Box<str>,
}

/// A route whose text was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    pub(super) name: RouteName,
    /// The client's name or the host; `None` for inbound routes.
    pub(super) target: Option<Box<str>>,
    pub(super) method: Option<Method>,
    /// `None` stands for every path.
    pub(super) template: Option<Template>,
}

/// What makes two patterns the same route, whatever the names of their parameters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    target: Option<Box<str>>,
    method: Option<Method>,
    segments: Option<Box<[Segment]>>,
}

/// The longest name in bytes: a whole template, and a host before it.
const NAME: usize = 1536;

// === impl RouteName ===

impl fmt::Display for RouteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{} {}", self.side, self.text))
    }
}

// === impl Pattern ===

impl Pattern {
    /// Reads the route; a mistake has its origin.
    pub(super) fn parse(side: Side, text: &str, origin: &Origin) -> Result<Pattern, PolicyError> {
        Pattern::parse_text(side, text).map_err(|error| error.at(origin))
    }

    fn parse_text(side: Side, text: &str) -> Result<Pattern, PolicyError> {
        let refuse = |reason: &str| PolicyError::route(text, reason);
        let mut words: Vec<&str> = text.split_ascii_whitespace().collect();
        let name = RouteName { side, text: printable(&words.join(" "), NAME).into() };
        let template = match words.last() {
            Some(word) if word.starts_with('/') => {
                let template =
                    Template::parse(word).map_err(|error| PolicyError::template(text, &error))?;
                words.pop();
                Some(template)
            }
            _ if side == Side::Inbound => {
                return Err(refuse("write `/path` or `METHOD /path`"));
            }
            _ => None,
        };
        let target = match side {
            Side::Inbound => None,
            Side::Outbound => match words.pop() {
                Some(word) if word.contains('/') => {
                    let near = without_slash(word, words.last().copied());
                    return Err(PolicyError::target(text, word, &near));
                }
                Some(word) if !STANDARD.contains(&word) => Some(word.into()),
                _ => return Err(refuse("name the client or the host before the path")),
            },
        };
        let method = match words.as_slice() {
            [] => None,
            [word] => Some(method(word).map_err(|reason| refuse(&reason))?),
            _ if side == Side::Inbound => {
                return Err(refuse("write `/path` or `METHOD /path`"));
            }
            _ => return Err(refuse("write `client /path` or `METHOD client /path`")),
        };
        Ok(Pattern { name, target, method, template })
    }

    /// Refuses a lint that is never looked for on this side.
    pub(super) fn check_side(&self, lint: Lint) -> Result<Lint, PolicyError> {
        let (inbound, right) = match self.name.side {
            Side::Inbound => (true, "outbound"),
            Side::Outbound => (false, "inbound"),
        };
        if lint.is_looked_for(inbound) {
            Ok(lint)
        } else {
            Err(PolicyError::wrong_side(&self.name.text, lint, right))
        }
    }

    pub(super) fn shape(&self) -> Shape {
        Shape {
            target: self.target.as_ref().map(|target| target.to_ascii_lowercase().into()),
            method: self.method.clone(),
            segments: self.template.as_ref().map(|template| template.segments().into()),
        }
    }
}

/// The methods of RFC 9110 section 9 and RFC 5789.
pub(super) const STANDARD: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];

pub(super) fn method(word: &str) -> Result<Method, String> {
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
