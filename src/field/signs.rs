use std::fmt;

use http::{HeaderMap, HeaderName, Method, Version, header};

use super::misspelling::is_misspelled;
use super::nomination::Nomination;
use super::{ConnectionElement, ConnectionOption, connection_elements, keep_alive};

/// What one pass over a message head saw: a set of signs that lints are judged from.
///
/// A head without any of them is clean, and costs no more than the pass. The set is eight bytes
/// wide, and all that has to be remembered of a request until its response comes.
///
/// ```
/// use http::{HeaderMap, Method, Version, header};
/// use tower_conn_lint::field::Signs;
///
/// let mut headers = HeaderMap::new();
/// headers.insert(header::CONNECTION, "close, te".parse().unwrap());
///
/// let signs = Signs::of_request(&Method::GET, Version::HTTP_11, &headers);
/// assert!(signs.contains(Signs::CLOSE_OPTION));
/// assert!(!signs.contains(Signs::KEEP_ALIVE_OPTION));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Signs(u64);

macro_rules! signs {
    ($($(#[doc = $doc:literal])+ $name:ident = $bit:literal;)+) => {
        impl Signs {
            $($(#[doc = $doc])+ pub const $name: Signs = Signs(1 << $bit);)+

            const NAMES: &[(Signs, &str)] = &[$((Signs::$name, stringify!($name))),+];
        }
    };
}

signs! {
    /// A `Connection` field.
    CONNECTION = 0;
    /// The option `close`.
    CLOSE_OPTION = 1;
    /// The option `keep-alive`.
    KEEP_ALIVE_OPTION = 2;
    /// The option `upgrade`.
    UPGRADE_OPTION = 3;
    /// An element of `Connection` that is no token.
    MALFORMED_ELEMENT = 4;
    /// An element of `Connection` with a byte of 0x80 or above.
    OBS_TEXT_ELEMENT = 5;
    /// An element of `Connection` that is a known option, misspelled.
    MISSPELLED_OPTION = 6;
    /// More than one `Connection` line.
    SEVERAL_LINES = 7;

    /// A `Keep-Alive` field.
    KEEP_ALIVE_FIELD = 8;
    /// A `Keep-Alive` field with a parameter that can't be read.
    KEEP_ALIVE_MALFORMED = 9;
    /// A `Keep-Alive` field with a timeout of 0 or 1 s, or no request left.
    KEEP_ALIVE_UNUSABLE = 10;

    /// An option that names a field which is meant for all recipients.
    NOMINATES_END_TO_END = 11;
    /// An option that names a field of credentials, routing or framing.
    NOMINATES_SENSITIVE = 12;
    /// An option that names `Connection`.
    NOMINATES_ITSELF = 13;
    /// Ten options or more.
    MANY_OPTIONS = 14;

    /// A `Proxy-Connection` field.
    PROXY_CONNECTION_FIELD = 16;
    /// An `Upgrade` field.
    UPGRADE_FIELD = 17;
    /// A `Transfer-Encoding` field.
    TRANSFER_ENCODING_FIELD = 18;
    /// A `Content-Length` field.
    CONTENT_LENGTH_FIELD = 19;
    /// A `Content-Length` other than 0, or a `Transfer-Encoding`: content may follow the head.
    CONTENT = 20;
    /// An `HTTP2-Settings` field.
    HTTP2_SETTINGS_FIELD = 21;

    /// The wire speaks HTTP/1.0 or HTTP/0.9.
    HTTP10 = 32;
    /// The wire speaks HTTP/2 or HTTP/3, whose connections persist whatever a field says.
    MULTIPLEXED = 33;
    /// A `HEAD` request.
    HEAD = 34;
    /// A `CONNECT` request.
    CONNECT = 35;
    /// A response whose content nothing but the end of the connection ends.
    CLOSE_DELIMITED = 36;

    /// The user agent of a health check: kubelet, load balancers. Looked for where a request has
    /// few fields, as theirs have, or one of persistence that says more than `keep-alive`.
    PROBE = 40;

    /// A gateway of ours sees it ([`Role::Gateway`](crate::Role)).
    GATEWAY = 44;
    /// A gateway passes on a field that the message which came in nominated.
    NOMINATED_PASSED_ON = 45;
    /// A gateway passes on a field of the hop that the message came in by.
    HOP_BY_HOP_PASSED_ON = 46;
    /// A gateway keeps the connection of a caller that speaks HTTP/1.0.
    HTTP10_CALLER_KEPT = 47;
}

// === impl Signs ===

impl Signs {
    /// No sign at all.
    pub const NONE: Signs = Signs(0);

    /// A health check sends no more, with some that its user adds.
    const FEW_FIELDS: usize = 8;

    /// The signs that the fields `Connection` and `Keep-Alive` give.
    pub(crate) const OF_PERSISTENCE_FIELDS: Signs = Signs::CONNECTION
        .with(Signs::CLOSE_OPTION)
        .with(Signs::KEEP_ALIVE_OPTION)
        .with(Signs::UPGRADE_OPTION)
        .with(Signs::MALFORMED_ELEMENT)
        .with(Signs::OBS_TEXT_ELEMENT)
        .with(Signs::MISSPELLED_OPTION)
        .with(Signs::SEVERAL_LINES)
        .with(Signs::KEEP_ALIVE_FIELD)
        .with(Signs::KEEP_ALIVE_MALFORMED)
        .with(Signs::KEEP_ALIVE_UNUSABLE)
        .with(Signs::NOMINATES_END_TO_END)
        .with(Signs::NOMINATES_SENSITIVE)
        .with(Signs::NOMINATES_ITSELF)
        .with(Signs::MANY_OPTIONS);

    /// The signs that names of fields give by themselves.
    pub(crate) const OF_NAMES: Signs = Signs::CONNECTION
        .with(Signs::KEEP_ALIVE_FIELD)
        .with(Signs::PROXY_CONNECTION_FIELD)
        .with(Signs::UPGRADE_FIELD)
        .with(Signs::TRANSFER_ENCODING_FIELD)
        .with(Signs::CONTENT)
        .with(Signs::CONTENT_LENGTH_FIELD)
        .with(Signs::HTTP2_SETTINGS_FIELD);

    /// The signs that only a gateway's messages have.
    pub(crate) const OF_GATEWAY: Signs = Signs::GATEWAY
        .with(Signs::NOMINATED_PASSED_ON)
        .with(Signs::HOP_BY_HOP_PASSED_ON)
        .with(Signs::HTTP10_CALLER_KEPT);

    /// Reads the head of a request.
    #[inline]
    pub fn of_request(method: &Method, version: Version, headers: &HeaderMap) -> Signs {
        Signs::read(method, version, headers)
    }

    /// The same, where its caller's code is to have it.
    #[inline(always)]
    pub(crate) fn read(method: &Method, version: Version, headers: &HeaderMap) -> Signs {
        let mut signs = Signs::of_fields(headers);
        // What most are not costs a comparison.
        if version != Version::HTTP_11 {
            signs = signs.with(of_other_version(version));
        }
        if *method == Method::HEAD || *method == Method::CONNECT {
            signs = signs.with(of_method(method));
        }
        if signs.contains(Signs::CONTENT_LENGTH_FIELD) {
            signs = signs.with(content(headers));
        }
        // To look for a value costs half as much as all names. A check sends few fields, or says
        // something of its connection; that it is to be kept, nearly all say who say anything.
        let kept = Signs::CONNECTION.with(Signs::KEEP_ALIVE_OPTION);
        let telling = Signs::OF_PERSISTENCE_FIELDS.without(kept);
        if headers.len() <= Signs::FEW_FIELDS || signs.intersects(telling) {
            signs = signs.with(probe(signs, headers));
        }
        signs
    }

    /// Reads the head of a response; `version` is what the wire speaks, which for a response of
    /// ours is the request's version and not the one that the handler left in the response.
    ///
    /// [`Signs::CLOSE_DELIMITED`] is not read here: it takes the request's method and the status.
    pub fn of_response(version: Version, headers: &HeaderMap) -> Signs {
        let signs = Signs::of_answer(version, headers);
        match signs.contains(Signs::CONTENT_LENGTH_FIELD) {
            true => signs.with(content(headers)),
            false => signs,
        }
    }

    /// As [`Signs::of_response`], but without a look at a length: no lint asks for it.
    #[inline]
    pub(crate) fn of_answer(version: Version, headers: &HeaderMap) -> Signs {
        Signs::of_fields(headers).with(Signs::of_version(version))
    }

    /// Whether a head has `Connection` or `Keep-Alive`: half the work of reading all signs.
    #[inline]
    pub(crate) fn has_persistence_field(headers: &HeaderMap) -> bool {
        headers.keys().any(|name| *name == header::CONNECTION || *name == KEEP_ALIVE)
    }

    /// The sign of a protocol version; none for HTTP/1.1.
    #[inline]
    pub fn of_version(version: Version) -> Signs {
        match version {
            Version::HTTP_11 => Signs::NONE,
            Version::HTTP_09 | Version::HTTP_10 => Signs::HTTP10,
            _ => Signs::MULTIPLEXED,
        }
    }

    /// The version that the wire speaks; HTTP/2 stands for HTTP/3 too.
    pub const fn version(self) -> Version {
        if self.contains(Signs::HTTP10) {
            Version::HTTP_10
        } else if self.contains(Signs::MULTIPLEXED) {
            Version::HTTP_2
        } else {
            Version::HTTP_11
        }
    }

    /// Whether every sign of `other` is here.
    pub const fn contains(self, other: Signs) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any sign of `other` is here.
    pub const fn intersects(self, other: Signs) -> bool {
        self.0 & other.0 != 0
    }

    /// These signs and those of `other`.
    #[must_use]
    pub const fn with(self, other: Signs) -> Signs {
        Signs(self.0 | other.0)
    }

    /// These signs without those of `other`.
    #[must_use]
    pub const fn without(self, other: Signs) -> Signs {
        Signs(self.0 & !other.0)
    }

    /// The signs that are here and in `other`.
    #[must_use]
    pub const fn intersection(self, other: Signs) -> Signs {
        Signs(self.0 & other.0)
    }

    /// Whether the framing of this head is broken in a way that forbids reuse (RFC 9112
    /// section 6.1): `Transfer-Encoding` beside `Content-Length`, or in HTTP/1.0.
    pub const fn framing_is_broken(self) -> bool {
        self.contains(Signs::TRANSFER_ENCODING_FIELD)
            && self.intersects(Signs::CONTENT_LENGTH_FIELD.with(Signs::HTTP10))
    }

    /// What the fields are signs of, by their names, and by the values of those of persistence.
    #[inline(always)]
    fn of_fields(headers: &HeaderMap) -> Signs {
        Signs::of_names(headers).with_persistence(headers)
    }

    /// What the fields are signs of, by their names alone.
    #[inline(always)]
    pub(crate) fn of_names(headers: &HeaderMap) -> Signs {
        // One that the library knows is a number, and is compared as one.
        let mut signs = Signs::NONE;
        for name in headers.keys() {
            signs = signs.with(match () {
                () if *name == header::CONTENT_LENGTH => Signs::CONTENT_LENGTH_FIELD,
                () if *name == header::CONNECTION => Signs::CONNECTION,
                () if *name == header::UPGRADE => Signs::UPGRADE_FIELD,
                () if *name == header::TRANSFER_ENCODING => {
                    Signs::TRANSFER_ENCODING_FIELD.with(Signs::CONTENT)
                }
                () if *name == KEEP_ALIVE => Signs::KEEP_ALIVE_FIELD,
                () if *name == PROXY_CONNECTION => Signs::PROXY_CONNECTION_FIELD,
                () if *name == HTTP2_SETTINGS => Signs::HTTP2_SETTINGS_FIELD,
                () => continue,
            });
        }
        signs
    }

    /// What was seen by names, and by the values of the fields of persistence.
    #[inline(always)]
    pub(crate) fn with_persistence(self, headers: &HeaderMap) -> Signs {
        match self.intersects(Signs::CONNECTION.with(Signs::KEEP_ALIVE_FIELD)) {
            true => self.with(of_persistence(self, headers)),
            false => self,
        }
    }
}

impl fmt::Debug for Signs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(
                Signs::NAMES.iter().filter(|(sign, _)| self.contains(*sign)).map(|(_, name)| name),
            )
            .finish()
    }
}

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const HTTP2_SETTINGS: HeaderName = HeaderName::from_static("http2-settings");

#[inline(never)]
fn of_other_version(version: Version) -> Signs {
    Signs::of_version(version)
}

#[inline(never)]
fn of_method(method: &Method) -> Signs {
    if *method == Method::HEAD { Signs::HEAD } else { Signs::CONNECT }
}

#[inline(never)]
fn content(headers: &HeaderMap) -> Signs {
    let mut fields = headers.iter();
    let has_any = fields.any(|(name, length)| *name == header::CONTENT_LENGTH && length != "0");
    if has_any { Signs::CONTENT } else { Signs::NONE }
}

/// Nobody gets around a denial by the name of a check, which nominates nothing.
#[inline(never)]
fn probe(signs: Signs, headers: &HeaderMap) -> Signs {
    let is_check = !signs.contains(Signs::NOMINATES_SENSITIVE) && is_probe(headers);
    if is_check { Signs::PROBE } else { Signs::NONE }
}

/// Whether this is a health check that closes its connection on purpose, by the start of its user
/// agent.
fn is_probe(headers: &HeaderMap) -> bool {
    const PROBES: [&[u8]; 5] = [
        b"kube-probe/",
        b"ELB-HealthChecker/",
        b"GoogleHC/",
        b"Consul Health Check",
        b"Amazon-Route53-Health-Check-Service",
    ];
    let is_probe = |agent: &[u8]| {
        matches!(agent.first(), Some(b'k' | b'E' | b'G' | b'C' | b'A'))
            && PROBES.iter().any(|probe| agent.starts_with(probe))
    };
    let agent = headers.iter().find(|(name, _)| **name == header::USER_AGENT);
    agent.is_some_and(|(_, agent)| is_probe(agent.as_bytes()))
}

#[inline(never)]
fn of_persistence(seen: Signs, headers: &HeaderMap) -> Signs {
    let mut signs = Signs::NONE;
    if seen.contains(Signs::CONNECTION) {
        signs = of_lines(headers);
    }
    if seen.contains(Signs::KEEP_ALIVE_FIELD) {
        signs = signs.with(of_parameters(headers));
    }
    signs
}

fn of_lines(headers: &HeaderMap) -> Signs {
    let mut lines = headers.get_all(header::CONNECTION).iter();
    match (lines.next(), lines.next()) {
        // What browsers send with every request, and what those who close do.
        (Some(line), None) if line == "keep-alive" => Signs::KEEP_ALIVE_OPTION,
        (Some(line), None) if line == "close" => Signs::CLOSE_OPTION,
        (_, None) => of_elements(headers),
        _ => of_elements(headers).with(Signs::SEVERAL_LINES),
    }
}

#[cold]
fn of_elements(headers: &HeaderMap) -> Signs {
    const MANY: usize = 10;

    let mut signs = Signs::NONE;
    let is_option =
        |element: &ConnectionElement<'_>| matches!(element, ConnectionElement::Option(_));
    if connection_elements(headers).filter(is_option).nth(MANY - 1).is_some() {
        signs = Signs::MANY_OPTIONS;
    }
    for element in connection_elements(headers) {
        if is_misspelled(element.as_bytes(), headers) {
            signs = signs.with(Signs::MISSPELLED_OPTION);
        }
        signs = signs.with(match element {
            ConnectionElement::Option(option) if option.is_close() => Signs::CLOSE_OPTION,
            ConnectionElement::Option(option) if option.is_keep_alive() => Signs::KEEP_ALIVE_OPTION,
            ConnectionElement::Option(option) if option.is_upgrade() => Signs::UPGRADE_OPTION,
            ConnectionElement::Malformed(malformed) if malformed.has_obs_text() => {
                Signs::MALFORMED_ELEMENT.with(Signs::OBS_TEXT_ELEMENT)
            }
            ConnectionElement::Malformed(_) => Signs::MALFORMED_ELEMENT,
            ConnectionElement::Option(option) => of_nomination(option),
            ConnectionElement::Empty => Signs::NONE,
        });
    }
    signs
}

fn of_nomination(option: ConnectionOption<'_>) -> Signs {
    match Nomination::of(option) {
        Nomination::Fine => Signs::NONE,
        Nomination::EndToEnd => Signs::NOMINATES_END_TO_END,
        Nomination::Sensitive => Signs::NOMINATES_SENSITIVE,
        Nomination::Itself => Signs::NOMINATES_ITSELF,
    }
}

#[cold]
fn of_parameters(headers: &HeaderMap) -> Signs {
    let mut signs = Signs::NONE;
    let parameters = keep_alive(headers);
    if !parameters.is_well_formed() {
        signs = signs.with(Signs::KEEP_ALIVE_MALFORMED);
    }
    if parameters.timeout().is_some_and(|timeout| timeout.as_secs() <= 1)
        || parameters.max() == Some(0)
    {
        signs = signs.with(Signs::KEEP_ALIVE_UNUSABLE);
    }
    signs
}
