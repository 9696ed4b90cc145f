use std::net::IpAddr;
use std::time::Duration;

use http::HeaderMap;

use super::sent_at::{FIELD, parse};
use super::{Network, Unusable};

/// Whose stamps are read, and from how long on a request was long on its way.
///
/// ```
/// use std::time::Duration;
/// use tower_conn_lint::ConnLint;
/// use tower_conn_lint::arrival::BeforeArrival;
///
/// # fn build() -> Result<(), tower_conn_lint::arrival::NetworkError> {
/// let balancers = BeforeArrival::of_peers(["10.0.0.0/8".parse()?, "2001:db8::/32".parse()?]);
/// let lint = ConnLint::builder().before_arrival(balancers.slow(Duration::from_millis(200))).build();
/// # Ok(())
/// # }
/// # build().unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct BeforeArrival {
    peers: Vec<Network>,
    unix: bool,
    slow: Duration,
}

// === impl BeforeArrival ===

impl BeforeArrival {
    /// How far a clock may be ahead of ours: as much counts as no time.
    pub const TOLERANCE: Duration = Duration::from_millis(100);

    /// What is older was not sent then, or by a clock that is wrong.
    pub const OLDEST: Duration = Duration::from_secs(3600);

    /// Reads the stamps of peers in these networks: those that stamp requests, or pass stamps on and
    /// take out what callers made up. By the address of the connection's other end, and by no field.
    pub fn of_peers(peers: impl IntoIterator<Item = Network>) -> BeforeArrival {
        let peers = peers.into_iter().collect();
        BeforeArrival { peers, unix: false, slow: Duration::from_millis(500) }
    }

    /// Reads those of peers on Unix sockets, too. Default: not.
    #[must_use]
    pub fn and_unix_sockets(self) -> BeforeArrival {
        BeforeArrival { unix: true, ..self }
    }

    /// From how long on a request was long on its way, which is an event of its own. Default: 500 ms.
    #[must_use]
    pub fn slow(self, from: Duration) -> BeforeArrival {
        BeforeArrival { slow: from, ..self }
    }

    pub(crate) fn is_slow(&self, before: Duration) -> bool {
        before >= self.slow
    }

    /// How long before its arrival a request was sent; `None` where it has no stamp. Both times are
    /// since 1970.
    pub(crate) fn read(
        &self,
        headers: &HeaderMap,
        peer: Option<IpAddr>,
        is_unix: bool,
        arrived: Duration,
    ) -> Option<Result<Duration, Unusable>> {
        let mut values = headers.get_all(FIELD).iter();
        let value = values.next()?;
        let is_declared = match peer {
            Some(peer) => self.peers.iter().any(|network| network.contains(peer)),
            None => is_unix && self.unix,
        };
        Some(match (is_declared, values.next(), parse(value.as_bytes())) {
            (false, ..) => Err(Unusable::UndeclaredPeer),
            (true, None, Some(sent)) => before(sent, arrived),
            _ => Err(Unusable::Malformed),
        })
    }
}

fn before(sent: Duration, arrived: Duration) -> Result<Duration, Unusable> {
    match arrived.checked_sub(sent) {
        Some(before) if before > BeforeArrival::OLDEST => Err(Unusable::TooOld),
        Some(before) => Ok(before),
        None if sent - arrived <= BeforeArrival::TOLERANCE => Ok(Duration::ZERO),
        None => Err(Unusable::Future),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const NOW: Duration = Duration::from_secs(1_700_000_000);

    fn read(values: &[&str], peer: &str) -> Option<Result<Duration, Unusable>> {
        let peers = ["10.0.0.0/8", "::1"].map(|network| network.parse().expect("a network"));
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(FIELD, HeaderValue::from_str(value).expect("a value"));
        }
        let settings = BeforeArrival::of_peers(peers);
        settings.read(&headers, peer.parse().ok(), peer.is_empty(), NOW)
    }

    #[test]
    fn a_declared_peers_time_is_told_and_what_can_not_be_is_named() {
        use Unusable::{Future, Malformed, TooOld, UndeclaredPeer};

        let millis = |millis| Ok(Duration::from_millis(millis));
        for (value, expected) in [
            ("t=1699999997.000", millis(3_000)),
            ("1699999999999", millis(1)),
            ("t=1700000000", millis(0)),
            ("t=1700000000.1", millis(0)),
            ("t=1700000000.100001", Err(Future)),
            ("t=1700003600", Err(Future)),
            ("t=1699996400", millis(3_600_000)),
            ("t=1699996399.999", Err(TooOld)),
            ("t=0", Err(TooOld)),
            ("t=9999999999999999999", Err(Future)),
            ("yesterday", Err(Malformed)),
        ] {
            assert_eq!(read(&[value], "10.1.2.3"), Some(expected), "{value}");
            assert_eq!(read(&[value], "11.1.2.3"), Some(Err(UndeclaredPeer)), "{value}");
        }
        let value = "t=1700000000";
        assert_eq!(read(&[value], "::1"), Some(millis(0)));
        assert_eq!(read(&[value], "::ffff:10.0.0.1"), Some(millis(0)), "a socket of both versions");
        assert_eq!(read(&[value, value], "10.1.2.3"), Some(Err(Malformed)), "which of the two?");
        assert_eq!(read(&[], "10.1.2.3"), None, "nobody stamped it");
    }

    #[test]
    fn unix_sockets_are_declared_by_themselves() {
        let mut headers = HeaderMap::new();
        headers.insert(FIELD, HeaderValue::from_static("t=1699999999"));
        let anybody =
            BeforeArrival::of_peers(["0.0.0.0/0", "::/0"].map(|all| all.parse().unwrap()));
        let read = |settings: &BeforeArrival, is_unix| {
            settings.read(&headers, None, is_unix, NOW).expect("a stamp")
        };
        assert_eq!(read(&anybody, true), Err(Unusable::UndeclaredPeer));
        let with_unix = anybody.and_unix_sockets();
        assert_eq!(read(&with_unix, true), Ok(Duration::from_secs(1)));
        assert_eq!(read(&with_unix, false), Err(Unusable::UndeclaredPeer), "nobody knows whose");
    }
}
