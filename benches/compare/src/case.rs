use http::{Request, Response, Version};
use tower_conn_lint::{Policy, Preset, Route, lint};

use crate::messages::{self, Body};

/// What passes, and under which policy.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) request: fn() -> Request<Body>,
    pub(crate) response: fn() -> Response<Body>,
    pub(crate) policy: fn() -> Policy,
}

const PATH: &str = "/v1/users/42";
/// Longer than what is kept until something is found, so that it is matched at once.
const LONG_PATH: &str = "/v1/users/42-of-a-name-that-is-longer-than-what-a-target-keeps-until-something-is-found/orders";
/// As a client sends it.
const URI: &str = "http://api.example.com/v1/users/42";

const CLEAN: Case =
    Case { name: "clean-get", request: || get(), response: messages::plain, policy: routes };

const OUTBOUND: Case = Case {
    name: "outbound-clean-get",
    request: || messages::get(URI),
    response: messages::full,
    policy: outbound_routes,
};

/// All of them. The findings are those that a message shows by itself.
pub(crate) static CASES: [Case; 29] = [
    CLEAN,
    // With ten fields each way.
    Case { name: "clean-get-answered", response: messages::full, ..CLEAN },
    Case { name: "no-routes", policy: Policy::default, ..CLEAN },
    Case { name: "routes-10000", policy: many_routes, ..CLEAN },
    Case { name: "preview", policy: previewing, ..CLEAN },
    Case { name: "long-path", request: || messages::get(LONG_PATH), ..CLEAN },
    // As hyper's own server hands it on.
    Case { name: "empty-extensions", request: messages::get_alone, ..CLEAN },
    // As browsers send it.
    Case { name: "keep-alive", request: || get_with("connection", "keep-alive"), ..CLEAN },
    Case { name: "body", request: || messages::post("/v1/users"), ..CLEAN },
    Case { name: "http2", request: || messages::speaking(Version::HTTP_2, get()), ..CLEAN },
    Case { name: "finding-request-close", request: || get_with("connection", "close"), ..CLEAN },
    Case {
        name: "finding-request-close-routes-10000",
        request: || get_with("connection", "close"),
        policy: many_routes,
        ..CLEAN
    },
    Case {
        name: "finding-response-close",
        response: || messages::plain_with("connection", "close"),
        ..CLEAN
    },
    Case {
        name: "finding-http10-without-keep-alive",
        request: || messages::speaking(Version::HTTP_10, get()),
        ..CLEAN
    },
    Case {
        name: "finding-close-keep-alive-conflict",
        request: || get_with("connection", "close, keep-alive"),
        ..CLEAN
    },
    Case {
        name: "finding-upgrade-with-close",
        request: || {
            let mut request = get_with("connection", "upgrade, close");
            let value = http::HeaderValue::from_static("websocket");
            request.headers_mut().insert("upgrade", value);
            request
        },
        ..CLEAN
    },
    Case {
        name: "finding-connection-bad-token",
        request: || get_with("connection", "keep alive"),
        ..CLEAN
    },
    Case {
        name: "finding-misspelled-option",
        request: || get_with("connection", "keepalive"),
        ..CLEAN
    },
    Case {
        name: "finding-connection-lists-end-to-end",
        request: || get_with("connection", "cache-control"),
        ..CLEAN
    },
    Case {
        name: "finding-keep-alive-field-without-option",
        request: || get_with("keep-alive", "timeout=5"),
        ..CLEAN
    },
    Case {
        name: "finding-keep-alive-syntax",
        response: || {
            let mut response = messages::plain_with("connection", "keep-alive");
            let value = http::HeaderValue::from_static("timeout 5");
            response.headers_mut().insert("keep-alive", value);
            response
        },
        ..CLEAN
    },
    Case {
        name: "finding-proxy-connection-sent",
        request: || get_with("proxy-connection", "keep-alive"),
        ..CLEAN
    },
    Case {
        name: "finding-connection-field-in-http2",
        request: || messages::speaking(Version::HTTP_2, get_with("connection", "keep-alive")),
        ..CLEAN
    },
    Case {
        name: "deny",
        request: || get_with("connection", "close"),
        policy: || built(Policy::builder().deny(lint::CALLER_SENDS_CLOSE).over(routes())),
        ..CLEAN
    },
    Case {
        name: "rewrite",
        response: || messages::plain_with("connection", "close"),
        policy: || built(Policy::builder().fix(lint::HANDLER_SENDS_CLOSE).over(routes())),
        ..CLEAN
    },
    OUTBOUND,
    Case {
        name: "outbound-finding-response-close",
        response: || messages::full_with("connection", "close"),
        ..OUTBOUND
    },
    Case {
        name: "outbound-rewrite",
        request: || messages::get_with(URI, "connection", "close"),
        policy: || built(Policy::builder().fix(lint::CLIENT_SENDS_CLOSE).over(outbound_routes())),
        ..OUTBOUND
    },
    Case {
        name: "outbound-http2",
        response: || {
            let mut response = messages::full();
            *response.version_mut() = Version::HTTP_2;
            response
        },
        ..OUTBOUND
    },
];

