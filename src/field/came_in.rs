use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{StatusCode, Version};

use super::list::{Elements, Quotes};
use super::removal::{remove_field, set_lines};
use super::token::trim;
use super::{Signs, connection_options, is_sensitive};

/// What a message that a gateway received says of its own hop, remembered in the extensions of what
/// is passed on: in that only the lines as they were received count, and others are the gateway's.
#[derive(Clone, Debug)]
pub(crate) struct CameIn(Arc<Received>);

#[derive(Debug)]
struct Received {
    /// The fields of one hop.
    hop: HeaderMap,
    /// The other fields that an option names; no sensitive ones.
    nominated: HeaderMap,
    /// Another protocol is wanted, or taken, and the gateway may say so.
    upgrades: bool,
    /// What is nominated goes from the trailers, too.
    strips_trailers: AtomicBool,
}

const HOP_BY_HOP: [HeaderName; 6] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::UPGRADE,
    HeaderName::from_static("http2-settings"),
];

// === impl CameIn ===

impl CameIn {
    /// Of a request; none where it says nothing of its hop.
    pub(crate) fn of_request(version: Version, headers: &HeaderMap) -> Option<CameIn> {
        let offers = || connection_options(headers).any(|option| option.is_upgrade());
        let upgrades = version == Version::HTTP_11 && !offers_http2(headers) && offers();
        CameIn::new(headers, upgrades)
    }

    /// Of a response; none where it says nothing of its hop.
    pub(crate) fn of_response(status: StatusCode, headers: &HeaderMap) -> Option<CameIn> {
        let upgrading = [StatusCode::SWITCHING_PROTOCOLS, StatusCode::UPGRADE_REQUIRED];
        CameIn::new(headers, upgrading.contains(&status))
    }

    fn new(headers: &HeaderMap, upgrades: bool) -> Option<CameIn> {
        if !headers.keys().any(|name| HOP_BY_HOP.contains(name)) {
            return None;
        }
        let hop = lines_of(headers, HOP_BY_HOP.into_iter());
        // Asked by name, so that no more is made than there are fields, whatever is named.
        let present = connection_options(headers)
            .filter(|option| headers.contains_key(option.as_str()))
            .filter_map(|option| option.as_str().parse::<HeaderName>().ok())
            .filter(|name| !HOP_BY_HOP.contains(name) && !is_sensitive(name))
            .collect::<HashSet<_>>();
        let nominated = lines_of(headers, present.into_iter());
        let strips_trailers = AtomicBool::new(false);
        Some(CameIn(Arc::new(Received { hop, nominated, upgrades, strips_trailers })))
    }

    /// What of it a message passes on.
    pub(crate) fn passed_on(&self, headers: &HeaderMap) -> Signs {
        let nominated = match self.nominated_in(headers) {
            Some(_) => Signs::NOMINATED_PASSED_ON,
            None => Signs::NONE,
        };
        match self.hop_by_hop_in(headers) {
            Some(_) => nominated.with(Signs::HOP_BY_HOP_PASSED_ON),
            None => nominated,
        }
    }

    /// The first nominated field that a message passes on.
    pub(crate) fn nominated_in(&self, headers: &HeaderMap) -> Option<&HeaderName> {
        self.0.nominated.keys().find(|name| self.allowed(name, headers).is_some())
    }

    /// The first field of one hop that a message passes on.
    pub(crate) fn hop_by_hop_in(&self, headers: &HeaderMap) -> Option<&HeaderName> {
        self.0.hop.keys().find(|name| self.allowed(name, headers).is_some())
    }

    /// The `Connection` lines that came in, among others.
    pub(crate) fn fields_of_hop(&self) -> &HeaderMap {
        &self.0.hop
    }

    /// Removes the lines of nominated fields that came in.
    pub(crate) fn strip_nominated(&self, headers: &mut HeaderMap) -> bool {
        self.strip(self.0.nominated.keys(), headers)
    }

    /// Removes the lines of hop-by-hop fields that came in, but for `TE: trailers` and what an
    /// upgrade needs.
    pub(crate) fn strip_hop_by_hop(&self, headers: &mut HeaderMap) -> bool {
        self.strip(self.0.hop.keys(), headers)
    }

