//! What is read of a request beside its signs.

use std::mem;
use std::net::SocketAddr;

use http::request::Parts;
use http::{Extensions, HeaderMap, Request, Uri, header};

use crate::field::{Framing, Signs, request_framing};
use crate::lint::Label;

/// The route that a router matched before the layer was called; axum's, where its feature is on.
#[derive(Debug, Default)]
pub(super) struct MatchedRoute(
    #[cfg(feature = "axum")] Option<axum::extract::MatchedPath>,
    #[cfg(not(feature = "axum"))] (),
);

/// How a request came here: its path as the caller sent it, and the route that a router matched.
pub(super) struct Routed<'a> {
    pub(super) path: &'a str,
    pub(super) matched: MatchedRoute,
}

// === impl Routed ===

impl<'a> Routed<'a> {
    pub(super) fn of<B>(request: &'a Request<B>) -> Routed<'a> {
        // A router of axum's leaves the URI before it matches (0.8).
        match original_uri(request) {
            Some(original) => {
                Routed { path: original.path(), matched: MatchedRoute::of(request.extensions()) }
            }
            None => Routed { path: request.uri().path(), matched: MatchedRoute::default() },
        }
    }
}

// === impl MatchedRoute ===

impl MatchedRoute {
    #[cfg(feature = "axum")]
    #[inline(never)]
    pub(super) fn of(extensions: &Extensions) -> MatchedRoute {
        MatchedRoute(extensions.get().cloned())
    }

    #[cfg(not(feature = "axum"))]
    pub(super) fn of(_: &Extensions) -> MatchedRoute {
        MatchedRoute(())
    }

    #[cfg(feature = "axum")]
    pub(super) fn label(&self) -> Option<Label> {
        self.0.as_ref().map(|path| Label::new(path.as_str()))
    }

    #[cfg(not(feature = "axum"))]
    pub(super) fn label(&self) -> Option<Label> {
        None
    }
}

/// The template that axum's router matched.
pub(super) fn template(extensions: &Extensions) -> Option<&str> {
    #[cfg(feature = "axum")]
    return extensions.get::<axum::extract::MatchedPath>().map(|path| path.as_str());
    #[cfg(not(feature = "axum"))]
    {
        _ = extensions;
        None
    }
}

/// The peer's address, where a server of axum's tells it.
#[cfg(feature = "axum")]
pub(super) fn connect_info(extensions: &Extensions) -> Option<SocketAddr> {
    extensions.get::<axum::extract::ConnectInfo<SocketAddr>>().map(|peer| peer.0)
}

#[cfg(not(feature = "axum"))]
pub(super) fn connect_info(_: &Extensions) -> Option<SocketAddr> {
    None
}

/// A request's body stays where it is: moving it costs more than judging.
pub(super) fn swap_head<B>(request: &mut Request<B>, parts: &mut Parts) {
    mem::swap(request.method_mut(), &mut parts.method);
    mem::swap(request.uri_mut(), &mut parts.uri);
    mem::swap(request.version_mut(), &mut parts.version);
    mem::swap(request.headers_mut(), &mut parts.headers);
    mem::swap(request.extensions_mut(), &mut parts.extensions);
}

/// Whether this is a call of gRPC, by its content type.
pub(super) fn is_grpc(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    let Some(value) = content_type.and_then(|value| value.to_str().ok()) else { return false };
    // Not gRPC-Web, whose name goes on.
    let (start, rest) = value.split_at_checked("application/grpc".len()).unwrap_or_default();
    start.eq_ignore_ascii_case("application/grpc")
        && matches!(rest.bytes().next(), None | Some(b'+' | b';' | b' '))
}

/// Whether a connection of HTTP/1.1 ends if this request's content is not read: hyper reads on for
/// what is short, and drops the connection without a word for the rest (1.12).
pub(super) fn leaves_content(signs: Signs, headers: &HeaderMap) -> bool {
    const SHORT: u64 = 8 * 1024;
    let is_short = |framing| matches!(framing, Framing::Length(length) if length <= SHORT);
    signs.contains(Signs::CONTENT)
        && !signs.intersects(Signs::MULTIPLEXED)
        && !is_short(request_framing(signs.version(), headers))
}

/// The host and port that a request is for, as its URI or its `Host` field names them, behind
/// credentials if it has any.
pub(super) fn authority<B>(request: &Request<B>) -> Option<&str> {
    let by_uri = request.uri().authority().map(|authority| authority.as_str());
    let by_field = || request.headers().get(header::HOST)?.to_str().ok();
    by_uri.or_else(by_field)
}

/// Credentials before the host never reach a label.
pub(super) fn without_credentials(authority: &str) -> &str {
    authority.rsplit('@').next().unwrap_or(authority)
}

/// The URI that the caller sent, where a router of axum's was there since.
#[cfg(feature = "axum")]
#[inline(always)]
pub(super) fn original_uri<B>(request: &Request<B>) -> Option<&Uri> {
    let extensions = request.extensions();
    // A router that matched put the template beside it, and one that stripped a prefix what it
    // stripped (0.8): alone it is the URI that the request has.
    if extensions.len() < 2 {
        return None;
    }
    extensions.get::<axum::extract::OriginalUri>().map(|original| &original.0)
}

#[cfg(not(feature = "axum"))]
pub(super) fn original_uri<B>(_: &Request<B>) -> Option<&Uri> {
    None
}

/// The whole path as the caller sent it, also where `nest` stripped its prefix.
pub(super) fn original_path<B>(request: &Request<B>) -> &str {
    Routed::of(request).path
}
