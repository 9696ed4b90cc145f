//! Below the lint, whatever the policy lets pass: what is of one hop goes no further. Under a policy
//! that fixes it nothing is left to do here.

use http::header::{CONNECTION, TE, UPGRADE, VIA};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Version};
use tower_conn_lint::IntentionalClose;
use tower_conn_lint::field::{connection_options, is_sensitive, remove_field};

/// What a request goes on with, in its extensions: said last, so that nothing takes it for received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passage {
    pub(crate) upgrades: bool,
    pub(crate) version: Version,
}

const OF_ONE_HOP: [HeaderName; 6] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("http2-settings"),
    TE,
    UPGRADE,
];

pub(crate) fn clear_request<B>(mut request: Request<B>) -> Request<B> {
    let passage = request.extensions_mut().remove::<Passage>();
    let upgrades = passage.is_some_and(|passage| passage.upgrades);
    let headers = request.headers_mut();
    clear(headers, upgrades);
    if let Some(Passage { version, .. }) = passage {
        headers.append(VIA, HeaderValue::from_static(via(version)));
    }
    request
}

/// A response of the gateway's own stays as it is.
pub(crate) fn clear_response<B>(mut response: Response<B>) -> Response<B> {
    if response.extensions().get::<IntentionalClose>().is_some() {
        return response;
    }
    let switches = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    let upgrades = switches || response.status() == StatusCode::UPGRADE_REQUIRED;
    let headers = response.headers_mut();
    // A fix may have put it there.
    let closes = connection_options(headers).any(|option| option.is_close());
    clear(headers, upgrades);
    if closes && !switches {
        headers.append(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn clear(headers: &mut HeaderMap, upgrades: bool) {
    let nominated: Vec<HeaderName> = connection_options(headers)
        .filter(|option| headers.contains_key(option.as_str()))
        .filter_map(|option| option.as_str().parse().ok())
        .filter(|name| !is_sensitive(name) && !OF_ONE_HOP.contains(name))
        .collect();
    let takes_trailers = headers.get_all(TE).iter().any(names_trailers);
    for name in nominated.iter().chain(&OF_ONE_HOP) {
        if headers.contains_key(name) && !(upgrades && *name == UPGRADE) {
            remove_field(headers, name);
        }
    }
    if takes_trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
    if upgrades {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    }
}

fn names_trailers(line: &HeaderValue) -> bool {
    let mut codings = line.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    codings.any(|coding| coding.eq_ignore_ascii_case(b"trailers"))
}

fn via(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "1.0 conn-lint",
        Version::HTTP_11 => "1.1 conn-lint",
        _ => "2.0 conn-lint",
    }
}