    /// From now on nominated fields are taken out of the trailers as well, where our wrapper of the
    /// body sees them. Relaxed: the head is handed on in between.
    pub(crate) fn strips_trailers(&self) {
        self.0.strips_trailers.store(true, Ordering::Relaxed);
    }

    /// Takes nominated fields out of the trailers, if that was asked for.
    #[cold]
    pub(crate) fn strip_trailers(&self, trailers: &mut HeaderMap) {
        if !self.0.strips_trailers.load(Ordering::Relaxed) {
            return;
        }
        for option in connection_options(&self.0.hop) {
            if !trailers.contains_key(option.as_str()) {
                continue;
            }
            let name = option.as_str().parse::<HeaderName>().ok();
            if let Some(name) = name.filter(|name| !is_sensitive(name)) {
                remove_field(trailers, &name);
            }
        }
    }

    fn strip<'a>(
        &'a self,
        names: impl Iterator<Item = &'a HeaderName>,
        headers: &mut HeaderMap,
    ) -> bool {
        names.fold(false, |stripped, name| match self.allowed(name, headers) {
            Some(lines) => set_lines(headers, name, lines) || stripped,
            None => stripped,
        })
    }

    /// The lines of a field that may be passed on, where others are; none where all may.
    fn allowed(&self, name: &HeaderName, headers: &HeaderMap) -> Option<Vec<HeaderValue>> {
        let Received { hop, nominated, upgrades, .. } = &*self.0;
        if !headers.contains_key(name) || *upgrades && *name == header::UPGRADE {
            return None;
        }
        let received = [hop, nominated].into_iter().flat_map(|lines| lines.get_all(name));
        let received: HashSet<&HeaderValue> = received.collect();
        // What a line of this field may say all the same.
        let excepted = match *name {
            header::TE => Some("trailers"),
            header::CONNECTION if *upgrades => Some("upgrade"),
            _ => None,
        };
        let says = |line: &HeaderValue, text: &str| {
            trim(line.as_bytes()).eq_ignore_ascii_case(text.as_bytes())
        };
        let is_allowed = |line: &HeaderValue| {
            !received.contains(line) || excepted.is_some_and(|text| says(line, text))
        };
        let lines = headers.get_all(name);
        let mut allowed: Vec<_> = lines.iter().filter(|line| is_allowed(line)).cloned().collect();
        if allowed.len() == lines.iter().count() {
            return None;
        }
        if let Some(text) = excepted {
            let is_said = allowed.iter().any(|line| says(line, text));
            let mut elements = Elements::new(headers, name.clone(), Quotes::Plain);
            let is_meant = |element: &[u8]| {
                let name = element.split(|byte| *byte == b';').next().unwrap_or_default();
                trim(name).eq_ignore_ascii_case(text.as_bytes())
            };
            if !is_said && elements.any(is_meant) {
                allowed.push(HeaderValue::from_static(text));
            }
        }
        Some(allowed)
    }
}

/// The lines of these fields.
fn lines_of(headers: &HeaderMap, names: impl Iterator<Item = HeaderName>) -> HeaderMap {
    let mut lines = HeaderMap::new();
    for name in names {
        for line in headers.get_all(&name) {
            lines.append(&name, line.clone());
        }
    }
    lines
}

