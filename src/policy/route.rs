use super::document::{RouteDocument, Setting, Written};
use super::{LintName, Rollout};
pub(crate) use crate::connection::Side;
use crate::heal::{Budget, Switch};
use crate::lint::Level;

/// The levels of one route, told apart by method and path template, outbound also by the
/// client's name or the host.
///
/// - Inbound, the template stands for the whole path as the caller sent it, also inside `nest`:
///   `"POST /login"`, `"/legacy/{*rest}"`.
/// - Outbound, the client's name or a host (with or without its port) stands before it, a method
///   before that: `"gateway /v1/{*rest}"`, `"POST api.example.com /login"`, `"gateway"`.
///
/// Templates may overlap: the most specific wins, static over parameter over rest, segment by
/// segment, then a method over none, then the later route. Routes that differ by the names of
/// parameters at most are one, and of its lints the later level holds. A route for GET is one for HEAD, too,
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
    levels: Vec<(LintName, Rollout)>,
    drain: Option<Switch<Budget>>,
}

// === impl Route ===

impl Route {
    /// A route of our server: `[METHOD] TEMPLATE`.
    pub fn inbound(route: impl Into<String>) -> Route {
        Route::new(Side::Inbound, route.into())
    }

    /// A route of our client: `[METHOD] CLIENT-OR-HOST [TEMPLATE]`.
    pub fn outbound(route: impl Into<String>) -> Route {
        Route::new(Side::Outbound, route.into())
    }

    /// Sets a lint's level on this route, or with a [`Rollout`] on a share of the instances.
    #[must_use]
    pub fn level(mut self, lint: impl Into<LintName>, level: impl Into<Rollout>) -> Route {
        self.levels.push((lint.into(), level.into()));
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

    /// Reads bodies that nobody reads away on this route: of requests where it is inbound, of responses
    /// where it is outbound ([`Cures`](crate::heal::Cures)).
    #[must_use]
    pub fn drain(mut self, budget: Budget) -> Route {
        self.drain = Some(Switch::On(budget));
        self
    }

    /// Reads none of them away on this route, whatever holds elsewhere.
    #[must_use]
    pub fn without_drain(mut self) -> Route {
        self.drain = Some(Switch::Off);
        self
    }

    fn new(side: Side, text: String) -> Route {
        Route { side, text, levels: Vec::new(), drain: None }
    }

    pub(super) fn into_document(self) -> RouteDocument {
        RouteDocument {
            side: self.side,
            text: Written::in_code(self.text),
            drain: self.drain.map(Written::in_code),
            lints: self
                .levels
                .into_iter()
                .map(|(lint, level)| Setting::in_code(lint, level))
                .collect(),
        }
    }
}
