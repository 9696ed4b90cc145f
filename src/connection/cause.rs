use std::fmt;

/// Declares the causes once: the variant, its name in logs and metrics, and what it says.
macro_rules! causes {
    ($($variant:ident = $name:literal, $text:literal;)+) => {
        /// Why a connection ended: the earliest of what was seen that is enough to end it. What
        /// can't be told apart from here shares one cause.
        ///
        /// ```
        /// use tower_conn_lint::connection::EndCause;
        ///
        /// assert_eq!(EndCause::RequestClose.as_str(), "request-close");
        /// assert_eq!(EndCause::ALL[EndCause::RequestClose as usize], EndCause::RequestClose);
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum EndCause {
            $(#[doc = concat!("`", $name, "`: ", $text, ".")] $variant,)+
        }

        impl EndCause {
            /// Every cause.
            pub const ALL: &'static [EndCause] = &[$(EndCause::$variant),+];

            /// The name as in logs and metrics.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(EndCause::$variant => $name,)+
                }
            }

            /// What it says, in a few words.
            pub const fn text(self) -> &'static str {
                match self {
                    $(EndCause::$variant => $text,)+
                }
            }
        }
    };
}

causes! {
    RequestClose = "request-close", "the request said `close`";
    ResponseClose = "response-close", "the response said `close`";
    Http10 = "http10", "a message of HTTP/1.0 did not ask to keep the connection";
    CloseDelimited = "close-delimited", "the response had neither a length nor chunks, so that its end is the connection's";
    UnreadRequestBody = "unread-request-body", "the handler answered without reading the request's body";
    DroppedResponseBody = "dropped-response-body", "our code dropped the response's body before its end";
    DroppedRequest = "dropped-request", "our code gave the request up before its response came";
    HandlerFailed = "handler-failed", "the handler panicked or its service failed";
    HeaderTimeout = "header-timeout", "the server gave up waiting for the head of a request";
    BadRequest = "bad-request", "the server below answered by itself to what it could not read as a request";
    MaxRequests = "max-requests", "it had served the declared maximum of requests";
    MaxAge = "max-age", "it had reached the declared maximum of its age";
    Retired = "retired", "retired here before its upstream would end it";
    Drain = "drain", "the process drains or shuts down";
    GracefulClose = "graceful-close", "our code asked for the end of this connection, by its handle";
    GoAway = "goaway", "the peer asked for the end of this connection, by GOAWAY on HTTP/2";
    Upgrade = "upgrade", "the connection went on in another protocol, or as a tunnel";
    PeerClosedIdle = "peer-closed-idle", "the peer closed while no request was under way";
    PeerClosedActive = "peer-closed-active", "the peer closed while a request was under way";
    Reset = "reset", "the peer reset the connection";
    IoError = "io-error", "reading or writing failed";
    IdleTimeout = "idle-timeout", "the declared idle timeout passed, of the pool or of the server";
    ClosedIdleLocal = "closed-idle-local", "closed here while no request was under way: a pool's timeout, its full list or its end look alike, and a GOAWAY that is not seen";
    PoolFull = "pool-full", "the pool already held its declared number of idle connections";
    ClientDropped = "client-dropped", "the client and all its clones were dropped";
    NeverUsed = "never-used", "no request came on it";
    Unknown = "unknown", "nothing that was seen explains it";
}

impl EndCause {
    /// How many causes there are.
    pub const COUNT: usize = EndCause::ALL.len();

    /// Whether a message said it: the connection ends of it, whoever watches.
    pub(crate) const fn is_announced(self) -> bool {
        matches!(
            self,
            EndCause::RequestClose
                | EndCause::ResponseClose
                | EndCause::Http10
                | EndCause::CloseDelimited
                | EndCause::Upgrade
        )
    }

    /// Whether it ends a connection whatever passes on it until then.
    pub(crate) const fn outlasts_requests(self) -> bool {
        matches!(self, EndCause::Drain | EndCause::GracefulClose | EndCause::GoAway)
    }
}

impl fmt::Display for EndCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_found_by_its_number() {
        for (number, cause) in EndCause::ALL.iter().enumerate() {
            assert_eq!(*cause as usize, number, "{cause}");
        }
        const { assert!(EndCause::COUNT < 32, "a cause takes five bits of a course, and zero is none") };
    }
}
