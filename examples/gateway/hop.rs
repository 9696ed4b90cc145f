//! Below the lint, whatever the policy lets pass: what is of one hop goes no further. Under a policy
//! that fixes it nothing is left to do here.

use http::header::{CONNECTION, TE, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use tower_conn_lint::IntentionalClose;
use tower_conn_lint::field::{connection_options, is_sensitive, remove_field};

use crate::tunnel::wants_websocket;

const OF_ONE_HOP: [HeaderName; 5] = [
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("http2-settings"),
    TE,
    UPGRADE,
];

pub(crate) fn clear_request<B>(mut request: Request<B>) -> Request<B> {
    let upgrades = wants_websocket(request.headers());
    clear(request.headers_mut(), upgrades);
    request
}

/// A response of the gateway's own stays as it is.
pub(crate) fn clear_response<B>(mut response: Response<B>) -> Response<B> {
    if response.extensions().get::<IntentionalClose>().is_none() {
        let upgrading = [StatusCode::SWITCHING_PROTOCOLS, StatusCode::UPGRADE_REQUIRED];
        let upgrades = upgrading.contains(&response.status());
        // A fix may have put it there.
        let closes = connection_options(response.headers()).any(|option| option.is_close());
        clear(response.headers_mut(), upgrades);
        if closes && response.status() != StatusCode::SWITCHING_PROTOCOLS {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
    response
}

fn clear(headers: &mut HeaderMap, upgrades: bool) {
    let names = |option: tower_conn_lint::field::ConnectionOption<'_>| option.as_str().parse().ok();
    let nominated: Vec<HeaderName> = connection_options(headers)
        .filter(|option| headers.contains_key(option.as_str()))
        .filter_map(names)
        .filter(|name| !is_sensitive(name))
        .collect();
    let takes_trailers = headers.get(TE).is_some_and(|line| line == "trailers");
    for name in nominated.iter().chain(&OF_ONE_HOP).chain([&CONNECTION]) {
        let stays = upgrades && *name == UPGRADE || takes_trailers && *name == TE;
        if !stays && headers.contains_key(name) {
            remove_field(headers, name);
        }
    }
    if upgrades {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    }
}