/// Whether HTTP/2 is among the protocols offered: what is tunnelled then is more requests, which no
/// gateway sees (RFC 9113 section 3.1 took that upgrade back).
fn offers_http2(headers: &HeaderMap) -> bool {
    Elements::new(headers, header::UPGRADE, Quotes::Plain).any(|protocol| {
        let name = protocol.split(|byte| *byte == b'/').next().unwrap_or_default();
        matches!(trim(name).to_ascii_lowercase().as_slice(), b"h2" | b"h2c" | b"http")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    type Fields<'a> = &'a [(&'static str, &'static str)];

    fn map(fields: Fields<'_>) -> HeaderMap {
        let field = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let mut headers = HeaderMap::new();
        fields.iter().map(field).for_each(|(name, value)| _ = headers.append(name, value));
        headers
    }

    fn lines(headers: &HeaderMap) -> Vec<(&str, &str)> {
        headers.iter().map(|(name, line)| (name.as_str(), line.to_str().unwrap())).collect()
    }

    #[track_caller]
    fn passes(came: Fields<'_>, sent: Fields<'_>, left: Fields<'_>) {
        let came = CameIn::of_request(Version::HTTP_11, &map(came)).expect("it says something");
        let mut headers = map(sent);
        came.strip_nominated(&mut headers);
        came.strip_hop_by_hop(&mut headers);
        assert_eq!(lines(&headers), left);
        assert_eq!(came.passed_on(&headers), Signs::NONE, "what is left may be passed on");
    }

    #[test]
    fn what_is_of_this_hop_goes_and_the_rest_stays_in_its_order() {
        for fields in [
            &[("connection", "close")][..],
            &[("connection", "keep-alive"), ("keep-alive", "timeout=5")],
            &[("proxy-connection", "keep-alive")],
            &[("connection", "TE, X-Hop"), ("te", "gzip"), ("x-hop", "1"), ("x-hop", "2")],
            &[("upgrade", "websocket")],
            &[("connection", "keep-alive"), ("upgrade", "websocket")],
            &[("connection", "upgrade"), ("upgrade", "h2c"), ("http2-settings", "AAMAAABk")],
            &[("connection", "upgrade"), ("upgrade", "websocket, HTTP/2.0")],
            &[("connection", ""), ("te", "")],
        ] {
            let sent = [&[("host", "a")], fields, &[("accept", "*/*")]].concat();
            passes(&sent, &sent, &[("host", "a"), ("accept", "*/*")]);
        }
    }

    #[test]
    fn what_a_gateway_may_say_stays() {
        passes(&[("te", "trailers, gzip")], &[("te", "trailers, gzip")], &[("te", "trailers")]);
        passes(&[("te", "Trailers")], &[("te", "Trailers")], &[("te", "Trailers")]);
        let firefox = &[("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")];
        passes(firefox, firefox, &[("connection", "upgrade"), ("upgrade", "websocket")]);
        let chrome = &[("connection", "Upgrade"), ("upgrade", "websocket")];
        passes(chrome, chrome, chrome);
    }

    #[test]
    fn what_the_gateway_sets_itself_is_its_own() {
        let came = &[("connection", "via, x-real-ip"), ("via", "1.1 a"), ("x-hop", "1")];
        let sent =
            &[("connection", "close"), ("via", "1.1 a"), ("via", "1.1 us"), ("x-real-ip", "::1")];
        let left = &[("connection", "close"), ("via", "1.1 us"), ("x-real-ip", "::1")];
        passes(came, sent, left);
    }

    #[test]
    fn sensitive_fields_stay_whatever_is_said_of_them() {
        let fields = [("authorization", "x"), ("content-length", "1"), ("x-forwarded-for", "::1")];
        let option = ("connection", "Authorization, content-length, X-Forwarded-For");
        passes(&[&[option][..], &fields].concat(), &fields, &fields);
    }

    #[test]
    fn trailers_lose_what_is_nominated_once_that_is_asked_for() {
        let came = map(&[("connection", "x-sum, authorization")]);
        let came = CameIn::of_request(Version::HTTP_11, &came).unwrap();
        let mut trailers = map(&[("x-sum", "1"), ("authorization", "2"), ("x-other", "3")]);
        came.strip_trailers(&mut trailers);
        assert_eq!(trailers.len(), 3, "nobody asked for it");
        came.strips_trailers();
        came.strip_trailers(&mut trailers);
        assert_eq!(lines(&trailers), [("authorization", "2"), ("x-other", "3")]);
    }

    #[test]
    fn a_message_that_says_nothing_of_its_hop_is_not_remembered() {
        let headers = map(&[("host", "a"), ("content-length", "1")]);
        assert!(CameIn::of_request(Version::HTTP_11, &headers).is_none());
        assert!(CameIn::of_response(StatusCode::OK, &headers).is_none());
    }
}