/// The routes of a service, as one writes them into a policy.
const ROUTES: [(&str, &str); 20] = [
    ("GET", "/v1/users"),
    ("POST", "/v1/users"),
    ("GET", "/v1/users/{id}"),
    ("PUT", "/v1/users/{id}"),
    ("GET", "/v1/users/{id}/orders"),
    ("POST", "/v1/users/{id}/orders"),
    ("GET", "/v1/orders"),
    ("GET", "/v1/orders/{id}"),
    ("DELETE", "/v1/orders/{id}"),
    ("GET", "/v1/orders/{id}/items"),
    ("GET", "/v1/products"),
    ("GET", "/v1/products/{id}"),
    ("GET", "/v1/search"),
    ("POST", "/login"),
    ("POST", "/logout"),
    ("POST", "/upload/{name}"),
    ("GET", "/export/{*rest}"),
    ("GET", "/legacy/{*rest}"),
    ("GET", "/metrics"),
    ("GET", "/health"),
];

fn get() -> Request<Body> {
    messages::get(PATH)
}

fn get_with(name: &'static str, value: &'static str) -> Request<Body> {
    messages::get_with(PATH, name, value)
}

fn routes() -> Policy {
    let route =
        |(method, path)| Route::inbound(format!("{method} {path}")).warn(lint::HANDLER_SENDS_CLOSE);
    of(ROUTES.map(route))
}

/// The same, and others up to 10,000.
fn many_routes() -> Policy {
    let others = (ROUTES.len()..10_000).map(|number| {
        let path = format!("/v2/{}/{}/users/{{id}}", number % 100, number / 100);
        Route::inbound(path).warn(lint::HANDLER_SENDS_CLOSE)
    });
    let builder = others.fold(Policy::builder(), |builder, route| builder.route(route));
    built(builder.over(routes()))
}

/// The same, with a stricter policy that acts on nothing, on a route of its own.
fn previewing() -> Policy {
    let route = Route::inbound("/v1/users/{id}/drafts").fix(lint::HANDLER_SENDS_CLOSE);
    let next = Policy::builder().preset(Preset::Strict1).route(route);
    built(Policy::builder().preview_policy(next).over(routes()))
}

fn outbound_routes() -> Policy {
    let route = |(method, path)| {
        Route::outbound(format!("{method} gateway {path}")).warn(lint::CLIENT_SENDS_CLOSE)
    };
    of(ROUTES.map(route))
}

fn of(routes: [Route; 20]) -> Policy {
    built(routes.into_iter().fold(Policy::builder(), |builder, route| builder.route(route)))
}

fn built(builder: tower_conn_lint::policy::PolicyBuilder) -> Policy {
    builder.build().expect("the policy is well-formed")
}
