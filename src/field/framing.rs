//! Framing: where a message body ends, and whether the connection is usable after it.

use std::fmt;

use http::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use http::{Method, StatusCode, Version};

use super::list::{Elements, Quotes};
use super::token::{decimal, trim};

/// How the end of a message body is found (RFC 9112 section 6.3).
///
/// ```
/// use http::{HeaderMap, HeaderValue, Version, header::CONTENT_LENGTH};
/// use tower_conn_lint::field::{Framing, request_framing};
///
/// let headers = HeaderMap::from_iter([(CONTENT_LENGTH, HeaderValue::from_static("5, 5"))]);
///
/// let framing = request_framing(Version::HTTP_11, &headers);
/// assert_eq!(framing, Framing::Length(5));
/// assert!(framing.persists());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Framing {
    /// No body: a request that announces none, a response to HEAD, a 1xx but 101, a 204, a 304.
    None,
    /// A body of this many bytes.
    Length(u64),
    /// The last chunk ends the body.
    Chunked,
    /// The end of the connection ends the body; responses only.
    CloseDelimited,
    /// The connection is a tunnel from here on, or speaks another protocol: a 2xx to CONNECT, a 101.
    Tunnel,
    /// HTTP/2 or HTTP/3: the stream's end ends the body, and the connection goes on.
    Multiplexed,
    /// The fields contradict one another or cannot be read: nothing after this message can be trusted.
    Faulty(FramingFault),
}

/// Why the framing of a message is faulty; [`Display`](fmt::Display) gives it in words.
///
/// ```
/// use http::{HeaderMap, HeaderValue, Version, header::TRANSFER_ENCODING};
/// use tower_conn_lint::field::{Framing, FramingFault, request_framing};
///
/// let headers = HeaderMap::from_iter([(TRANSFER_ENCODING, HeaderValue::from_static("gzip"))]);
///
/// let fault = FramingFault::NotChunkedLast;
/// assert_eq!(request_framing(Version::HTTP_11, &headers), Framing::Faulty(fault));
/// assert_eq!(fault.to_string(), "chunked is not the last transfer coding of the request");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FramingFault {
    /// Both fields, as in request smuggling (RFC 9112 section 6.1).
    TransferEncodingWithContentLength,
    /// A transfer coding in HTTP/1.0 or older, which knows none (RFC 9112 section 6.1).
    TransferEncodingInHttp10,
    /// A request with transfer codings whose last is not `chunked`: it has no end.
    NotChunkedLast,
    /// Two valid lengths that differ.
    ConflictingLengths,
    /// A length that is not `1*DIGIT`, or above [`u64::MAX`].
    InvalidLength,
}

/// The framing of a request with this `version` and these `headers`.
///
/// `Content-Length` and `Transfer-Encoding` are read, over all their lines.
#[must_use]
pub fn request_framing(version: Version, headers: &HeaderMap) -> Framing {
    if version >= Version::HTTP_2 {
        return Framing::Multiplexed;
    }
    if headers.contains_key(TRANSFER_ENCODING) {
        return coded(version, headers, Framing::Faulty(FramingFault::NotChunkedLast));
    }
    measured(headers, Framing::None)
}

/// The framing of a response with this `status`, `version` and these `headers` to a request with
/// `request_method`.
///
/// Method and status decide before the fields do, but that HTTP/1.0 with a transfer coding is
/// faulty in every response that is no [`Tunnel`](Framing::Tunnel).
#[must_use]
pub fn response_framing(
    request_method: &Method,
    status: StatusCode,
    version: Version,
    headers: &HeaderMap,
) -> Framing {
    if version >= Version::HTTP_2 {
        return Framing::Multiplexed;
    }
    let connected = *request_method == Method::CONNECT && status.is_success();
    if connected || status == StatusCode::SWITCHING_PROTOCOLS {
        return Framing::Tunnel;
    }
    let coded_at_all = headers.contains_key(TRANSFER_ENCODING);
    if coded_at_all && version < Version::HTTP_11 {
        return Framing::Faulty(FramingFault::TransferEncodingInHttp10);
    }
    let bodiless = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if bodiless || status.is_informational() || *request_method == Method::HEAD {
        return Framing::None;
    }
    if coded_at_all {
        return coded(version, headers, Framing::CloseDelimited);
    }
    measured(headers, Framing::CloseDelimited)
}

// === impl Framing ===

impl Framing {
    /// Whether the connection is usable for another message once this one's body has ended.
    ///
    /// The other half of the answer is [`persistence`](super::persistence()).
    #[must_use]
    pub const fn persists(self) -> bool {
        match self {
            Self::None | Self::Length(_) | Self::Chunked | Self::Multiplexed => true,
            Self::CloseDelimited | Self::Tunnel | Self::Faulty(_) => false,
        }
    }
}

// === impl FramingFault ===

impl fmt::Display for FramingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::TransferEncodingWithContentLength => {
                "both Transfer-Encoding and Content-Length are present"
            }
            Self::TransferEncodingInHttp10 => "Transfer-Encoding is unknown to HTTP/1.0",
            Self::NotChunkedLast => "chunked is not the last transfer coding of the request",
            Self::ConflictingLengths => "the Content-Length values differ",
            Self::InvalidLength => "Content-Length is no number of at most 64 bits",
        })
    }
}

/// The framing of a message with `Transfer-Encoding`; `unchunked` if `chunked` is not its last coding.
fn coded(version: Version, headers: &HeaderMap, unchunked: Framing) -> Framing {
    if version < Version::HTTP_11 {
        return Framing::Faulty(FramingFault::TransferEncodingInHttp10);
    }
    if headers.contains_key(CONTENT_LENGTH) {
        return Framing::Faulty(FramingFault::TransferEncodingWithContentLength);
    }
    let last = Elements::new(headers, TRANSFER_ENCODING, Quotes::Paired)
        .filter(|element| !element.is_empty())
        .last();
    match last.and_then(|coding| coding.split(|&byte| byte == b';').next()) {
        Some(name) if trim(name).eq_ignore_ascii_case(b"chunked") => Framing::Chunked,
        _ => unchunked,
    }
}

/// The framing of a message without `Transfer-Encoding`; `unmeasured` if it has no `Content-Length` either.
fn measured(headers: &HeaderMap, unmeasured: Framing) -> Framing {
    if !headers.contains_key(CONTENT_LENGTH) {
        return unmeasured;
    }
    let mut first = None;
    let mut conflict = false;
    for line in headers.get_all(CONTENT_LENGTH) {
        // Not `Elements`: a blank line is a valid empty list there, but no valid length.
        for element in line.as_bytes().split(|&byte| byte == b',') {
            let Some(length) = decimal(trim(element)) else {
                return Framing::Faulty(FramingFault::InvalidLength);
            };
            conflict |= *first.get_or_insert(length) != length;
        }
    }
    match first {
        Some(length) if !conflict => Framing::Length(length),
        _ => Framing::Faulty(FramingFault::ConflictingLengths),
    }
}
